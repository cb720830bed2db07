// expect: hasse: a width of this literal is not one of its stage
// expect: of_stage<2>
// expect: given<96>
// expect: widths<64, 128>
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 32, .kernel = 3}>, stage<basic{.stride = 2}, widths<32, 64>, depth<1, 3>>,
                           stage<basic{.stride = 2}, widths<64, 128>, depth<1, 3>>, head<global_average_pool, linear<10>>>;
static_assert(macs<space>("[(32),(96)]"_arch) > 0);
