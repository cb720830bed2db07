// The search over df, compiled once; CMake adds the catalogue of its blocks.
#include <hasse/program/boundary_search.hpp>
#include <hasse/space/spaces.hpp>

template void hasse::search_boundary<hasse::df>(const hasse::boundary_options&, const hasse::space_name&);
