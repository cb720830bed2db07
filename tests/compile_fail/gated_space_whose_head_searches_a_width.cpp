// expect: hasse: a gated_space chooses blocks, not widths, and its head has a searched<...>
// expect: space_fault::gated_head
#include <hasse/space.hpp>
using namespace hasse;

using space = gated_space<input<3, 32, 32>, stem<conv{.out = 16}>, mixed_stage<choices<mbconv{}, zero{}>, stage_shape{.out = 24, .blocks = 2}>, head<searched<conv{.kernel = 1}, widths<8, 16>>, global_average_pool, linear<10>>>;
constexpr feature_shape image = space::image;
