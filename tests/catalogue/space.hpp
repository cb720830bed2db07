// A small space whose catalogue is compiled in two shards.
#pragma once

#include <hasse/catalogue.hpp>
#include <hasse/space.hpp>

namespace hasse::testing {
using sharded_space =
    search_space<input<3, 32, 32>, stem<conv{.out = 32, .kernel = 3}>, stage<basic{.stride = 2}, widths<32, 64, 128>, depth<1, 3>>,
                 stage<bottleneck{.stride = 2}, widths<32, 64, 128, 256>, depth<1, 3>>, head<global_average_pool, linear<10>>>;
}  // namespace hasse::testing

template <>
inline constexpr int hasse::catalogue_shards<hasse::testing::sharded_space> = 2;
