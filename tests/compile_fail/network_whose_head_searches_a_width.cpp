// expect: hasse: a fixed_network has one width everywhere, and its head has a searched<...>
#include <hasse/network/static_network.hpp>
using namespace hasse;

using net = fixed_network<input<3, 32, 32>, conv{.out = 16}, head<searched<conv{.kernel = 1}, widths<8, 16>>, global_average_pool, linear<10>>{}>;
constexpr auto cost_of_it = net::macs();
