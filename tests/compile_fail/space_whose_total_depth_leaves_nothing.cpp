// expect: hasse: total_depth<...> leaves no architecture
// expect: blocks_between<8, 2>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>, total_depth<8, 9>>;
constexpr int stages = space::stages;
