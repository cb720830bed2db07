// The bodies of supernet/proxyless_space.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include <hasse/supernet/proxyless_space.hpp>

namespace hasse {

namespace detail {

HASSE_BODY mbconv_space at_width(mbconv_space space, int width) {
  const auto scale = [](int& channels, int by) { channels = make_divisible(std::int64_t{channels} * by, 1000); };
  scale(space.stem, width), scale(space.first, width), scale(space.last, std::max(width, 1000));
  if (space.mix > 0) scale(space.mix, std::max(width, 1000));
  for (gated_stage& stage : space.stages) scale(stage.out, width);
  return space;
}

HASSE_BODY mbconv_space proxyless_space_of(const proxyless_table& table) {
  mbconv_space space{.stem = table.stem, .first = table.first, .last = table.last};
  for (int at = 0; at < 6; ++at)
    space.stages.push_back({.out = table.widths[at], .blocks = at < 5 ? 4 : 1, .stride = at == 3 || at == 5 ? 1 : 2});
  return space;
}

}  // namespace detail

HASSE_BODY mbconv_space proxyless_cifar() {
  mbconv_space space = proxyless_imagenet();
  space.input = {32, 32, 3}, space.stem_stride = 1, space.stages[0].stride = 1, space.classes = 10;
  return space;
}

HASSE_BODY mbconv_space proxyless_cifar_small() {
  return {.input = {32, 32, 3},
          .stem = 16,
          .stem_stride = 1,
          .first = 16,
          .stages = {{24, 3, 2}, {40, 3, 2}, {80, 3, 2}},
          .last = 320,
          .classes = 10};
}

HASSE_BODY mbconv_space proxyless_cifar_tiny() {
  return {.input = {32, 32, 3},
          .stem = 8,
          .stem_stride = 2,
          .first = 8,
          .stages = {{16, 2, 1}, {24, 2, 2}, {40, 2, 2}},
          .kernels = {3, 5},
          .last = 160,
          .classes = 10};
}

HASSE_BODY mbconv_space ofa_mobilenet_v3() {
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

HASSE_BODY std::string proxyless_choice(proxyless_target target) {
  std::string text;
  for (int at = 0; at < 21; ++at) {
    const detail::proxyless_block block = detail::table_of(target).blocks[at];
    text += at == 0 ? "" : at % 4 == 0 ? " | " : " ";
    text += block.kernel == 0 ? "zero" : candidate_text(mbconv{.kernel = block.kernel, .expand = block.expand});
  }
  return text;
}

HASSE_BODY mbconv_space proxyless_space(std::string_view name, const proxyless_form& form) {
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
