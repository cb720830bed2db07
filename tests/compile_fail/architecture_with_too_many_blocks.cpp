// expect: hasse: this literal has too few or too many blocks: all stages together
// expect: given<4>
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, stage<basic{.stride = 2}, widths<16, 32>, depth<1, 2>>, stage<basic{.stride = 2}, widths<32>, depth<1, 3>>, head<global_average_pool, linear<10>>, total_depth<2, 3>>;
static_assert(macs<space>("[(16,16),(32,32)]"_arch) > 0);
