// expect: hasse: a spec is needed here and something else was given
// expect: spec_fault::no_struct
// expect: int
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, int>>;
constexpr int stages = space::stages;
