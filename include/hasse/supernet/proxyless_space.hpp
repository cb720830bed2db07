// The spaces of ProxylessNAS's supernet by name: for ImageNet at any width, its forms for images of 32x32, those in which the four
// published networks lie, and the one that phones were measured for. (The paper's own CIFAR-10 space, trees of operations inside a
// PyramidNet, is another one.) Used by programs (--space NAME) and by tests against the published counts.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/quoted.hpp>
#include <hasse/network/published/proxyless.hpp>
#include <hasse/space/rounding.hpp>
#include <hasse/supernet/mbconv_space.hpp>

namespace hasse {

/// In what form a space is wanted; what is left at 0 is as it ships.
struct proxyless_form {
  feature_shape input{};  ///< height, width, channels
  int width = 0;          ///< of all layers, in thousandths; channels are made divisible by 8
  int first_stage = 0;    ///< channels of the first stage at full width: 24, or 32 as in the published phone network
  int classes = 0;
};

namespace detail {
/// Channels times width / 1000; the 1x1 layers behind the stages do not shrink below full width.
inline mbconv_space at_width(mbconv_space space, int width) {
  const auto scale = [](int& channels, int by) { channels = make_divisible(std::int64_t{channels} * by, 1000); };
  scale(space.stem, width), scale(space.first, width), scale(space.last, std::max(width, 1000));
  if (space.mix > 0) scale(space.mix, std::max(width, 1000));
  for (gated_stage& stage : space.stages) scale(stage.out, width);
  return space;
}

inline mbconv_space proxyless_space_of(const proxyless_table& table) {
  mbconv_space space{.stem = table.stem, .first = table.first, .last = table.last};
  for (int at = 0; at < 6; ++at)
    space.stages.push_back({.out = table.widths[at], .blocks = at < 5 ? 4 : 1, .stride = at == 3 || at == 5 ? 1 : 2});
  return space;
}

inline const proxyless_table& table_of(proxyless_target target) {
  switch (target) {
    case proxyless_target::mobile_14:
      return proxyless_mobile_14_table;
    case proxyless_target::gpu:
      return proxyless_gpu_table;
    case proxyless_target::xeon:
      return proxyless_cpu_table;
    default:
      return proxyless_mobile_table;
  }
}
}  // namespace detail

/// Spec of ProxylessNAS, 1.2: 21 mixed blocks, 6^6 7^15 networks.
inline mbconv_space proxyless_imagenet() {
  return {.stages = {{24, 4, 2}, {40, 4, 2}, {80, 4, 2}, {96, 4, 1}, {192, 4, 2}, {320, 1, 1}}};
}

/// The same blocks on 32x32: no stride in the stem and in the first stage, so that the stages work at 32, 16, 8, 8, 4 and 4 pixels.
inline mbconv_space proxyless_cifar() {
  mbconv_space space = proxyless_imagenet();
  space.input = {32, 32, 3}, space.stem_stride = 1, space.stages[0].stride = 1, space.classes = 10;
  return space;
}

/// For a search on a processor: nine mixed blocks at 16, 8 and 4 pixels; 6^3 7^6 networks of 3.6 to 21.8 M MACs.
inline mbconv_space proxyless_cifar_small() {
  return {.input = {32, 32, 3},
          .stem = 16,
          .stem_stride = 1,
          .first = 16,
          .stages = {{24, 3, 2}, {40, 3, 2}, {80, 3, 2}},
          .last = 320,
          .classes = 10};
}

/// For trials of minutes: six mixed blocks at 16, 8 and 4 pixels, kernels 3 and 5; 4^3 5^3 networks of 0.9 to 4.3 M MACs.
inline mbconv_space proxyless_cifar_tiny() {
  return {.input = {32, 32, 3},
          .stem = 8,
          .stem_stride = 2,
          .first = 8,
          .stages = {{16, 2, 1}, {24, 2, 2}, {40, 2, 2}},
          .kernels = {3, 5},
          .last = 160,
          .classes = 10};
}

/// The space of Once-for-All's MobileNetV3, for which tables of phones are published (latency/foreign_table.hpp): squeeze-excite in
/// the second, fourth and fifth stage, hard-swish from the third on. Its candidates have weights of their own here.
inline mbconv_space ofa_mobilenet_v3() {
  const squeeze_excite gated{.percent = 25, .gate = activation::hard_sigmoid};
  constexpr activation relu = activation::relu, swish = activation::hard_swish;
  return {.stem = 24,
          .first = 24,
          .act = swish,
          .first_act = relu,
          .stages = {{32, 4, 2, relu, {}},
                     {48, 4, 2, relu, gated},
                     {96, 4, 2, swish, {}},
                     {136, 4, 1, swish, gated},
                     {192, 4, 2, swish, gated}},
          .expansions = {3, 4, 6},
          .last = 1152,
          .mix = 1536,
          .norm = {}};
}

/// The space with the widths of a published network, which is one of its choices: proxyless_choice(target).
inline mbconv_space proxyless_space_of(proxyless_target target) { return detail::proxyless_space_of(detail::table_of(target)); }

/// The choice that a published network is, in the text form of gated_list: "k5e3 k3e3 zero zero | k7e3 ...".
inline std::string proxyless_choice(proxyless_target target) {
  std::string text;
  for (int at = 0; at < 21; ++at) {
    const detail::proxyless_block block = detail::table_of(target).blocks[at];
    text += at == 0 ? "" : at % 4 == 0 ? " | " : " ";
    text += block.kernel == 0 ? "zero" : candidate_text(mbconv{.kernel = block.kernel, .expand = block.expand});
  }
  return text;
}

namespace detail {
struct named_space {
  std::string_view name;
  mbconv_space (*make)();
};
inline constexpr named_space proxyless_spaces[] = {
    {"proxyless", proxyless_imagenet},
    {"proxyless-cifar", proxyless_cifar},
    {"proxyless-cifar-small", proxyless_cifar_small},
    {"proxyless-cifar-tiny", proxyless_cifar_tiny},
    {"ofa-mobilenet-v3", ofa_mobilenet_v3},
    {"proxyless_mobile", [] { return proxyless_space_of(proxyless_target::mobile); }},
    {"proxyless_mobile_14", [] { return proxyless_space_of(proxyless_target::mobile_14); }},
    {"proxyless_gpu", [] { return proxyless_space_of(proxyless_target::gpu); }},
    {"proxyless_cpu", [] { return proxyless_space_of(proxyless_target::xeon); }},
};
}  // namespace detail

/// The names that proxyless_space knows: the five spaces, then those of the published networks.
inline constexpr auto proxyless_space_names = [] {
  std::array<std::string_view, std::size(detail::proxyless_spaces)> names{};
  for (std::size_t at = 0; at < names.size(); ++at) names[at] = detail::proxyless_spaces[at].name;
  return names;
}();

/// A space by name: `gated_list_of(proxyless_space("proxyless", {.width = 1400}))`. Throws `error` for what cannot be.
inline mbconv_space proxyless_space(std::string_view name, const proxyless_form& form = {}) {
  for (const detail::named_space& each : detail::proxyless_spaces) {
    if (each.name != name) continue;
    if (form.width != 0 && (form.width < 50 || form.width > 8000))
      throw error(std::string(name) + " was asked for with " + std::to_string(form.width) +
                  " thousandths of its width; give 50 to 8000");
    mbconv_space space = each.make();
    if (form.input != feature_shape{}) space.input = form.input;
    if (form.first_stage != 0) space.stages.front().out = form.first_stage;
    if (form.classes != 0) space.classes = form.classes;
    detail::check(space);
    return form.width == 0 ? space : detail::at_width(space, form.width);
  }
  std::string known;
  for (const std::string_view each : proxyless_space_names) known += (known.empty() ? "" : ", ") + std::string(each);
  throw error("there is no space " + detail::in_quotes(name) + " of gated blocks; give one of " + known);
}

}  // namespace hasse
