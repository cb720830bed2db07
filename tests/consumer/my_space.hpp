#pragma once

#include <hasse/catalogue.hpp>

namespace mine {
using space = hasse::search_space<hasse::input<3, 32, 32>, hasse::stem<hasse::conv{.out = 32, .kernel = 3}>,
                                  hasse::stage<hasse::basic{.stride = 2}, hasse::widths<32, 64>, hasse::depth<1, 3>>,
                                  hasse::head<hasse::global_average_pool, hasse::linear<10>>>;
}

template <>
inline constexpr int hasse::catalogue_shards<mine::space> = 2;
