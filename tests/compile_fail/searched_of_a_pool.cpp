// expect: hasse: this spec has no member out
// expect: hasse::average_pool
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<searched<average_pool{}, widths<8, 16>>, linear<10>>>;
constexpr int stages = space::stages;
