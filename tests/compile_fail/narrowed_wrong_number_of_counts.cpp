// expect: takes one channel count per channel group
#include <hasse/network/narrowed.hpp>
#include <hasse/network/published/resnet.hpp>
using namespace hasse;

static_assert(narrowed<resnet20, 8, 8, 8>::macs() > 0);
