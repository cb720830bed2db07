// expect: hasse: choices<...> lists the same block twice
#include <hasse/space.hpp>
using namespace hasse;

using impossible = mixed_stage<choices<mbconv{.kernel = 5}, zero{}, mbconv{.kernel = 5}>, stage_shape{.out = 24}>;
constexpr auto specs = impossible::choices::specs;
