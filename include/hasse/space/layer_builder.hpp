// Lists of layers that a constant expression can build, and the builder in which every block says what it is: one call a layer.
// The builder refuses what cannot be a layer where it is put. Used by spec and by everything that lowers one.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <hasse/core/error.hpp>
#include <hasse/space/layer.hpp>

namespace hasse {

/// Why a layer cannot stand where it was put.
enum class layer_fault : std::uint8_t {
  none,
  reads_no_value,         ///< a value that no layer before it has made
  bad_window,             ///< kernel, stride, groups or block below 1, or padding below 0
  no_channels,            ///< it writes none
  nothing_left,           ///< its window is larger than its input
  groups_do_not_divide,   ///< the channels that it reads or writes
  operands_differ,        ///< add: in height, width or channels
  gate_differs,           ///< scale: the gate is not one number per channel
  sides_differ,           ///< concat: in height or width
  fewer_channels,         ///< pad_channels: than there are
  square_does_not_divide, ///< depth_to_space: the channels
  changes_shape,          ///< a skipped layer
  answers_other_value,    ///< lower gave another value than that of its last layer
  nobody_reads            ///< its input, or one of the values that it makes
};

/// A layer that was refused; `second` is the shape of its second operand, where it has one.
struct refused_layer {
  layer_fault fault = layer_fault::none;
  layer item{};
  feature_shape second{};
  friend constexpr bool operator==(const refused_layer&, const refused_layer&) = default;
};

namespace detail {
constexpr layer_fault fault_of(const layer& item, feature_shape second) {
  using enum layer_fault;
  const feature_shape in = item.in, out = item.out;
  if (item.kernel < 1 || item.stride < 1 || item.groups < 1 || item.pad_top < 0 || item.pad_left < 0) return bad_window;
  if (item.kind == layer_kind::depth_to_space && in.c % (item.stride * item.stride) != 0) return square_does_not_divide;
  if (out.c < 1) return no_channels;
  if (out.h < 1 || out.w < 1) return nothing_left;
  if (in.c % item.groups != 0 || out.c % item.groups != 0) return groups_do_not_divide;
  if (item.kind == layer_kind::add && !(second == in)) return operands_differ;
  if (item.kind == layer_kind::scale && !(second == feature_shape{1, 1, in.c})) return gate_differs;
  if (item.kind == layer_kind::concat && (second.h != in.h || second.w != in.w)) return sides_differ;
  if (item.kind == layer_kind::pad_channels && out.c < in.c) return fewer_channels;
  return none;
}

/// What was given, what is needed, what to do; space/refusal.hpp has the same for the compiler.
inline std::string sentence_of(const refused_layer& refused) {
  const layer& item = refused.item;
  const auto shape = [](feature_shape it) { return std::to_string(it.h) + 'x' + std::to_string(it.w) + 'x' + std::to_string(it.c); };
  const auto number = [](int it) { return std::to_string(it); };
  const std::string in = shape(item.in), second = shape(refused.second), name = std::string(name_of(item.kind)) + ": ";
  const std::string window = "a window of " + number(item.kernel) + 'x' + number(item.kernel) + ", stride " + number(item.stride);
  switch (refused.fault) {
    case layer_fault::reads_no_value:
      return name + "it reads value " + number(item.input) + ", which no layer before it has made; 0 is the input of the block, and each call of the builder gives the value that it made";
    case layer_fault::bad_window:
      return name + "it has " + window + ", " + number(item.groups) + " groups and " + number(item.pad_top) + " rows of padding; all but the padding are at least 1, and that is at least 0";
    case layer_fault::no_channels:
      return name + "it reads " + in + " and would write " + number(item.out.c) + " channels; give it at least 1 (a spec of its own has .out, a stage sets it)";
    case layer_fault::nothing_left:
      return name + window + ", leaves nothing of " + in + "; give a larger input, a smaller window or fewer strides before it";
    case layer_fault::groups_do_not_divide:
      return name + "its " + number(item.groups) + " groups do not divide " + number(item.in.c) + " channels that it reads and " + number(item.out.c) + " that it writes; take a number of groups that divides both";
    case layer_fault::operands_differ:
      return name + "its operands are " + in + " and " + second + ", and both need one height, width and channel count; put a 1x1 convolution with the block's stride and width on the shortcut, or add only where the shapes agree";
    case layer_fault::gate_differs:
      return name + "the gate of " + in + " is " + second + ", and one number per channel is needed; make it 1x1x" + number(item.in.c) + " with global_average_pool and a 1x1 convolution";
    case layer_fault::sides_differ:
      return name + "its operands are " + in + " and " + second + ", and both need one height and width; resize one or give both branches the same stride";
    case layer_fault::fewer_channels:
      return name + "it reads " + in + " and would write " + number(item.out.c) + " channels; it adds channels, so give it more, or use a 1x1 convolution for fewer";
    case layer_fault::square_does_not_divide:
      return name + "it reads " + in + " and makes squares of " + number(item.stride) + 'x' + number(item.stride) + " pixels; give it a multiple of " + number(item.stride * item.stride) + " channels";
    case layer_fault::changes_shape:
      return "identity: it was placed between " + number(item.in.c) + " and " + number(item.out.c) + " channels with stride " + number(item.stride) + "; a layer can only be skipped where the stride is 1 and the channels agree";
    default:
      return "a block that answers with another value than that of its last layer, or makes one that nobody reads, is no block; return what the last call of the builder gave, and use every value";
  }
}

/// Not constexpr on purpose: in a constant expression its name is the reason. `block<spec, shape>` and the spaces say which one.
[[noreturn]] inline void this_layer_cannot_stand_where_it_is_put(const refused_layer& refused) { throw error(sentence_of(refused)); }
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

/// A layer list of bounded length that a constant expression can build. A list that outgrows it does not compile; layers_of<spec, shape>()
/// has the length that is needed.
template <int Capacity>
struct fixed_layers {
  feature_shape input{};
  std::array<layer, Capacity> items{};
  int count = 0;
  constant_outputs outputs{};  ///< none: the last value alone
  feature_shape second{};      ///< of second_input, where there is one

  constexpr const layer* begin() const { return items.data(); }
  constexpr const layer* end() const { return items.data() + count; }
  constexpr const layer* data() const { return items.data(); }
  constexpr std::size_t size() const { return static_cast<std::size_t>(count); }
  constexpr void append(const layer& item) {
    if (count == Capacity) throw error("hasse: a fixed_layers<N> got more than N layers; give it a larger N, or use layers_of<spec, shape>()");
    items[static_cast<std::size_t>(count++)] = item;
  }
  constexpr void append_output(std::string_view name, value_id value) {
    if (outputs.count == constant_outputs::most) throw error("hasse: a fixed_layers<N> got more than 32 outputs; use a layer_list, which has no such limit");
    outputs.items[static_cast<std::size_t>(outputs.count++)] = {name, value};
  }
  constexpr feature_shape shape_of(value_id value) const {
    return value == 0 ? input : value == second_input ? second : items[static_cast<std::size_t>(value - 1)].out;
  }
  constexpr feature_shape second_shape() const { return second; }
  /// As those of layer_list.
  constexpr int output_count() const { return outputs.empty() ? 1 : outputs.count; }
  constexpr value_id output(int index) const { return outputs.empty() ? count : outputs[static_cast<std::size_t>(index)].value; }
  constexpr std::string_view output_name(int index) const {
    return outputs.empty() ? lone_output_name : outputs[static_cast<std::size_t>(index)].name;
  }
  constexpr feature_shape output_shape(int index) const { return shape_of(output(index)); }
};

/// What a list would be, without its layers: how many, their shapes, and the first one that was refused. As long as it must be.
class layer_trace {
 public:
  explicit constexpr layer_trace(feature_shape input, feature_shape second = {}) : second_{second, second.c == 0} { add(input); }
  layer_trace(const layer_trace&) = delete;
  layer_trace& operator=(const layer_trace&) = delete;
  constexpr ~layer_trace() { delete[] values_; }

  constexpr std::size_t size() const { return static_cast<std::size_t>(count_ - 1); }
  constexpr feature_shape second_shape() const { return second_.shape; }
  constexpr feature_shape shape_of(value_id value) const { return value == second_input ? second_.shape : values_[value].shape; }
  constexpr void append(const layer& item) {
    made_by(item.input).read = true;
    if (item.other != no_value) made_by(item.other).read = true;
    const auto one_at_least = [](int side) { return side < 1 ? 1 : side; };  // so that what follows a refused layer can be looked at
    add({one_at_least(item.out.h), one_at_least(item.out.w), one_at_least(item.out.c)});
  }
  constexpr void append_output(std::string_view, value_id value) { made_by(value).read = names_outputs_ = true; }
  constexpr void refuse(const refused_layer& refused) {
    if (first_.fault == layer_fault::none) first_ = refused;
  }
  /// Says what the builder cannot see: whether `answer`, which lower gave, is the last value, and every value before it is read.
  constexpr void finish(value_id answer) {
    if (answer != count_ - 1 && !names_outputs_) refuse({layer_fault::answers_other_value, {}, {}});
    for (value_id value = 0; value < count_ - 1; ++value)
      if (!values_[value].read) refuse({.fault = layer_fault::nobody_reads, .item = {.input = value, .in = shape_of(value)}});
    if (!second_.read) refuse({.fault = layer_fault::nobody_reads, .item = {.input = second_input, .in = second_.shape}});
  }
  constexpr const refused_layer& first() const { return first_; }
  /// Whether the last value is named as an output.
  constexpr bool hands_out_last() const { return values_[count_ - 1].read; }

 private:
  struct made {
    feature_shape shape{};
    bool read = false;
  };
  constexpr made& made_by(value_id value) { return value == second_input ? second_ : values_[value]; }
  constexpr void add(feature_shape shape) {
    if (count_ == room_) {
      made* const more = new made[static_cast<std::size_t>(room_ = 2 * room_ + 16)];
      for (int at = 0; at < count_; ++at) more[at] = values_[at];
      delete[] values_;
      values_ = more;
    }
    values_[count_++] = {.shape = shape};
  }

  made second_;
  made* values_ = nullptr;
  int count_ = 0, room_ = 0;
  bool names_outputs_ = false;
  refused_layer first_{};
};

/// Adds layers to any list with `append`, `append_output`, `size` and `shape_of`; each call returns the value that it made.
/// This is the whole vocabulary in which a block says what it is (see space/spec.hpp and docs/how-to/own-block.md). A layer that cannot be
/// where it is put is an `error` at run time and a sentence of the compiler in a space, a block or a fixed_network.
template <class List>
struct layer_builder {
  List& list;

  constexpr feature_shape shape_of(value_id value) const {
    if (has(value)) return list.shape_of(value);
    refuse({.fault = layer_fault::reads_no_value, .item = {.input = value}});
    return list.shape_of(0);
  }
  /// For a spec that finds that it cannot be where it is.
  constexpr void refuse(const refused_layer& refused) const {
    if constexpr (requires { list.refuse(refused); })
      list.refuse(refused);
    else
      detail::this_layer_cannot_stand_where_it_is_put(refused);
  }

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
  /// Averages over windows of side x side pixels, one beside the other until every pixel is in one; those over the border average what
  /// they have. Caffe's pooling, whose sizes round up.
  constexpr value_id average_pool_rounding_up(value_id from, int side) {
    const feature_shape in = shape_of(from);
    layer item{.kind = layer_kind::average_pool, .input = from, .in = in, .out = {0, 0, in.c}};
    item.kernel = item.stride = side;
    if (side > 0) item.out = {same_output(in.h, side), same_output(in.w, side), in.c};
    return push(item);
  }
  constexpr value_id global_average_pool(value_id from) {
    const feature_shape in = shape_of(from);
    return push({.kind = layer_kind::global_average_pool, .input = from, .in = in, .out = {1, 1, in.c}});
  }
  /// Fully connected over the flattened (H, W, C) input.
  constexpr value_id linear(value_id from, int out, bool bias = true) {
    layer item{.kind = layer_kind::linear, .input = from, .in = shape_of(from), .out = {1, 1, out}};
    item.bias = bias;
    return push(item);
  }
  /// Bilinear resize, corners not aligned (ONNX half_pixel).
  constexpr value_id resize(value_id from, int h, int w) {
    const feature_shape in = shape_of(from);
    return push({.kind = layer_kind::resize, .input = from, .in = in, .out = {h, w, in.c}});
  }
  /// Bilinear resize that keeps the corners where they are (ONNX align_corners): output k reads k (in - 1) / (out - 1).
  constexpr value_id corner_resize(value_id from, int h, int w) {
    const feature_shape in = shape_of(from);
    return push({.kind = layer_kind::corner_resize, .input = from, .in = in, .out = {h, w, in.c}});
  }
  /// `factor` times as large: the transposed convolution of each channel by itself whose weights are bilinear and stay so (Caffe's filler:
  /// kernel 4, stride 2 and kernel 16, stride 8 in the released DF-Seg networks). It is the half-pixel resize but for what lies outside,
  /// which counts as zero: along a border values fade.
  constexpr value_id upsample(value_id from, int factor) {
    const feature_shape in = shape_of(from);
    layer item{.kind = layer_kind::upsample, .input = from, .in = in, .out = {in.h * factor, in.w * factor, in.c}};
    item.stride = factor;
    return push(item);
  }
  /// Averages over h x w windows that cover the image: row i over rows floor(i in / h) to ceil((i + 1) in / h) - 1, so they may overlap by one.
  constexpr value_id adaptive_average_pool(value_id from, int h, int w) {
    const feature_shape in = shape_of(from);
    return push({.kind = layer_kind::adaptive_average_pool, .input = from, .in = in, .out = {h, w, in.c}});
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
    if (has(value))
      list.append_output(name, value);
    else
      refuse({.fault = layer_fault::reads_no_value, .item = {.input = value}});
    return value;
  }

 private:
  constexpr bool has(value_id value) const {
    if constexpr (requires { list.second_shape(); })
      if (value == second_input) return list.second_shape().c > 0;
    return value >= 0 && value <= static_cast<value_id>(list.size());
  }
  constexpr value_id push(layer item) {
    const feature_shape second = item.other == no_value ? feature_shape{} : shape_of(item.other);
    if (const layer_fault fault = detail::fault_of(item, second); fault != layer_fault::none) refuse({fault, item, second});
    if (!has(item.input)) item.input = 0;  // refused when its shape was asked for
    if (item.other != no_value && !has(item.other)) item.other = 0;
    list.append(item);
    return static_cast<value_id>(list.size());
  }
  constexpr value_id same_shape(layer item) {
    item.in = item.out = shape_of(item.input);
    return push(item);
  }
  constexpr value_id windowed(layer item, int out, int pad, padding rule) {
    item.pad_top = item.pad_left = pad;
    item.out = {0, 0, out};
    if (item.kernel < 1 || item.stride < 1) return push(item);  // refused there
    if (rule == padding::same) {
      item.pad_top = same_padding(item.in.h, item.kernel, item.stride),
      item.pad_left = same_padding(item.in.w, item.kernel, item.stride);
      item.out = {same_output(item.in.h, item.stride), same_output(item.in.w, item.stride), out};
    } else {
      item.out = {window_output(item.in.h, item.kernel, item.stride, pad), window_output(item.in.w, item.kernel, item.stride, pad),
                  out};
    }
    return push(item);
  }
};

}  // namespace hasse
