// expect: needs exactly one head<...>
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 32, .kernel = 3}>, stage<basic{.stride = 2}, widths<32>, depth<1, 2>>>;
constexpr int stages = space::stages;
