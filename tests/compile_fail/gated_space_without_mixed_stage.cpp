// expect: hasse: a gated_space needs at least one mixed_stage<...>, and this one has none
#include <hasse/space.hpp>
using namespace hasse;

using impossible = gated_space<input<3, 32, 32>, stem<conv{.out = 16}>, head<global_average_pool, linear<10>>>;
constexpr auto image = impossible::image;
