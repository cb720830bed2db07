// expect: hasse: widths<...> needs one to sixteen widths
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{}, widths<>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
