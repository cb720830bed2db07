// ProxylessNAS's supernet for ImageNet as a type: 21 layers that choose among six inverted bottlenecks and zero.
// Used by programs that hold a network of it, and as an example of how such a space is written; supernet/proxyless_space.hpp has the
// same at run time, at any width.
#pragma once

#include <hasse/space/gated_space.hpp>

namespace hasse {

inline constexpr batch_norm_rule proxyless_norm{.epsilon_millionths = 1000};

using proxyless_choices =
    choices<mbconv{.kernel = 3, .expand = 3, .norm = proxyless_norm}, mbconv{.kernel = 3, .expand = 6, .norm = proxyless_norm},
            mbconv{.kernel = 5, .expand = 3, .norm = proxyless_norm}, mbconv{.kernel = 5, .expand = 6, .norm = proxyless_norm},
            mbconv{.kernel = 7, .expand = 3, .norm = proxyless_norm}, mbconv{.kernel = 7, .expand = 6, .norm = proxyless_norm},
            zero{}>;

/// With the widths of the stem, of the block behind it, of the six stages and of the last 1x1 layer.
template <int Stem, int First, int Stage1, int Stage2, int Stage3, int Stage4, int Stage5, int Stage6, int Last>
using proxyless_supernet =
    gated_space<input<3, 224, 224>,
                stem<conv{.out = Stem, .stride = 2, .act = activation::relu6, .norm = proxyless_norm},
                     mbconv{.out = First, .expand = 1, .norm = proxyless_norm}>,
                mixed_stage<proxyless_choices, stage_shape{.out = Stage1, .blocks = 4, .stride = 2}>,
                mixed_stage<proxyless_choices, stage_shape{.out = Stage2, .blocks = 4, .stride = 2}>,
                mixed_stage<proxyless_choices, stage_shape{.out = Stage3, .blocks = 4, .stride = 2}>,
                mixed_stage<proxyless_choices, stage_shape{.out = Stage4, .blocks = 4}>,
                mixed_stage<proxyless_choices, stage_shape{.out = Stage5, .blocks = 4, .stride = 2}>,
                mixed_stage<proxyless_choices, stage_shape{.out = Stage6}>,
                fixed_layer<conv{.out = Last, .kernel = 1, .act = activation::relu6, .norm = proxyless_norm}>,
                head<global_average_pool, linear<1000>>>;

/// As searched: 6^6 7^15 networks.
using proxyless_imagenet_space = proxyless_supernet<32, 16, 24, 40, 80, 96, 192, 320, 1280>;

}  // namespace hasse
