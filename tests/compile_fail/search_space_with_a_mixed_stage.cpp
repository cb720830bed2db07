// expect: hasse: a search_space searches widths and depths with stage<...>
// expect: these make a gated_space
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, mixed_stage<choices<basic{}, zero{}>, stage_shape{.out = 16}>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
