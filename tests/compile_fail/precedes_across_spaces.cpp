// expect: hasse: precedes compares architectures of one space, and these are of two
// expect: check_one_space
#include <hasse/space.hpp>
using namespace hasse;

template <int Width>
using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, Width>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr bool below = precedes(architecture<space<32>>{}, architecture<space<64>>{});
