// expect: hasse: a stage's stride must be at least 1
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 0}, widths<16>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
