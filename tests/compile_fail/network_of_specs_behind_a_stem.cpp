// expect: hasse: an input<C, H, W> is needed first
#include <hasse/network/static_network.hpp>
using namespace hasse;

using net = fixed_network<stem<conv{.out = 16}>, global_average_pool{}, linear<10>{}>;
static_assert(net::macs() == 0);
