// expect: hasse: a stage needs depth<least, most> behind its widths
// expect: hasse::total_depth<1, 2>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{}, widths<16>, total_depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
