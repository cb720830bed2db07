// expect: hasse: one of these choices was given a stride
// expect: leave .stride of its choices alone
#include <hasse/space.hpp>
using namespace hasse;

using impossible = mixed_stage<choices<mbconv{.stride = 2}, zero{}>, stage_shape{.out = 24}>;
constexpr auto specs = impossible::choices::specs;
