// The one description that everything else is derived from: a network, or a block, as a short list of layers.
// Specs write it (at compile time or at run time); costs, kernels, memory plans, tables, printing and export read it.
#pragma once

#include <cstdint>
#include <string_view>

#include <hasse/core/shape.hpp>

namespace hasse {

enum class layer_kind : std::uint8_t {
  convolution,
  batch_norm,
  activation,
  add,
  max_pool,
  average_pool,
  global_average_pool,
  linear,
  resize,
  scale,
  concat,
  pad_channels,
  depth_to_space,
  corner_resize,
  upsample,
  adaptive_average_pool
};

/// hard_sigmoid is clip(x / 6 + 1 / 2, 0, 1), hard_swish is x hard_sigmoid(x), swish is x sigmoid(x).
enum class activation : std::uint8_t { none, relu, relu6, hard_swish, sigmoid, hard_sigmoid, swish };

/// Where the zeros around a window stand: as many on every side, or as TensorFlow's SAME has it: the output side is
/// ceil(side / stride), and an odd pixel of padding stands behind the last row and column.
enum class padding : std::uint8_t { symmetric, same };

/// What is known of a kind of layer by itself.
struct layer_kind_facts {
  layer_kind kind;
  std::string_view name;
  bool reads_two = false;    ///< `other` is there
  bool has_window = false;   ///< kernel, stride and padding say what it reads
  bool in_place = false;     ///< what it gives may lie where its input was
  bool elementwise = false;  ///< each element that it gives needs that element of its operands alone
};
/// Every kind, in the order of the enumeration. A new one is a row here, a call of the builder (space/layer_builder.hpp) and a case where kinds
/// differ in code: space/cost.hpp, network/channel_groups.hpp, kernel/reference.hpp, kernel/cpu/loop_kernels.hpp, kernel/cuda/programs/layers.hpp,
/// result/layers_json.inl, result/onnx.inl. tests/network/layer_kinds.cpp takes every row through them.
inline constexpr layer_kind_facts layer_kinds[] = {
    {.kind = layer_kind::convolution, .name = "convolution", .has_window = true},
    {.kind = layer_kind::batch_norm, .name = "batch_norm", .in_place = true, .elementwise = true},
    {.kind = layer_kind::activation, .name = "activation", .in_place = true, .elementwise = true},
    {.kind = layer_kind::add, .name = "add", .reads_two = true, .in_place = true, .elementwise = true},
    {.kind = layer_kind::max_pool, .name = "max_pool", .has_window = true},
    {.kind = layer_kind::average_pool, .name = "average_pool", .has_window = true},
    {.kind = layer_kind::global_average_pool, .name = "global_average_pool"},
    {.kind = layer_kind::linear, .name = "linear"},
    {.kind = layer_kind::resize, .name = "resize"},
    {.kind = layer_kind::scale, .name = "scale", .reads_two = true, .in_place = true},
    {.kind = layer_kind::concat, .name = "concat", .reads_two = true},
    {.kind = layer_kind::pad_channels, .name = "pad_channels"},
    {.kind = layer_kind::depth_to_space, .name = "depth_to_space"},
    {.kind = layer_kind::corner_resize, .name = "corner_resize"},
    {.kind = layer_kind::upsample, .name = "upsample"},
    {.kind = layer_kind::adaptive_average_pool, .name = "adaptive_average_pool"},
};
constexpr const layer_kind_facts& kind_facts_of(layer_kind kind) { return layer_kinds[static_cast<int>(kind)]; }
static_assert([] {
  int next = 0;
  for (const layer_kind_facts& each : layer_kinds)
    if (static_cast<int>(each.kind) != next++) return false;
  return true;
}(), "hasse: the rows of layer_kinds stand in the order of the enumeration");

constexpr std::string_view name_of(layer_kind kind) { return kind_facts_of(kind).name; }

constexpr std::string_view name_of(activation act) {
  constexpr std::string_view names[] = {"none", "relu", "relu6", "hard_swish", "sigmoid", "hard_sigmoid", "swish"};
  return names[static_cast<int>(act)];
}

/// How batch norm counts; integers, so that a spec stays a template argument on every compiler.
struct batch_norm_rule {
  int epsilon_millionths = 10;  ///< added to the variance: 10 is 1e-5, 100 is the 1e-4 of the DF networks
  int keep_percent = 90;        ///< running = keep * running + (1 - keep) * batch
  friend constexpr bool operator==(const batch_norm_rule&, const batch_norm_rule&) = default;
};

/// A value in a layer list: 0 is the list's input, i + 1 the output of layer i.
using value_id = int;
inline constexpr value_id no_value = -1;
/// What a part of a space that reads two values reads besides value 0. In the list of a network there is none.
inline constexpr value_id second_input = -2;

/// One operation. Fields that a kind does not use keep their defaults.
/// Weights: convolution out.c x (in.c / groups) x kernel x kernel (OIHW), linear out.c x in.size(), batch norm scale and shift of
/// out.c.
struct layer {
  layer_kind kind = layer_kind::activation;
  value_id input = 0;         ///< what it reads
  value_id other = no_value;  ///< add, concat: the second operand; scale: the gate; a folded convolution: the residual added before
                              ///< its activation
  feature_shape in{}, out{};
  int kernel = 1, stride = 1, groups = 1;  ///< convolution and pools: square windows; depth_to_space, upsample: `stride` is how many times as large
  int pad_top = 0, pad_left = 0;           ///< zeros before the first row and column; those behind the last follow from `out`
  bool bias = false;                       ///< convolution, linear
  activation act = activation::none;       ///< activation; a folded convolution or linear: applied last
  batch_norm_rule norm{};
  /// Zeros behind the last row and column: as many as before the first, or one more where the output says so (SAME padding).
  constexpr int pad_bottom() const { return end_padding(in.h, kernel, stride, pad_top, out.h); }
  constexpr int pad_right() const { return end_padding(in.w, kernel, stride, pad_left, out.w); }
  /// The shape that `other` has where there is one.
  constexpr feature_shape other_shape() const {
    if (kind == layer_kind::scale) return {1, 1, in.c};
    return {out.h, out.w, kind == layer_kind::concat ? out.c - in.c : out.c};
  }
  /// True when `other` is added, element by element, to what the layer makes of its input.
  constexpr bool adds_other() const { return other != no_value && kind != layer_kind::scale && kind != layer_kind::concat; }
  friend constexpr bool operator==(const layer&, const layer&) = default;
};

/// A dense 1x1 convolution that keeps the image's size: a product of matrices.
constexpr bool is_pointwise(const layer& item) {
  return item.kind == layer_kind::convolution && item.kernel == 1 && item.stride == 1 && item.groups == 1 && item.pad_top == 0 &&
         item.pad_left == 0 && item.in.h == item.out.h && item.in.w == item.out.w;
}
/// A convolution that keeps its channels apart.
constexpr bool is_depthwise(const layer& item) {
  return item.kind == layer_kind::convolution && item.groups > 1 && item.groups == item.in.c && item.in.c == item.out.c;
}

/// Calls `visit` with every number that a layer is made of: what identities are made of. A member more, here or in what it is made
/// of, does not compile until it is visited.
template <class Visit>
constexpr void for_each_number(const layer& item, Visit&& visit) {
  const auto each = [&](auto... numbers) { (visit(static_cast<std::int64_t>(numbers)), ...); };
  const auto& [kind, input, other, in, out, kernel, stride, groups, pad_top, pad_left, bias, act, norm] = item;
  const auto& [in_h, in_w, in_c] = in;
  const auto& [out_h, out_w, out_c] = out;
  const auto& [epsilon, keep] = norm;
  each(kind, input, other, in_h, in_w, in_c, out_h, out_w, out_c, kernel, stride, groups, pad_top, pad_left, bias, act, epsilon, keep);
}

}  // namespace hasse
