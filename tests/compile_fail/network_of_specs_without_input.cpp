// expect gcc: expected a type, got 'hasse::conv{
// expect clang: template argument for template type parameter must be a type
// expect: fixed_network<conv{
// errors follow
#include <hasse/network/static_network.hpp>
using namespace hasse;

using net = fixed_network<conv{.out = 16}, global_average_pool{}, linear<10>{}>;
static_assert(net::macs() > 0);
