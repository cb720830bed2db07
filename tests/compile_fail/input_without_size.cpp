// expect: hasse: input<C, H, W> needs three positive sizes
// expect gcc: int C = 3; int H = 0; int W = 0
// expect clang: check_input_size<3, 0, 0>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
