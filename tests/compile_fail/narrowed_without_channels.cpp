// expect: hasse: every channel count of narrowed<net, counts...> is at least 1
#include <hasse/network/narrowed.hpp>
#include <hasse/network/published/resnet.hpp>
using namespace hasse;

constexpr auto macs = narrowed<resnet20, 8, 8, 8, 8, 16, 16, 16, 16, 32, 0, 32, 32>::macs();
