// expect: hasse: the head reads earlier stages only, so nobody reads the last one
// expect: from_stage<2>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<from_stage<1>, global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
