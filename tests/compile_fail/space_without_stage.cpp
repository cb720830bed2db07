// expect: hasse: a search_space needs at least one stage<...>, and this one has none
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, head<global_average_pool, linear<10>>>;
constexpr int stages = space::stages;
