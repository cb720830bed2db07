// expect: hasse: nothing is left of the image
// expect: head_layer<1>
// expect: map_of<16, 16, 16>
// expect: window<20, 2, 1>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<fixed_layer<average_pool{.kernel = 20}>, linear<10>>>;
constexpr int stages = space::stages;
