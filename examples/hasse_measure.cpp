// hasse_measure: the latency tables of the spaces that ship, on any device. A space of your own takes their place in ten lines.
#include <hasse/catalogue/shard.hpp>
#include <hasse/program/measure.hpp>
#include <hasse/space/spaces.hpp>

int main(int argc, char** argv) {
  using namespace hasse;
  return measure_space<df_small, df>(argc, argv, {"df-small", "df"});
}
