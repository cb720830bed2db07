// expect: hasse: a width of the head in this literal cannot be
// expect: of_head_at_stage<1>
// expect: given<12>
// expect: widths<8, 16>
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<searched<conv{.kernel = 1}, widths<8, 16>>, linear<10>>>;
constexpr auto choice = parse<space>("[(16)]+(12)"_arch);
