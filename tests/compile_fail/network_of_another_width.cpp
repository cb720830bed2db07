// expect: hasse: a width of this literal is not one of its stage
// expect: of_stage<2>
// expect: given<96>
// expect: static_network.hpp
#include <hasse/network/static_network.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 32, .kernel = 3}>, stage<basic{.stride = 2}, widths<32, 64>, depth<1, 3>>,
                           stage<basic{.stride = 2}, widths<64, 128>, depth<1, 3>>, head<global_average_pool, linear<10>>>;
static_assert(network<space, "[(32),(96)]">::macs() > 0);
