// expect: hasse: widths<...> must be positive
// expect gcc: Width = {0, 32}
// expect clang: check_widths<0, 32>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{}, widths<0, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
