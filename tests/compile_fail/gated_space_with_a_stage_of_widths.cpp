// expect: hasse: a gated_space chooses blocks with mixed_stage<...>
// expect: these make a search_space
#include <hasse/space.hpp>
using namespace hasse;

using impossible = gated_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{}, widths<16>, depth<1, 2>>,
                               mixed_stage<choices<basic{}, zero{}>, stage_shape{.out = 16}>, head<global_average_pool, linear<10>>>;
constexpr auto image = impossible::image;
