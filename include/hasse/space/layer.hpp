// The one description that everything else is derived from: a network, or a block, as a short list of layers.
// Specs write it (at compile time or at run time); costs, kernels, memory plans, tables, printing and export read it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include <hasse/core/error.hpp>
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
  depth_to_space
};

/// hard_sigmoid is clip(x / 6 + 1 / 2, 0, 1), hard_swish is x hard_sigmoid(x), swish is x sigmoid(x).
enum class activation : std::uint8_t { none, relu, relu6, hard_swish, sigmoid, hard_sigmoid, swish };

/// Where the zeros around a window stand: as many on every side, or as TensorFlow's SAME has it: the output side is
/// ceil(side / stride), and an odd pixel of padding stands behind the last row and column.
enum class padding : std::uint8_t { symmetric, same };

constexpr std::string_view name_of(layer_kind kind) {
  constexpr std::string_view names[] = {"convolution",  "batch_norm",          "activation",    "add",    "max_pool",
                                        "average_pool", "global_average_pool", "linear",        "resize", "scale",
                                        "concat",       "pad_channels",        "depth_to_space"};
  return names[static_cast<int>(kind)];
}

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

/// One operation. Fields that a kind does not use keep their defaults.
/// Weights: convolution out.c x (in.c / groups) x kernel x kernel (OIHW), linear out.c x in.size(), batch norm scale and shift of
/// out.c.
struct layer {
  layer_kind kind = layer_kind::activation;
  value_id input = 0;         ///< what it reads
  value_id other = no_value;  ///< add, concat: the second operand; scale: the gate; a folded convolution: the residual added before
                              ///< its activation
  feature_shape in{}, out{};
  int kernel = 1, stride = 1, groups = 1;  ///< convolution and pools: square windows; depth_to_space: `stride` is the block's side
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

namespace detail {
/// Not constexpr on purpose, both of them: reached in a constant expression, they end the compilation and their name is the reason.
[[noreturn]] inline void more_layers_than_this_constant_list_has_room_for(int capacity) {
  throw error("a constant list was made for " + std::to_string(capacity) + " layers and was given more; make it for as many as are lowered");
}
[[noreturn]] inline void a_constant_list_has_at_most_32_outputs() {
  throw error("a constant list was given more than 32 outputs; use a layer_list, which has no such limit");
}
}  // namespace detail

/// An output of a constant list. Its name must outlive the list: a string literal.
struct constant_output {
  std::string_view name;
  value_id value = no_value;
  friend constexpr bool operator==(const constant_output&, const constant_output&) = default;
};

/// Outputs that lie elsewhere.
struct constant_output_range {
  const constant_output *first = nullptr, *last = nullptr;
  constexpr const constant_output* begin() const { return first; }
  constexpr const constant_output* end() const { return last; }
};

/// The outputs of a constant list: those of a detector, twelve, and some taps.
struct constant_outputs {
  static constexpr int most = 32;
  std::array<constant_output, most> items{};
  int count = 0;

  constexpr const constant_output* begin() const { return items.data(); }
  constexpr const constant_output* end() const { return items.data() + count; }
  constexpr std::size_t size() const { return static_cast<std::size_t>(count); }
  constexpr bool empty() const { return count == 0; }
  constexpr const constant_output& operator[](std::size_t index) const { return items[index]; }
};

/// What the output of a list is called that names none.
inline constexpr std::string_view lone_output_name = "output";

/// A layer list of bounded length that a constant expression can build. A list that outgrows it does not compile.
template <int Capacity>
struct fixed_layers {
  feature_shape input{};
  std::array<layer, Capacity> items{};
  int count = 0;
  constant_outputs outputs{};  ///< none: the last value alone

  constexpr const layer* begin() const { return items.data(); }
  constexpr const layer* end() const { return items.data() + count; }
  constexpr const layer* data() const { return items.data(); }
  constexpr std::size_t size() const { return static_cast<std::size_t>(count); }
  constexpr void append(const layer& item) {
    if (count >= Capacity) detail::more_layers_than_this_constant_list_has_room_for(Capacity);
    items[static_cast<std::size_t>(count++)] = item;
  }
  constexpr void append_output(std::string_view name, value_id value) {
    if (outputs.count >= constant_outputs::most) detail::a_constant_list_has_at_most_32_outputs();
    outputs.items[static_cast<std::size_t>(outputs.count++)] = {name, value};
  }
  constexpr feature_shape shape_of(value_id value) const {
    return value == 0 ? input : items[static_cast<std::size_t>(value - 1)].out;
  }
  /// As those of layer_list.
  constexpr int output_count() const { return outputs.empty() ? 1 : outputs.count; }
  constexpr value_id output(int index) const { return outputs.empty() ? count : outputs[static_cast<std::size_t>(index)].value; }
  constexpr std::string_view output_name(int index) const {
    return outputs.empty() ? lone_output_name : outputs[static_cast<std::size_t>(index)].name;
  }
  constexpr feature_shape output_shape(int index) const { return shape_of(output(index)); }
};

/// Adds layers to any list with `append`, `append_output`, `size` and `shape_of`; each call returns the value that it made.
/// This is the whole vocabulary in which a block says what it is (see space/spec.hpp and docs/how-to/own-block.md).
template <class List>
struct layer_builder {
  List& list;

  constexpr feature_shape shape_of(value_id value) const { return list.shape_of(value); }

  /// `pad` counts with symmetric padding only; -1 is half the kernel.
  constexpr value_id convolution(value_id from, int out, int kernel, int stride = 1, int pad = -1, int groups = 1,
                                 bool bias = false, padding rule = padding::symmetric) {
    layer item{.kind = layer_kind::convolution, .input = from, .in = shape_of(from)};
    item.kernel = kernel, item.stride = stride, item.groups = groups, item.bias = bias;
    return windowed(item, out, pad < 0 ? kernel / 2 : pad, rule);
  }
  constexpr value_id batch_norm(value_id from, batch_norm_rule rule = {}) {
    layer item{.kind = layer_kind::batch_norm, .input = from};
    item.norm = rule;
    return same_shape(item);
  }
  constexpr value_id activate(value_id from, activation act) {
    if (act == activation::none) return from;
    layer item{.kind = layer_kind::activation, .input = from};
    item.act = act;
    return same_shape(item);
  }
  /// Element-wise sum of two values of one shape.
  constexpr value_id add(value_id from, value_id other) {
    return same_shape({.kind = layer_kind::add, .input = from, .other = other});
  }
  /// Every pixel times the gate of its channel (squeeze-excite): `gate` is a value of 1 x 1 x C.
  constexpr value_id scale(value_id from, value_id gate) {
    return same_shape({.kind = layer_kind::scale, .input = from, .other = gate});
  }
  constexpr value_id max_pool(value_id from, int kernel, int stride, int pad, padding rule = padding::symmetric) {
    layer item{.kind = layer_kind::max_pool, .input = from, .in = shape_of(from)};
    item.kernel = kernel, item.stride = stride;
    return windowed(item, item.in.c, pad, rule);
  }
  /// Average over the window; padding does not count.
  constexpr value_id average_pool(value_id from, int kernel, int stride, int pad, padding rule = padding::symmetric) {
    layer item{.kind = layer_kind::average_pool, .input = from, .in = shape_of(from)};
    item.kernel = kernel, item.stride = stride;
    return windowed(item, item.in.c, pad, rule);
  }
  constexpr value_id global_average_pool(value_id from) {
    return push({.kind = layer_kind::global_average_pool, .input = from, .in = shape_of(from), .out = {1, 1, shape_of(from).c}});
  }
  /// Fully connected over the flattened (H, W, C) input.
  constexpr value_id linear(value_id from, int out, bool bias = true) {
    layer item{.kind = layer_kind::linear, .input = from, .in = shape_of(from), .out = {1, 1, out}};
    item.bias = bias;
    return push(item);
  }
  /// Bilinear resize, corners not aligned (ONNX half_pixel).
  constexpr value_id resize(value_id from, int h, int w) {
    return push({.kind = layer_kind::resize, .input = from, .in = shape_of(from), .out = {h, w, shape_of(from).c}});
  }
  /// The channels of `from`, then those of `other`, pixel by pixel; both have one height and width.
  constexpr value_id concat(value_id from, value_id other) {
    const feature_shape in = shape_of(from);
    return push(
        {.kind = layer_kind::concat, .input = from, .other = other, .in = in, .out = {in.h, in.w, in.c + shape_of(other).c}});
  }
  /// Zeros behind the last channel, so that there are `channels`: what reads a narrower network as it reads the widest.
  constexpr value_id pad_channels(value_id from, int channels) {
    const feature_shape in = shape_of(from);
    return push({.kind = layer_kind::pad_channels, .input = from, .in = in, .out = {in.h, in.w, channels}});
  }
  /// H x W x (block block C) to (block H) x (block W) x C: the channels of a pixel hold a square of output pixels, row by row, each
  /// with its C channels together: out(y block + i, x block + j, c) = in(y, x, (i block + j) C + c). This is mode DCR of ONNX's
  /// DepthToSpace, which moves whole runs of memory in this layout; PyTorch's pixel_shuffle has the channels in another order.
  constexpr value_id depth_to_space(value_id from, int block) {
    const feature_shape in = shape_of(from);
    layer item{.kind = layer_kind::depth_to_space, .input = from, .in = in};
    item.stride = block, item.out = {in.h * block, in.w * block, block > 0 ? in.c / block / block : 0};
    return push(item);
  }
  /// Convolution without bias, batch norm, activation.
  constexpr value_id conv_bn(value_id from, int out, int kernel, int stride, activation act, batch_norm_rule norm, int groups = 1,
                             padding rule = padding::symmetric) {
    return activate(batch_norm(convolution(from, out, kernel, stride, -1, groups, false, rule), norm), act);
  }

  /// `value` is an output of the network, which others may read as well; returns it. Without such a call the last value is the
  /// only output; with one, only what is named. Where blocks are put behind each other the names of all of them stay.
  constexpr value_id output(std::string_view name, value_id value) {
    list.append_output(name, value);
    return value;
  }

 private:
  constexpr value_id push(const layer& item) {
    list.append(item);
    return static_cast<value_id>(list.size());
  }
  constexpr value_id same_shape(layer item) {
    item.in = item.out = shape_of(item.input);
    return push(item);
  }
  constexpr value_id windowed(layer item, int out, int pad, padding rule) {
    if (rule == padding::same) {
      item.pad_top = same_padding(item.in.h, item.kernel, item.stride),
      item.pad_left = same_padding(item.in.w, item.kernel, item.stride);
      item.out = {same_output(item.in.h, item.stride), same_output(item.in.w, item.stride), out};
    } else {
      item.pad_top = item.pad_left = pad;
      item.out = {window_output(item.in.h, item.kernel, item.stride, pad), window_output(item.in.w, item.kernel, item.stride, pad),
                  out};
    }
    return push(item);
  }
};

}  // namespace hasse
