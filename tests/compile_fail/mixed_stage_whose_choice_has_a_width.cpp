// expect: hasse: one of these choices was given a width
// expect: leave .out of its choices alone
#include <hasse/space.hpp>
using namespace hasse;

using impossible = mixed_stage<choices<mbconv{.out = 24}, zero{}>, stage_shape{.out = 24}>;
constexpr auto specs = impossible::choices::specs;
