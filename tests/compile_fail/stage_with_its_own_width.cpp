// expect: leave .out of its spec at 0 and list widths<...>
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

using impossible = stage<basic{.out = 64, .stride = 2}, widths<32>, depth<1, 2>>;
constexpr auto spec = impossible::spec;
