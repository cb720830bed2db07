// expect: hasse: narrowed<net, counts...> takes one channel count per channel group
// expect: integer_sequence<int, 8, 8, 8>
#include <hasse/network/narrowed.hpp>
#include <hasse/network/published/resnet.hpp>
using namespace hasse;

constexpr auto macs = narrowed<resnet20, 8, 8, 8>::macs();
