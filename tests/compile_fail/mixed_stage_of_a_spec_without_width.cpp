// expect: hasse: this spec has no member out
// expect: hasse::max_pool
// expect: check_blocks
#include <hasse/space.hpp>
using namespace hasse;

using impossible = mixed_stage<choices<mbconv{.kernel = 5}, max_pool{}>, stage_shape{.out = 24}>;
constexpr auto specs = impossible::choices::specs;
