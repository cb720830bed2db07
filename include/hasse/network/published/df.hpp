// The networks that Partial Order Pruning released, as types: DF1, DF2 and DF2A.
// Used by network/published.hpp and network/named.hpp.
#pragma once

#include <hasse/network/static_network.hpp>
#include <hasse/space/spaces.hpp>

namespace hasse {

/// Spec of Partial Order Pruning, 1.5: 746.729 M MACs.
using df1 = network<df, "[(64,64,64),(128,128,128),(256,256,256,512)]">;
/// 1774.334 M MACs.
using df2 = network<df, "[(64,64,128),(128,128,128,128,128,128,128,128,128,128,256),(256,256,256,256,512,512)]">;

namespace detail {
template <int Out, int Middle, int Stride = 1, projection Project = projection::when_shapes_differ>
inline constexpr bottleneck df_bottleneck{.out = Out, .stride = Stride, .middle = Middle, .project = Project, .norm = df_norm};
inline constexpr auto df_narrow = df_bottleneck<512, 128>;
inline constexpr auto df_middle = df_bottleneck<1024, 256>;
inline constexpr auto df_wide = df_bottleneck<1024, 512>;
}  // namespace detail

/// DF2 with bottlenecks in stages 4 and 5 (1.3): 1916.142 M MACs. Block res4.5 projects although its shapes match, as released.
using df2a =
    fixed_network<input<3, 224, 224>, conv{.out = 32, .stride = 2, .norm = df_norm}, conv{.out = 64, .stride = 2, .norm = df_norm},
                  basic{.out = 64, .stride = 2, .norm = df_norm}, basic{.out = 64, .norm = df_norm},
                  basic{.out = 128, .norm = df_norm}, detail::df_bottleneck<512, 128, 2>, detail::df_narrow, detail::df_narrow,
                  detail::df_narrow, detail::df_narrow, detail::df_narrow, detail::df_narrow, detail::df_narrow, detail::df_narrow,
                  detail::df_narrow, detail::df_middle, detail::df_bottleneck<1024, 256, 2, projection::always>, detail::df_middle,
                  detail::df_middle, detail::df_middle, detail::df_bottleneck<1024, 512, 1, projection::always>, detail::df_wide,
                  global_average_pool{}, linear<1000>{}>;

}  // namespace hasse
