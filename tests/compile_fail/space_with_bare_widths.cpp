// expect: hasse: a space is made of parts, and one of its arguments is none
// expect: space_fault::no_part
// expect: hasse::widths<16, 32>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, widths<16, 32>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
