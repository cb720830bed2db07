// expect: hasse: depth<Least, Most> needs 1 <= Least <= Most <= 64
// expect gcc: int Least = 3; int Most = 1
// expect clang: check_depth<3, 1>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{}, widths<16>, depth<3, 1>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
