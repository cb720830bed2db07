// The bodies of result/layers_json.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <utility>

#include <hasse/core/error.hpp>
#include <hasse/file/json.hpp>
#include <hasse/network/check.hpp>
#include <hasse/result/layers_json.hpp>
#include <hasse/space/cost.hpp>

namespace hasse {

namespace detail {
inline json shape_json(feature_shape shape) { return {shape.c, shape.h, shape.w}; }

HASSE_BODY json layer_json(const layer& item) {
  json row{{"kind", name_of(item.kind)}, {"reads", json::array({item.input})}, {"output", shape_json(item.out)}};
  if (item.other != no_value) row["reads"].push_back(item.other);
  if (kind_facts_of(item.kind).has_window)
    row["kernel"] = item.kernel, row["stride"] = item.stride,
    row["pads"] = {item.pad_top, item.pad_left, item.pad_bottom(), item.pad_right()};
  if (item.kind == layer_kind::depth_to_space || item.kind == layer_kind::upsample) row["stride"] = item.stride;
  if (item.kind == layer_kind::convolution) row["groups"] = item.groups;
  if (item.kind == layer_kind::convolution || item.kind == layer_kind::linear) row["bias"] = item.bias;
  if (item.kind == layer_kind::batch_norm)
    row["epsilon_millionths"] = item.norm.epsilon_millionths, row["keep_percent"] = item.norm.keep_percent;
  if (item.kind == layer_kind::activation) row["activation"] = name_of(item.act);
  return row;
}

inline constexpr const char* layers_remedy = "export the network again";

inline feature_shape shape_from(const json& object, const char* key, const std::string& path, const std::string& place) {
  const json& sides = require_array(object, key, path, place, 3);
  std::array<int, 3> read{};
  for (std::size_t i = 0; i < sides.size(); ++i)
    if (const auto side = json_as<int>(sides[i])) read[i] = *side;
  const feature_shape shape{.h = read[1], .w = read[2], .c = read[0]};
  if (!has_extent(shape)) throw file_error(path, place + " has an impossible shape", layers_remedy);
  return shape;
}

/// What is wrong with the numbers of a layer by itself, or "". Its place in the list is judged by check().
inline std::string number_fault_of(const layer& item) {
  constexpr int most = 1 << 20;
  const feature_shape in = item.in, out = item.out;
  const auto within = [](int value, int least, int largest) { return value >= least && value <= largest; };
  if (!within(item.kernel, 1, 1024) || !within(item.stride, 1, most) || !within(item.groups, 1, most) || !within(item.pad_top, 0, most) ||
      !within(item.pad_left, 0, most) || !within(item.norm.epsilon_millionths, 0, 1'000'000) || !within(item.norm.keep_percent, 0, 100))
    return "has a number that no layer can have";
  bool fits = true;
  switch (item.kind) {
    case layer_kind::convolution:
      fits = item.pad_bottom() >= 0 && item.pad_right() >= 0 && in.c % item.groups == 0 && out.c % item.groups == 0;
      break;
    case layer_kind::max_pool:
    case layer_kind::average_pool: fits = item.pad_bottom() >= 0 && item.pad_right() >= 0 && out.c == in.c; break;
    case layer_kind::batch_norm:
    case layer_kind::activation:
    case layer_kind::add:
    case layer_kind::scale: fits = out == in; break;
    case layer_kind::global_average_pool: fits = out == feature_shape{1, 1, in.c}; break;
    case layer_kind::linear: fits = out == feature_shape{1, 1, out.c}; break;
    case layer_kind::resize:
    case layer_kind::corner_resize:
    case layer_kind::adaptive_average_pool: fits = out.c == in.c; break;
    case layer_kind::upsample: fits = item.stride <= 1024 && out == feature_shape{in.h * item.stride, in.w * item.stride, in.c}; break;
    case layer_kind::concat: fits = out.h == in.h && out.w == in.w && out.c > in.c; break;
    case layer_kind::pad_channels: fits = out.h == in.h && out.w == in.w && out.c >= in.c; break;
    case layer_kind::depth_to_space: {
      const int side = item.stride;
      fits = side <= 1024 && in.c % (side * side) == 0 && out == feature_shape{in.h * side, in.w * side, in.c / side / side};
      break;
    }
  }
  if (!fits) return "cannot make its output of its input";
  return parameters_of(item) >= (std::int64_t{1} << 31) ? "has more than 2^31 weights" : "";
}

inline layer layer_from(const json& row, const layer_list& before, const std::string& path) {
  const std::string place = "layer " + std::to_string(before.size());
  const auto refuse = [&](const std::string& problem) { return file_error(path, place + " " + problem, layers_remedy); };
  const auto kind = require<std::string>(row, "kind", path, place);
  layer item;
  const auto facts = std::find_if(std::begin(layer_kinds), std::end(layer_kinds), [&](const layer_kind_facts& each) { return each.name == kind; });
  if (facts == std::end(layer_kinds)) throw refuse("is of the unknown kind " + in_quotes(kind));
  item.kind = facts->kind;
  allow_only(row, {"kind", "reads", "output", "kernel", "stride", "pads", "groups", "bias", "epsilon_millionths", "keep_percent", "activation"}, path, place);
  const json& reads = require_array(row, "reads", path, place, 2);
  for (std::size_t i = 0; i < reads.size(); ++i) {
    const auto value = json_as<int>(reads[i]);
    if (!value || *value < 0 || *value > static_cast<int>(before.size())) throw refuse("reads a value that is not computed before it");
    (i == 0 ? item.input : item.other) = *value;
  }
  if (reads.empty()) throw refuse("reads nothing");
  item.in = before.shape_of(item.input);
  item.out = shape_from(row, "output", path, place);
  item.kernel = maybe<int>(row, "kernel", path, place).value_or(1), item.stride = maybe<int>(row, "stride", path, place).value_or(1);
  item.groups = maybe<int>(row, "groups", path, place).value_or(1), item.bias = maybe<bool>(row, "bias", path, place).value_or(false);
  const batch_norm_rule usual;
  item.norm = {maybe<int>(row, "epsilon_millionths", path, place).value_or(usual.epsilon_millionths),
               maybe<int>(row, "keep_percent", path, place).value_or(usual.keep_percent)};
  if (const auto name = maybe<std::string>(row, "activation", path, place)) {
    int act = 1;
    while (act <= static_cast<int>(activation::swish) && name_of(static_cast<activation>(act)) != *name) ++act;
    if (act > static_cast<int>(activation::swish)) throw refuse("has the unknown activation " + in_quotes(*name));
    item.act = static_cast<activation>(act);
  }
  std::array<int, 4> pads{};
  if (row.contains("pads")) {
    const json& list = require_array(row, "pads", path, place, 4);
    for (std::size_t i = 0; i < list.size(); ++i) pads[i] = json_as<int>(list[i]).value_or(-1);
  }
  item.pad_top = pads[0], item.pad_left = pads[1];
  if (const std::string fault = number_fault_of(item); !fault.empty()) throw refuse(fault);
  if (kind_facts_of(item.kind).has_window && (item.pad_bottom() != pads[2] || item.pad_right() != pads[3])) throw refuse("has pads that do not give its output");
  if (layer_json(item) != row) throw refuse("has numbers that a " + kind + " does not use");
  return item;
}
}  // namespace detail

HASSE_BODY json layers_json(const layer_list& layers) {
  json rows = json::array();
  for (const layer& item : layers) rows.push_back(detail::layer_json(item));
  json content{{"input", detail::shape_json(layers.input)}, {"layers", std::move(rows)}};
  for (const auto& [name, value] : layers.outputs) content["outputs"].push_back({{"name", name}, {"value", value}});
  return content;
}

HASSE_BODY layer_list parse_layers(std::string_view text, const std::string& path) {
  const json content = parse_json(text, path, {.bytes = std::uintmax_t{16} << 20, .depth = 4});
  layer_list layers{.input = detail::shape_from(content, "input", path, "the network"), .items = {}};
  allow_only(content, {"input", "layers", "outputs"}, path, "the network");
  for (const json& row : require_array(content, "layers", path, "the network", 20'000)) layers.append(detail::layer_from(row, layers, path));
  if (content.contains("outputs")) {
    const json& outputs = require_array(content, "outputs", path, "the network", 1'000);
    if (outputs.empty()) throw file_error(path, "has a list of outputs without one", detail::layers_remedy);
    for (const json& row : outputs) {
      const std::string place = "output " + std::to_string(layers.outputs.size());
      allow_only(row, {"name", "value"}, path, place);
      layers.append_output(require<std::string>(row, "name", path, place), require<int>(row, "value", path, place));
    }
  }
  try {
    check(layers);
  } catch (const error& fault) {
    throw file_error(path, "describes no network (" + std::string(fault.what()) + ")", detail::layers_remedy);
  }
  return layers;
}

}  // namespace hasse
