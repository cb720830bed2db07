// expect: hasse: a space needs exactly one head<...>
// expect: for images of ten classes write
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>>;
constexpr int stages = space::stages;
