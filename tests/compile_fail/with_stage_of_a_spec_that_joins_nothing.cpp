// expect: hasse: with_stage<...> needs a spec that joins two values
// expect: global_average_pool
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<fixed_layer<conv{.out = 8}>, with_stage<1, global_average_pool>>>;
constexpr int stages = space::stages;
