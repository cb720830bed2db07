// Residual networks as types: ResNet-18, -34 and -50 as torchvision has them, and the forms for 32x32 images.
// Used by network/published.hpp and network/named.hpp.
#pragma once

#include <hasse/network/static_network.hpp>
#include <hasse/space/spec.hpp>

namespace hasse {

namespace detail {
inline constexpr conv resnet_stem{.out = 64, .kernel = 7, .stride = 2};
inline constexpr hasse::max_pool resnet_pool{.kernel = 3, .stride = 2, .pad = 1};
}  // namespace detail

/// He et al. 2016, as torchvision has it: 11 689 512 parameters.
using resnet18 = fixed_network<input<3, 224, 224>, detail::resnet_stem, detail::resnet_pool, basic{.out = 64}, basic{.out = 64},
                               basic{.out = 128, .stride = 2}, basic{.out = 128}, basic{.out = 256, .stride = 2}, basic{.out = 256},
                               basic{.out = 512, .stride = 2}, basic{.out = 512}, global_average_pool{}, linear<1000>{}>;

/// 21 797 672 parameters.
using resnet34 = fixed_network<input<3, 224, 224>, detail::resnet_stem, detail::resnet_pool, basic{.out = 64}, basic{.out = 64},
                               basic{.out = 64}, basic{.out = 128, .stride = 2}, basic{.out = 128}, basic{.out = 128},
                               basic{.out = 128}, basic{.out = 256, .stride = 2}, basic{.out = 256}, basic{.out = 256},
                               basic{.out = 256}, basic{.out = 256}, basic{.out = 256}, basic{.out = 512, .stride = 2},
                               basic{.out = 512}, basic{.out = 512}, global_average_pool{}, linear<1000>{}>;

/// The stride is on the 3x3 convolution, as in torchvision: 25 557 032 parameters.
using resnet50 =
    fixed_network<input<3, 224, 224>, detail::resnet_stem, detail::resnet_pool, bottleneck{.out = 256}, bottleneck{.out = 256},
                  bottleneck{.out = 256}, bottleneck{.out = 512, .stride = 2}, bottleneck{.out = 512}, bottleneck{.out = 512},
                  bottleneck{.out = 512}, bottleneck{.out = 1024, .stride = 2}, bottleneck{.out = 1024}, bottleneck{.out = 1024},
                  bottleneck{.out = 1024}, bottleneck{.out = 1024}, bottleneck{.out = 1024}, bottleneck{.out = 2048, .stride = 2},
                  bottleneck{.out = 2048}, bottleneck{.out = 2048}, global_average_pool{}, linear<1000>{}>;

/// The 20 layers of He et al. for CIFAR-10 (n = 3), with projections where shapes change: 272 474 parameters.
using resnet20 = fixed_network<input<3, 32, 32>, conv{.out = 16}, basic{.out = 16}, basic{.out = 16}, basic{.out = 16},
                               basic{.out = 32, .stride = 2}, basic{.out = 32}, basic{.out = 32}, basic{.out = 64, .stride = 2},
                               basic{.out = 64}, basic{.out = 64}, global_average_pool{}, linear<10>{}>;

/// ResNet-18 for 32x32 images: a 3x3 convolution of stride 1 in front and no pool behind it. 11 173 962 parameters.
using resnet18_cifar =
    fixed_network<input<3, 32, 32>, conv{.out = 64}, basic{.out = 64}, basic{.out = 64}, basic{.out = 128, .stride = 2},
                  basic{.out = 128}, basic{.out = 256, .stride = 2}, basic{.out = 256}, basic{.out = 512, .stride = 2},
                  basic{.out = 512}, global_average_pool{}, linear<10>{}>;

}  // namespace hasse
