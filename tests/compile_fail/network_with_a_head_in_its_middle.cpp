// expect: hasse: a head stands last in a fixed_network
#include <hasse/network/static_network.hpp>
using namespace hasse;

using net = fixed_network<input<3, 32, 32>, conv{.out = 16}, head<global_average_pool, linear<10>>{}, conv{.out = 16}>;
constexpr auto cost_of_it = net::macs();
