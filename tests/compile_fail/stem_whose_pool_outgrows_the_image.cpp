// expect: hasse: nothing is left of the image
// expect: stem_layer<2>
// expect: map_of<4, 4, 16>
// expect: window<8, 2, 1>
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

using space = search_space<input<3, 4, 4>, stem<conv{.out = 16}, max_pool{.kernel = 8}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, head<global_average_pool, linear<10>>>;
static_assert(macs<space>("[(32)]"_arch) > 0);
