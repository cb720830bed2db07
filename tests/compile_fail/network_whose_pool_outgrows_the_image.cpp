// expect: hasse: nothing is left of the image
// expect: network_part<2>
// expect: map_of<4, 4, 16>
// expect: window<8, 2, 1>
#include <hasse/network/static_network.hpp>
using namespace hasse;

using net = fixed_network<input<3, 4, 4>, conv{.out = 16}, max_pool{.kernel = 8}, linear<10>{}>;
static_assert(net::macs() == 0);
