// MobileNet v1, v2 and v3-Large: specs that lower a whole network, so that one definition makes types and run-time lists.
// Used by network/published.hpp and network/named.hpp.
#pragma once

#include <string>

#include <hasse/network/static_network.hpp>
#include <hasse/space/mobile.hpp>

namespace hasse {

/// MobileNet v1 (Howard et al. 2017): 4 231 976 parameters at full width. Every channel count but those of image and classes is
/// multiplied by width / 1000 and made divisible by 8.
struct mobilenet_v1_spec {
  int width = 1000, classes = 1000;
  friend constexpr bool operator==(const mobilenet_v1_spec&, const mobilenet_v1_spec&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    struct row {
      int out, count, stride;
    };
    constexpr row rows[] = {{64, 1, 1}, {128, 2, 2}, {256, 2, 2}, {512, 6, 2}, {1024, 2, 2}};
    const auto wide = [this](int channels) { return make_divisible(std::int64_t{channels} * width, 1000); };
    value_id value = conv{.out = wide(32), .stride = 2, .act = activation::relu6}.lower(list, from);
    for (const row& each : rows)
      for (int i = 0; i < each.count; ++i)
        value = depthwise_separable{.out = wide(each.out), .stride = i == 0 ? each.stride : 1}.lower(list, value);
    return list.linear(list.global_average_pool(value), classes);
  }
  std::string text() const { return "mobilenet_v1 " + std::to_string(width); }
};

/// MobileNet v2 (Sandler et al. 2018), as torchvision has it: 3 504 872 parameters at full width. The last 1x1 layer keeps its 1280
/// channels below full width. `small_images` is the form for 32x32: no stride in the first layer and in the first stage that has
/// one.
struct mobilenet_v2_spec {
  int width = 1000, classes = 1000;
  bool small_images = false;
  friend constexpr bool operator==(const mobilenet_v2_spec&, const mobilenet_v2_spec&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    struct row {
      int expand, out, count, stride;
    };
    const row rows[] = {
        {1, 16, 1, 1}, {6, 24, 2, small_images ? 1 : 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2},
        {6, 320, 1, 1}};
    const auto wide = [](int channels, int permille) { return make_divisible(std::int64_t{channels} * permille, 1000); };
    value_id value = conv{.out = wide(32, width), .stride = small_images ? 1 : 2, .act = activation::relu6}.lower(list, from);
    for (const row& each : rows)
      for (int i = 0; i < each.count; ++i)
        value = mbconv{.out = wide(each.out, width), .stride = i == 0 ? each.stride : 1, .expand = each.expand}.lower(list, value);
    value = conv{.out = wide(1280, width > 1000 ? width : 1000), .kernel = 1, .act = activation::relu6}.lower(list, value);
    return list.linear(list.global_average_pool(value), classes);
  }
  std::string text() const { return "mobilenet_v2 " + std::to_string(width) + (small_images ? " for small images" : ""); }
};

/// MobileNet v3-Large (Howard et al. 2019), as torchvision has it: 5 483 032 parameters at full width.
struct mobilenet_v3_large_spec {
  int width = 1000, classes = 1000;
  friend constexpr bool operator==(const mobilenet_v3_large_spec&, const mobilenet_v3_large_spec&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    constexpr batch_norm_rule norm{.epsilon_millionths = 1000, .keep_percent = 99};
    constexpr activation relu = activation::relu, swish = activation::hard_swish;
    constexpr squeeze_excite plain{}, gated{.percent = 25, .rule = rounding::divisible, .gate = activation::hard_sigmoid};
    struct row {
      int kernel, middle, out;
      squeeze_excite se;
      activation act;
      int stride;
    };
    constexpr row rows[] = {{3, 16, 16, plain, relu, 1},    {3, 64, 24, plain, relu, 2},    {3, 72, 24, plain, relu, 1},
                            {5, 72, 40, gated, relu, 2},    {5, 120, 40, gated, relu, 1},   {5, 120, 40, gated, relu, 1},
                            {3, 240, 80, plain, swish, 2},  {3, 200, 80, plain, swish, 1},  {3, 184, 80, plain, swish, 1},
                            {3, 184, 80, plain, swish, 1},  {3, 480, 112, gated, swish, 1}, {3, 672, 112, gated, swish, 1},
                            {5, 672, 160, gated, swish, 2}, {5, 960, 160, gated, swish, 1}, {5, 960, 160, gated, swish, 1}};
    const auto wide = [this](int channels) { return make_divisible(std::int64_t{channels} * width, 1000); };
    value_id value = conv{.out = wide(16), .stride = 2, .act = swish, .norm = norm}.lower(list, from);
    for (const row& each : rows)
      value = mbconv{.out = wide(each.out),
                     .stride = each.stride,
                     .kernel = each.kernel,
                     .middle = wide(each.middle),
                     .act = each.act,
                     .se = each.se,
                     .norm = norm}
                  .lower(list, value);
    value = conv{.out = 6 * wide(160), .kernel = 1, .act = swish, .norm = norm}.lower(list, value);
    value = list.activate(list.linear(list.global_average_pool(value), wide(1280)), swish);
    return list.linear(value, classes);
  }
  std::string text() const { return "mobilenet_v3_large " + std::to_string(width); }
};

/// `mobilenet_v2<750>` has three quarters of the width.
template <int Permille = 1000>
using mobilenet_v1 = fixed_network<input<3, 224, 224>, mobilenet_v1_spec{.width = Permille}>;
template <int Permille = 1000>
using mobilenet_v2 = fixed_network<input<3, 224, 224>, mobilenet_v2_spec{.width = Permille}>;
using mobilenet_v3_large = fixed_network<input<3, 224, 224>, mobilenet_v3_large_spec{}>;
/// 2 236 682 parameters.
using mobilenet_v2_cifar = fixed_network<input<3, 32, 32>, mobilenet_v2_spec{.classes = 10, .small_images = true}>;

}  // namespace hasse
