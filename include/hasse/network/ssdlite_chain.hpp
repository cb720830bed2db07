// A detector whose backbone is a row of MobileDet blocks, written down layer by layer: what a search of detectors found, as a type.
// Used by the headers that hasse_detect search writes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <hasse/network/ssdlite.hpp>
#include <hasse/space/mobile.hpp>

namespace hasse {

enum class chain_kind : std::uint8_t { conv, inverted, fused, tucker };

/// A layer of the row. `first` is the expansion, or Tucker's rank of the input in percent, `second` that of the output.
struct chain_layer {
  chain_kind kind = chain_kind::inverted;
  int out = 0, stride = 1, kernel = 3, first = 1, second = 0;
  bool residual = false;
  friend constexpr bool operator==(const chain_layer&, const chain_layer&) = default;
};

/// The row, the layers (from 1) behind which maps of the head end, finest first, and the head.
template <std::size_t Layers>
struct ssdlite_chain {
  std::array<chain_layer, Layers> layers{};
  std::array<int, ssdlite_head::most_maps> maps{};  ///< 0 behind the last
  ssdlite_head head{};
  activation act = activation::relu6;
  squeeze_excite se{};
  batch_norm_rule norm{};
  padding pad = padding::same;
  friend constexpr bool operator==(const ssdlite_chain&, const ssdlite_chain&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    std::array<value_id, ssdlite_head::most_maps> ends{};
    std::size_t read = 0;
    for (std::size_t at = 0; at < Layers; ++at) {
      from = one(list, layers[at], from);
      if (read < ends.size() && maps[read] == static_cast<int>(at) + 1) ends[read++] = from;
    }
    return head.lower(list, std::span<const value_id>(ends.data(), read));
  }
  std::string text() const { return "ssdlite_chain"; }

 private:
  template <class List>
  constexpr value_id one(layer_builder<List> list, const chain_layer& it, value_id from) const {
    const residual_rule residual = it.residual ? residual_rule::when_shapes_agree : residual_rule::never;
    switch (it.kind) {
      case chain_kind::conv:
        return list.conv_bn(from, it.out, it.kernel, it.stride, act, norm, 1, pad);
      case chain_kind::inverted:
        return mbconv{.out = it.out, .stride = it.stride, .kernel = it.kernel, .expand = it.first, .act = act, .se = se, .residual = residual, .pad = pad, .norm = norm}.lower(list, from);
      case chain_kind::fused:
        return fused_mbconv{.out = it.out, .stride = it.stride, .kernel = it.kernel, .expand = it.first, .act = act, .se = se, .residual = residual, .pad = pad, .norm = norm}.lower(list, from);
      default:
        return tucker{.out = it.out, .stride = it.stride, .kernel = it.kernel, .in_percent = it.first, .out_percent = it.second, .act = act, .residual = residual, .pad = pad, .norm = norm}.lower(list, from);
    }
  }
};

}  // namespace hasse
