// expect: hasse: a layer has a kernel, stride or number of groups below 1
// expect: stem_layer<1>
// expect: window<3, 0, 1>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16, .stride = 0}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
