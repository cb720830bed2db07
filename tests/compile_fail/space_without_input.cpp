// expect: hasse: a space needs exactly one input<C, H, W>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
