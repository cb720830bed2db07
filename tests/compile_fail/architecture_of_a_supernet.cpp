// expect: hasse: an architecture is one of a search_space<...>
// expect: a network of a gated_space is gated_choice<space, candidates...>
// expect: gated_space<
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

using space = gated_space<input<3, 32, 32>, stem<conv{.out = 16}>, mixed_stage<choices<basic{}, zero{}>, stage_shape{.out = 16}>, head<global_average_pool, linear<10>>>;
static_assert(macs<space>("[(32)]"_arch) > 0);
