// expect: hasse: the head reads a stage that this space has not
// expect: from_stage<3>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, from_stage<3>, tap<"c3">>>;
constexpr int stages = space::stages;
