// expect: hasse: nothing is left of the image
// expect: body_part<1>
// expect: map_of<4, 4, 16>
// expect: window<8, 2, 1>
#include <hasse/space.hpp>
using namespace hasse;

using impossible = gated_space<input<3, 4, 4>, stem<conv{.out = 16}>, fixed_layer<max_pool{.kernel = 8}>,
                               mixed_stage<choices<basic{}, zero{}>, stage_shape{.out = 16}>, head<global_average_pool, linear<10>>>;
constexpr auto features = impossible::features;
