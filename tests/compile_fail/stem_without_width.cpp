// expect: hasse: a layer would write no channels
// expect: stem_layer<1>
// expect: map_of<32, 32, 3>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.kernel = 5}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
