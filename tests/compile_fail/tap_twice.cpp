// expect: hasse: two outputs of this network have one name or are one value
#include <hasse/network/static_network.hpp>
using namespace hasse;

static_assert(fixed_network<input<3, 8, 8>, conv{.out = 8}, tap<"c2">{}, tap<"c3">{}, conv{.out = 8}, tap<"c4">{}>::macs() > 0);
