// expect: hasse: an output of this network has no name that files could use
#include <hasse/network/static_network.hpp>
using namespace hasse;

static_assert(fixed_network<input<3, 8, 8>, conv{.out = 8}, tap<"">{}, conv{.out = 8}, tap<"c4">{}>::macs() > 0);
