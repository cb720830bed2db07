// expect: hasse: a layer would write no channels
// expect: stage_at_width<1, 2>
// expect: a bottleneck four times its middle
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<bottleneck{}, widths<2, 16>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
