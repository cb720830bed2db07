// The bodies of supernet/mobiledet_space.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/quoted.hpp>
#include <hasse/supernet/mobiledet_space.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::vector<int> scaled_filters(int base, int width, const std::vector<int>& multipliers) {
  std::vector<int> made;
  for (const int each : multipliers) made.push_back(round_to_8(std::int64_t{base} * width * each, 1'000'000));
  std::sort(made.begin(), made.end());
  made.erase(std::unique(made.begin(), made.end()), made.end());
  return made;
}

HASSE_BODY masked_layer with_stride(masked_layer layer, int stride) {
  layer.stride = stride, layer.residual = false;
  std::erase_if(layer.options, [](const masked_option& each) { return each.operation == masked_operation::skip; });
  return layer;
}

HASSE_BODY masked_block masked_block_of(std::string name, std::vector<int> filters, const masked_layer& layer, int layers, int stride) {
  masked_block made{.name = std::move(name), .filters = std::move(filters), .layers = {with_stride(layer, stride)}};
  for (int i = 1; i < layers; ++i) made.layers.push_back(layer);
  return made;
}

}  // namespace detail

HASSE_BODY mobiledet_form mobiledet_micro(mobiledet_target target, mobiledet_operations operations, feature_shape input) {
  return {.target = target,
          .operations = operations,
          .input = input,
          .multipliers = {500, 750, 1000, 1500},
          .filters = {16, 8, 16, 24, 48, 64, 96, 128},
          .layers = {1, 2, 2, 2, 2, 2, 1}};
}

HASSE_BODY mobiledet_form mobiledet_form_named(std::string_view name, feature_shape input, int width) {
  const std::size_t colon = name.find(':');
  const std::string_view whole = name.substr(0, colon), operations = colon == name.npos ? std::string_view() : name.substr(colon + 1);
  const bool micro = whole.starts_with("det-micro-");
  const std::string_view device = whole.substr(std::min(whole.size(), std::string_view(micro ? "det-micro-" : "mobiledet-").size()));
  constexpr std::string_view devices[] = {"cpu", "edgetpu", "dsp", "gpu"}, choices[] = {"ibn", "ibn+fused", "ibn+fused+tucker"};
  const auto target = std::find(std::begin(devices), std::end(devices), device);
  const auto chosen = std::find(std::begin(choices), std::end(choices), operations);
  if ((!micro && !whole.starts_with("mobiledet-")) || target == std::end(devices) || (colon != name.npos && chosen == std::end(choices)))
    throw error("there is no space of detectors " + detail::in_quotes(name, 60) +
                "; give one of mobiledet-cpu, mobiledet-edgetpu, mobiledet-dsp, mobiledet-gpu, or det-micro-cpu and its likes, and behind a colon, "
                "if need be, what layers choose from: ibn, ibn+fused or ibn+fused+tucker, as in det-micro-cpu:ibn+fused");
  const auto of = static_cast<mobiledet_target>(target - std::begin(devices));
  const mobiledet_operations from = colon != name.npos                  ? static_cast<mobiledet_operations>(chosen - std::begin(choices))
                                    : of == mobiledet_target::pixel_cpu ? mobiledet_operations::inverted
                                                                        : mobiledet_operations::and_tucker;
  mobiledet_form form{.target = of, .operations = from, .input = input};
  if (micro) form = mobiledet_micro(of, from, input);
  form.width = width;
  return form;
}

HASSE_BODY masked_design tunas_space(tunas_kind kind, feature_shape input, int classes, int width) {
  const bool v3 = kind == tunas_kind::mobilenet_v3_like;
  const std::vector<int> multipliers = kind == tunas_kind::proxyless ? std::vector<int>{1000} : std::vector<int>{500, 625, 750, 1000, 1250, 1500, 2000};
  const auto widths = [&](int base) { return detail::scaled_filters(base, width, multipliers); };
  masked_layer separable{.options = {{masked_operation::inverted, {3, 5, 7}, {1}}, {masked_operation::skip}}, .residual = true, .act = activation::relu};
  masked_layer layer = separable;
  layer.options.front().widths = v3 ? std::vector<int>{1, 2, 3, 4, 5, 6} : std::vector<int>{3, 6};
  masked_design made{.input = input, .blocks = {}, .head = classifying(classes)};
  if (!v3) {
    const bool enlarged = kind == tunas_kind::proxyless_enlarged;
    const int bases[] = {enlarged ? 16 : 32, 16, enlarged ? 16 : 32, enlarged ? 32 : 40, enlarged ? 64 : 80, enlarged ? 128 : 96,
                         enlarged ? 256 : 192, enlarged ? 512 : 320, enlarged ? 1024 : 1280};
    made.blocks.push_back({.name = "stem", .filters = widths(bases[0]), .layers = {detail::dense_layer({3}, 2, activation::relu)}});
    made.blocks.push_back(detail::masked_block_of("block 1", widths(bases[1]), separable, 1, 1));
    for (int at = 2; at < 8; ++at)
      made.blocks.push_back(detail::masked_block_of("block " + std::to_string(at), widths(bases[at]), layer, at == 7 ? 1 : 4, at == 5 || at == 7 ? 1 : 2));
    made.blocks.push_back({.name = "last", .filters = widths(bases[8]), .layers = {detail::dense_layer({1}, 1, activation::relu)}});
    return made;
  }
  layer.se = {.percent = 25, .rule = rounding::divisible};
  layer.squeeze = squeeze_choice::searched;
  const int bases[] = {16, 16, 32, 64, 128, 256, 512, 1024};
  made.blocks.push_back({.name = "stem", .filters = widths(bases[0]), .layers = {detail::dense_layer({3, 5}, 2, activation::hard_swish), separable}});
  for (int at = 1; at < 6; ++at) {
    layer.act = at < 3 ? activation::relu : activation::hard_swish;
    made.blocks.push_back(detail::masked_block_of("block " + std::to_string(at), widths(bases[at]), layer, 4, at == 4 ? 1 : 2));
  }
  made.blocks.push_back({.name = "last", .filters = widths(bases[6]), .layers = {detail::dense_layer({1}, 1, activation::hard_swish)}, .pooled = true});
  made.blocks.push_back({.name = "mix", .filters = widths(bases[7]), .layers = {detail::dense_layer({1}, 1, activation::hard_swish)}});
  made.blocks.back().layers.front().normalised = false;
  return made;
}

}  // namespace hasse
