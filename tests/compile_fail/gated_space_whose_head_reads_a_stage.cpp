// expect: hasse: the head of a gated_space reads what its last part gives
// expect: space_fault::gated_head
#include <hasse/space.hpp>
using namespace hasse;

using space = gated_space<input<3, 32, 32>, stem<conv{.out = 16}>, mixed_stage<choices<mbconv{}, zero{}>, stage_shape{.out = 24, .blocks = 2}>, head<from_stage<1>, global_average_pool, linear<10>>>;
constexpr feature_shape image = space::image;
