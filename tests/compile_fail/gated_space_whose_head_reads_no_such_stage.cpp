// expect: hasse: the head reads a stage that this space has not
// expect: from_stage<2>
#include <hasse/space.hpp>
using namespace hasse;

using space = gated_space<input<3, 32, 32>, stem<conv{.out = 16}>, mixed_stage<choices<mbconv{}, zero{}>, stage_shape{.out = 24, .blocks = 2}>, fixed_layer<conv{.out = 32}>, head<global_average_pool, linear<10>, tap<"classes">, from_stage<2>, global_average_pool, linear<10>>>;
constexpr feature_shape image = space::image;
