// expect: hasse: searched<...> needs the widths that its spec may have
// expect: searched_fault::no_widths
#include <hasse/space.hpp>
using namespace hasse;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<searched<conv{.kernel = 1}>, linear<10>>>;
constexpr int stages = space::stages;
