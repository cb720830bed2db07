// expect: reads a layer that is the same at every width of its stage
// expect: from_stage<2>
#include <hasse/space.hpp>
using namespace hasse;

using one = searched<conv{.kernel = 1}, widths<8, 16>>;
using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<fixed_layer<conv{.out = 8}>, one, linear<10>>>;
constexpr int stages = space::stages;
