// hasse_boundary: the speed/accuracy boundary of this machine, over the spaces that ship.
#include <hasse/catalogue/shard.hpp>
#include <hasse/program/boundary.hpp>
#include <hasse/space/spaces.hpp>

int main(int argc, char** argv) {
  using namespace hasse;
  return boundary<df_small, df>(argc, argv, {{{"df-small", "hasse::df_small"}, {"df", "hasse::df"}}});
}
