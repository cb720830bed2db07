// MnasNet-A1 and EfficientNet-B0: searched networks of inverted bottlenecks, with squeeze-excite by the width of the input.
// Used by network/published.hpp and network/named.hpp.
#pragma once

#include <span>
#include <string>

#include <hasse/network/static_network.hpp>
#include <hasse/space/mobile.hpp>

namespace hasse {

namespace detail {
struct mbconv_stage {
  int expand, kernel, stride, out, count, gated_percent;
};

/// Stem of 32 channels, the stages, 1x1 to 1280 channels, pool, classifier.
template <class List>
constexpr value_id lower_mbconv_stages(layer_builder<List> list, value_id from, std::span<const mbconv_stage> stages,
                                       activation act, int classes) {
  value_id value = conv{.out = 32, .stride = 2, .act = act}.lower(list, from);
  for (const mbconv_stage& stage : stages)
    for (int i = 0; i < stage.count; ++i)
      value =
          mbconv{
              .out = stage.out,
              .stride = i == 0 ? stage.stride : 1,
              .kernel = stage.kernel,
              .expand = stage.expand,
              .act = act,
              .se = {.percent = stage.gated_percent, .base = squeeze_excite::share::of_input, .rule = rounding::down, .inner = act}}
              .lower(list, value);
  value = conv{.out = 1280, .kernel = 1, .act = act}.lower(list, value);
  return list.linear(list.global_average_pool(value), classes);
}
}  // namespace detail

/// MnasNet-A1 (Tan et al. 2019), as timm has it (semnasnet_100): 3 887 038 parameters.
struct mnasnet_a1_spec {
  int classes = 1000;
  friend constexpr bool operator==(const mnasnet_a1_spec&, const mnasnet_a1_spec&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    constexpr detail::mbconv_stage stages[] = {{1, 3, 1, 16, 1, 0}, {6, 3, 2, 24, 2, 0},   {3, 5, 2, 40, 3, 25},
                                               {6, 3, 2, 80, 4, 0}, {6, 3, 1, 112, 2, 25}, {6, 5, 2, 160, 3, 25},
                                               {6, 3, 1, 320, 1, 0}};
    return detail::lower_mbconv_stages(list, from, stages, activation::relu, classes);
  }
  std::string text() const { return "mnasnet_a1"; }
};

/// EfficientNet-B0 (Tan and Le 2019), as torchvision has it: 5 288 548 parameters.
struct efficientnet_b0_spec {
  int classes = 1000;
  friend constexpr bool operator==(const efficientnet_b0_spec&, const efficientnet_b0_spec&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    constexpr detail::mbconv_stage stages[] = {{1, 3, 1, 16, 1, 25}, {6, 3, 2, 24, 2, 25},  {6, 5, 2, 40, 2, 25},
                                               {6, 3, 2, 80, 3, 25}, {6, 5, 1, 112, 3, 25}, {6, 5, 2, 192, 4, 25},
                                               {6, 3, 1, 320, 1, 25}};
    return detail::lower_mbconv_stages(list, from, stages, activation::swish, classes);
  }
  std::string text() const { return "efficientnet_b0"; }
};

using mnasnet_a1 = fixed_network<input<3, 224, 224>, mnasnet_a1_spec{}>;
using efficientnet_b0 = fixed_network<input<3, 224, 224>, efficientnet_b0_spec{}>;

}  // namespace hasse
