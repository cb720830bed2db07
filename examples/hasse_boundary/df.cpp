// The search over df, compiled once.
#include <hasse/catalogue/shard.hpp>
#include <hasse/program/boundary.hpp>
#include <hasse/space/spaces.hpp>

template void hasse::search_boundary<hasse::df>(const hasse::boundary_options&, const std::string&);
