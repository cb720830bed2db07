// The blocks of the mobile families as specs: inverted bottleneck, its fused and its Tucker form, depthwise-separable, identity.
// What differs between families (rounding, padding, activations, squeeze-excite, residuals) is a member, never a special case.
// Used by search spaces and by the networks in network/published.
#pragma once

#include <string>

#include <hasse/space/rounding.hpp>
#include <hasse/space/spec.hpp>

namespace hasse {

/// Squeeze-excite: global average, 1x1 with bias to the inner width, `inner`, 1x1 with bias, `gate`, multiply.
struct squeeze_excite {
  enum class share : std::uint8_t { of_expanded, of_input };  ///< of the channels that are gated, or of the block's input
  int percent = 0;                                            ///< inner width as a share; 0: no squeeze-excite
  share base = share::of_expanded;
  rounding rule = rounding::to_8;
  activation inner = activation::relu, gate = activation::sigmoid;
  friend constexpr bool operator==(const squeeze_excite&, const squeeze_excite&) = default;

  /// Gates `from`; `input_width` is that of the block.
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from, int input_width) const {
    if (percent == 0) return from;
    const int width = list.shape_of(from).c,
              squeezed = rounded(rule, std::int64_t{percent} * (base == share::of_input ? input_width : width), 100);
    const value_id mean = list.global_average_pool(from);
    const value_id small = list.activate(list.convolution(mean, squeezed, 1, 1, 0, 1, true), inner);
    return list.scale(from, list.activate(list.convolution(small, width, 1, 1, 0, 1, true), gate));
  }
  std::string text() const { return percent == 0 ? "" : " se" + std::to_string(percent); }
};

/// Whether a block adds its input to its output.
enum class residual_rule : std::uint8_t { when_shapes_agree, never };

namespace detail {
/// 1x1 to `out` without activation, and the residual: how every block of these families ends.
template <class List>
constexpr value_id project(layer_builder<List> list, value_id block_input, value_id from, int out, residual_rule rule,
                           batch_norm_rule norm) {
  const value_id projected = list.conv_bn(from, out, 1, 1, activation::none, norm);
  const bool agree = list.shape_of(projected) == list.shape_of(block_input);
  return agree && rule == residual_rule::when_shapes_agree ? list.add(projected, block_input) : projected;
}

inline std::string mobile_text(const char* kind, int kernel, int stride, const std::string& widths) {
  return kind + widths + " k" + std::to_string(kernel) + " s" + std::to_string(stride);
}
inline std::string middle_text(int expand, int middle) {
  return middle > 0 ? " m" + std::to_string(middle) : " e" + std::to_string(expand);
}
}  // namespace detail

/// Inverted bottleneck (MobileNet v2): 1x1 to the middle width (left out when that is the input's), depthwise k x k,
/// squeeze-excite, 1x1 to `out`. The stride is on the depthwise layer.
struct mbconv {
  int out = 0, stride = 1, kernel = 3;
  int expand = 6;  ///< middle width / input width
  int middle = 0;  ///< the middle width itself; 0: by `expand`
  activation act = activation::relu6;
  squeeze_excite se{};
  residual_rule residual = residual_rule::when_shapes_agree;
  padding pad = padding::symmetric;
  batch_norm_rule norm{};
  friend constexpr bool operator==(const mbconv&, const mbconv&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const int in = list.shape_of(from).c, wide = middle > 0 ? middle : expand * in;
    const value_id expanded = wide == in ? from : list.conv_bn(from, wide, 1, 1, act, norm);
    const value_id spatial = list.conv_bn(expanded, wide, kernel, stride, act, norm, wide, pad);
    return detail::project(list, from, se.lower(list, spatial, in), out, residual, norm);
  }
  std::string text() const { return detail::mobile_text("mbconv", kernel, stride, detail::middle_text(expand, middle)) + se.text(); }
};

/// Inverted bottleneck whose first two layers are one dense convolution k x k (MobileDets).
struct fused_mbconv {
  int out = 0, stride = 1, kernel = 3;
  int expand = 4;  ///< middle width / input width
  int middle = 0;  ///< the middle width itself; 0: by `expand`
  activation act = activation::relu6;
  squeeze_excite se{};
  residual_rule residual = residual_rule::when_shapes_agree;
  padding pad = padding::symmetric;
  batch_norm_rule norm{};
  friend constexpr bool operator==(const fused_mbconv&, const fused_mbconv&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const int in = list.shape_of(from).c, wide = middle > 0 ? middle : expand * in;
    const value_id spatial = list.conv_bn(from, wide, kernel, stride, act, norm, 1, pad);
    return detail::project(list, from, se.lower(list, spatial, in), out, residual, norm);
  }
  std::string text() const {
    return detail::mobile_text("fused_mbconv", kernel, stride, detail::middle_text(expand, middle)) + se.text();
  }
};

/// A dense convolution in Tucker form (MobileDets): 1x1 to a share of the input's channels, k x k to a share of the output's, 1x1
/// to `out`.
struct tucker {
  int out = 0, stride = 1, kernel = 3;
  int in_percent = 25, out_percent = 75;  ///< ranks in percent of the input's and of the output's channels
  rounding rule = rounding::to_8;         ///< of the ranks
  activation act = activation::relu6;
  residual_rule residual = residual_rule::when_shapes_agree;
  padding pad = padding::symmetric;
  batch_norm_rule norm{};
  friend constexpr bool operator==(const tucker&, const tucker&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const int in_rank = rounded(rule, std::int64_t{in_percent} * list.shape_of(from).c, 100),
              out_rank = rounded(rule, std::int64_t{out_percent} * out, 100);
    const value_id reduced = list.conv_bn(from, in_rank, 1, 1, act, norm);
    return detail::project(list, from, list.conv_bn(reduced, out_rank, kernel, stride, act, norm, 1, pad), out, residual, norm);
  }
  std::string text() const {
    return detail::mobile_text("tucker", kernel, stride, " " + std::to_string(in_percent) + "," + std::to_string(out_percent));
  }
};

/// Depthwise k x k, then 1x1, each with batch norm and activation (MobileNet v1).
struct depthwise_separable {
  int out = 0, stride = 1, kernel = 3;
  activation act = activation::relu6;
  padding pad = padding::symmetric;
  batch_norm_rule norm{};
  friend constexpr bool operator==(const depthwise_separable&, const depthwise_separable&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const int in = list.shape_of(from).c;
    return list.conv_bn(list.conv_bn(from, in, kernel, stride, act, norm, in, pad), out, 1, 1, act, norm);
  }
  std::string text() const { return detail::mobile_text("depthwise_separable", kernel, stride, ""); }
};

/// A layer that is skipped: no layer at all. Only where input and output agree; elsewhere it does not compile.
struct identity {
  int out = 0, stride = 1;  ///< out = 0: as many channels as it reads
  friend constexpr bool operator==(const identity&, const identity&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const feature_shape in = list.shape_of(from);
    if (stride != 1 || (out != 0 && out != in.c))
      list.refuse({.fault = layer_fault::changes_shape, .item = {.input = from, .in = in, .out = {in.h, in.w, out}, .stride = stride}});
    return from;
  }
  std::string text() const { return "identity"; }
  std::string short_text() const { return "zero"; }
};

/// The zero operation of ProxylessNAS and MobileDets: a residual block whose branch is nothing is its shortcut.
using zero = identity;

}  // namespace hasse
