// expect: a stage's stride must be at least 1
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

using impossible = stage<basic{.stride = 0}, widths<32>, depth<1, 2>>;
constexpr auto spec = impossible::spec;
