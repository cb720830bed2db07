// expect: hasse: choices<...> needs at least one block besides zero
#include <hasse/space.hpp>
using namespace hasse;

using impossible = mixed_stage<choices<zero{}>, stage_shape{.out = 24}>;
constexpr auto specs = impossible::choices::specs;
