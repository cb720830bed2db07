// expect: hasse: this spec was given a width
// expect: hasse::conv
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<searched<conv{.out = 8, .kernel = 1}, widths<8, 16>>, linear<10>>>;
constexpr int stages = space::stages;
