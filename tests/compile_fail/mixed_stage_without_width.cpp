// expect: hasse: a mixed_stage needs the width of its blocks
#include <hasse/space.hpp>
using namespace hasse;

using impossible = mixed_stage<choices<mbconv{.kernel = 5}>, stage_shape{.blocks = 4}>;
constexpr auto shape = impossible::shape;
