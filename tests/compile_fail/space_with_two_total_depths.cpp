// expect: hasse: a search_space takes at most one total_depth<...>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>, total_depth<1, 2>, total_depth<1, 3>>;
constexpr int stages = space::stages;
