// expect: hasse: a stage needs the widths and the depth that its blocks may have, and has neither
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{}>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
