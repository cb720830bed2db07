// expect: hasse: a stage needs the depth that it may have, and has widths only
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{}, widths<16>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
