// expect: hasse: an architecture is one of a search_space<...>
// expect: hasse::basic
#include <hasse/space.hpp>
using namespace hasse;
using namespace hasse::literals;

static_assert(macs<basic>("[(32)]"_arch) > 0);
