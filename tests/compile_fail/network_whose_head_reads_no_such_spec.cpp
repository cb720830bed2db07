// expect: hasse: the head reads a stage that this space has not
// expect: from_stage<4>
#include <hasse/network/static_network.hpp>
using namespace hasse;

using net = fixed_network<input<3, 32, 32>, conv{.out = 16}, conv{.out = 16, .stride = 2}, head<from_stage<4>, global_average_pool, linear<10>>{}>;
constexpr auto cost_of_it = net::macs();
