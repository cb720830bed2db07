// expect: is followed by no spec that reads the stage
// expect: from_stage<1>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>, from_stage<1>>>;
constexpr int stages = space::stages;
