// expect: map_of<16, 16, 32>
// expect: map_of<16, 16, 48>
// expect: hasse: a block of this chain does not read what the one before it writes
#include <hasse/block.hpp>
using namespace hasse;

using first = block<basic{.out = 32, .stride = 2}, feature_shape{32, 32, 16}>;
using second = block<basic{.out = 64}, feature_shape{16, 16, 48}>;
static_assert(chain<first, second>::layers.size() > 0);
