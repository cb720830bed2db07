// expect: hasse: nobody reads a value of this network
#include <hasse/network/static_network.hpp>
using namespace hasse;

static_assert(fixed_network<input<3, 8, 8>, conv{.out = 8}, tap<"c2">{}, conv{.out = 8}>::macs() > 0);
