// expect: hasse: a space is made of parts, and one of its arguments is none
// expect: space_fault::no_part
// expect: hasse::basic
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

using space = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, basic, head<global_average_pool, linear<10>>>;
static_assert(macs<space>("[(32)]"_arch) > 0);
