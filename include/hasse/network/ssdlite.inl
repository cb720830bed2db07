// The bodies of network/ssdlite.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/network/ssdlite.hpp>

namespace hasse {

namespace detail {

HASSE_BODY bool is_made_depthwise(const layer_list& layers, value_id value) {
  while (value != 0) {
    const layer& item = layers.items[static_cast<std::size_t>(value - 1)];
    if (item.kind != layer_kind::batch_norm && item.kind != layer_kind::activation) return is_depthwise(item);
    value = item.input;
  }
  return false;
}

HASSE_BODY value_id map_of_side(const layer_list& layers, int h, int w) {
  const auto of_side = [&](feature_shape shape) { return shape.h == h && shape.w == w; };
  value_id last = no_value;
  for (std::size_t i = 0; i < layers.size(); ++i) {
    const layer& item = layers.items[i];
    if (of_side(item.out)) last = static_cast<value_id>(i + 1);
    const bool is_window =
        item.kind == layer_kind::convolution || item.kind == layer_kind::max_pool || item.kind == layer_kind::average_pool;
    if (!of_side(item.in) || of_side(item.out) || !is_window || item.stride == 1) continue;
    value_id from = item.input;
    if (!is_depthwise(item)) return from;
    while (from != 0) {  // before the 1x1 layer that widens, if this is such a block
      const layer& before = layers.items[static_cast<std::size_t>(from - 1)];
      if (is_pointwise(before)) return is_made_depthwise(layers, before.input) ? item.input : before.input;
      if (before.kind != layer_kind::batch_norm && before.kind != layer_kind::activation) break;
      from = before.input;
    }
    return item.input;
  }
  return last;
}

HASSE_BODY layer_list only_for(const layer_list& network, std::span<value_id> values) {
  layer_list made{.input = network.input, .items = {}};
  std::vector<bool> needed(network.size() + 1, false);
  for (const value_id value : values) needed[static_cast<std::size_t>(value)] = true;
  for (std::size_t i = network.size(); i-- > 0;) {
    if (!needed[i + 1]) continue;
    needed[static_cast<std::size_t>(network.items[i].input)] = true;
    if (network.items[i].other != no_value) needed[static_cast<std::size_t>(network.items[i].other)] = true;
  }
  std::vector<value_id> now(network.size() + 1, 0);
  for (std::size_t i = 0; i < network.size(); ++i) {
    if (!needed[i + 1]) continue;
    layer item = network.items[i];
    item.input = now[static_cast<std::size_t>(item.input)];
    if (item.other != no_value) item.other = now[static_cast<std::size_t>(item.other)];
    made.append(item);
    now[i + 1] = static_cast<value_id>(made.size());
  }
  for (value_id& value : values) value = now[static_cast<std::size_t>(value)];
  return made;
}

}  // namespace detail

HASSE_BODY layer_list backbone_of(const layer_list& network, std::span<const int> strides) {
  std::vector<value_id> maps;
  for (const int stride : strides) {
    const int h = same_output(network.input.h, stride), w = same_output(network.input.w, stride);
    const value_id map = detail::map_of_side(network, h, w);
    if (map == no_value || map == 0 || h * w == 1)
      throw error("the network has no map of " + std::to_string(h) + 'x' + std::to_string(w) + ", which stride " +
                  std::to_string(stride) + " of an input of " + std::to_string(network.input.h) + 'x' +
                  std::to_string(network.input.w) +
                  " is; take strides that it has, and an input large enough for more than one cell");
    if (!maps.empty() && map <= maps.back())
      throw error("the strides of a backbone's maps must rise, and each must have a map of its own; stride " +
                  std::to_string(stride) + " has not");
    maps.push_back(map);
  }
  layer_list made = detail::only_for(network, maps);
  for (std::size_t i = 0; i < maps.size(); ++i) made.append_output("stride" + std::to_string(strides[i]), maps[i]);
  return made;
}

HASSE_BODY layer_list detector_of(const layer_list& backbone, const ssdlite_head& head) {
  std::vector<value_id> maps;
  for (int i = 0; i < backbone.output_count(); ++i) maps.push_back(backbone.output(i));
  if (head.map_count() == 0) throw error("a head without anchors finds nothing; give at least one map some");
  maps.resize(std::min(maps.size(), head.map_count()));
  layer_list made = detail::only_for(backbone, maps);
  head.lower(layer_builder<layer_list>{made}, maps);
  return made;
}

}  // namespace hasse
