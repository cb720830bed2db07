// The spaces that ship, by name: `df` of the Partial Order Pruning paper and its small form for 32x32 images.
// Used by the programs (--space NAME) and as examples of how a space is written.
#pragma once

#include <hasse/space/search_space.hpp>

namespace hasse {

/// Batch norm as in the released DF networks: epsilon 1e-4.
inline constexpr batch_norm_rule df_norm{.epsilon_millionths = 100, .keep_percent = 90};

template <class Depth>
using df_stage = stage<basic{.stride = 2, .norm = df_norm}, widths<64, 128, 256, 512, 1024>, Depth>;

/// The paper's space (3.1): two stride-2 convolutions, three stages of basic blocks, at most twenty blocks; 6 378 129 architectures.
using df = search_space<input<3, 224, 224>,
                        stem<conv{.out = 32, .stride = 2, .norm = df_norm}, conv{.out = 64, .stride = 2, .norm = df_norm}>,
                        df_stage<depth<1, 18>>, df_stage<depth<1, 18>>, df_stage<depth<1, 18>>,
                        head<global_average_pool, linear<1000>>, total_depth<3, 20>>;

template <class Widths>
using df_small_stage = stage<basic{.stride = 2, .norm = df_norm}, Widths, depth<1, 3>>;

/// The same idea for 32x32 images of ten classes: one convolution at full size, three stages at 16, 8 and 4 pixels.
using df_small = search_space<input<3, 32, 32>, stem<conv{.out = 16, .norm = df_norm}>,
                              df_small_stage<widths<16, 32, 64>>, df_small_stage<widths<16, 32, 64, 128>>, df_small_stage<widths<32, 64, 128, 256>>,
                              head<global_average_pool, linear<10>>>;

}  // namespace hasse
