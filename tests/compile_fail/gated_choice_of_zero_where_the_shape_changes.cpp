// expect: hasse: a candidate of gated_choice<space, candidates...> is not one of its block's
// expect: integer_sequence<int, 2, 0>
#include <hasse/network/gated_choice.hpp>
using namespace hasse;

using space = gated_space<input<3, 32, 32>, stem<conv{.out = 16}>,
                          mixed_stage<choices<basic{}, mbconv{}, zero{}>, stage_shape{.out = 24, .blocks = 2, .stride = 2}>,
                          head<global_average_pool, linear<10>>>;
constexpr auto macs = gated_choice<space, 2, 0>::macs();
