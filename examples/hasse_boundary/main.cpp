// hasse_boundary: the speed/accuracy boundary of this machine, over the spaces that ship. Each space is compiled in its own file.
#include <hasse/program/boundary_command_line.hpp>
#include <hasse/space/spaces.hpp>

extern template void hasse::search_boundary<hasse::df_small>(const hasse::boundary_options&, const hasse::space_name&);
extern template void hasse::search_boundary<hasse::df>(const hasse::boundary_options&, const hasse::space_name&);

int main(int argc, char** argv) {
  using namespace hasse;
  return boundary<df_small, df>(argc, argv, {{{"df-small", "hasse::df_small"}, {"df", "hasse::df"}}});
}
