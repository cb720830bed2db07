// The search over df_small, compiled once; CMake adds the catalogue of its blocks.
#include <hasse/program/boundary_search.hpp>
#include <hasse/space/spaces.hpp>

template void hasse::search_boundary<hasse::df_small>(const hasse::boundary_options&, const hasse::space_name&);
