// The specs that ship: plain layers, the basic block and the bottleneck. A spec is a structural value that says what a block
// is by appending layers; a block of your own is one more struct like these (docs/how-to/own-block.md).
// Used by stage (which sets width and stride), parts, block and catalogue.
#pragma once

#include <concepts>
#include <string>

#include <hasse/core/fixed_string.hpp>
#include <hasse/space/layer_builder.hpp>

namespace hasse {

/// What it takes to be a spec, one requirement a name. `lower` appends the layers that read value `from` and returns the value it made.
template <class Type>
concept HasLower = requires(const Type& spec, layer_builder<layer_trace> list) {
  { spec.lower(list, value_id{}) } -> std::same_as<value_id>;
};
/// `text` names it: "conv3x3 s2".
template <class Type>
concept HasText = requires(const Type& spec) {
  { spec.text() } -> std::convertible_to<std::string>;
};
template <class Type>
concept Spec = HasLower<Type> && HasText<Type>;

template <class Type>
concept HasOut = requires(Type& spec) { spec.out = 0; };
template <class Type>
concept HasStride = requires(Type& spec) { spec.stride = 1; };
/// A spec that a stage can repeat: it has an output width and a stride.
template <class Type>
concept StageSpec = Spec<Type> && HasOut<Type> && HasStride<Type>;

/// Convolution k x k without bias, batch norm, activation.
struct conv {
  int out = 0, kernel = 3, stride = 1;
  activation act = activation::relu;
  batch_norm_rule norm{};
  padding pad = padding::symmetric;
  friend constexpr bool operator==(const conv&, const conv&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    return list.conv_bn(from, out, kernel, stride, act, norm, 1, pad);
  }
  std::string text() const {
    const std::string side = std::to_string(kernel);
    return "conv" + side + "x" + side + " s" + std::to_string(stride);
  }
};

/// When a residual block's shortcut is a 1x1 convolution with batch norm instead of the identity.
enum class projection : std::uint8_t { when_shapes_differ, always };

namespace detail {
/// Identity, or conv 1x1 (stride) + batch norm, as the residual families of the paper and of torchvision have it.
template <class List>
constexpr value_id shortcut(layer_builder<List> list, value_id from, int out, int stride, projection project, batch_norm_rule norm) {
  const bool same = stride == 1 && list.shape_of(from).c == out;
  return same && project == projection::when_shapes_differ ? from : list.batch_norm(list.convolution(from, out, 1, stride, 0), norm);
}
}  // namespace detail

/// Residual block of two 3x3 convolutions (spec: Partial Order Pruning, paper 3.1; He et al. 2016). The stride is on the first;
/// no activation after the second batch norm nor on the projection; one after the sum.
struct basic {
  int out = 0, stride = 1;
  projection project = projection::when_shapes_differ;
  activation act = activation::relu;
  batch_norm_rule norm{};
  friend constexpr bool operator==(const basic&, const basic&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const value_id skip = detail::shortcut(list, from, out, stride, project, norm);
    const value_id middle = list.conv_bn(from, out, 3, stride, act, norm);
    return list.activate(list.add(list.conv_bn(middle, out, 3, 1, activation::none, norm), skip), act);
  }
  std::string text() const { return "basic s" + std::to_string(stride) + (project == projection::always ? " projected" : ""); }
};

/// Residual block 1x1, 3x3 (carries the stride), 1x1. `middle` = 0 means out / 4.
struct bottleneck {
  int out = 0, stride = 1, middle = 0;
  projection project = projection::when_shapes_differ;
  activation act = activation::relu;
  batch_norm_rule norm{};
  friend constexpr bool operator==(const bottleneck&, const bottleneck&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const int narrow = middle > 0 ? middle : out / 4;
    const value_id skip = detail::shortcut(list, from, out, stride, project, norm);
    const value_id reduced = list.conv_bn(from, narrow, 1, 1, act, norm);
    const value_id spatial = list.conv_bn(reduced, narrow, 3, stride, act, norm);
    return list.activate(list.add(list.conv_bn(spatial, out, 1, 1, activation::none, norm), skip), act);
  }
  std::string text() const {
    return "bottleneck m" + std::to_string(middle > 0 ? middle : out / 4) + " s" + std::to_string(stride) +
           (project == projection::always ? " projected" : "");
  }
};

/// Maximum over a window; padding never wins.
struct max_pool {
  int kernel = 2, stride = 2, pad = 0;
  friend constexpr bool operator==(const max_pool&, const max_pool&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.max_pool(from, kernel, stride, pad); }
  std::string text() const { return "max_pool" + std::to_string(kernel) + " s" + std::to_string(stride); }
};

/// Mean over a window; padding does not count.
struct average_pool {
  int kernel = 2, stride = 2, pad = 0;
  friend constexpr bool operator==(const average_pool&, const average_pool&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.average_pool(from, kernel, stride, pad); }
  std::string text() const { return "average_pool" + std::to_string(kernel) + " s" + std::to_string(stride); }
};

/// Mean over all pixels: 1 x 1 x C.
struct global_average_pool {
  friend constexpr bool operator==(const global_average_pool&, const global_average_pool&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.global_average_pool(from); }
  std::string text() const { return "global_average_pool"; }
};

/// Fully connected with bias.
template <int Out>
struct linear {
  static_assert(Out > 0, "hasse: linear<N> needs N >= 1 outputs, for instance linear<10> for ten classes");
  friend constexpr bool operator==(const linear&, const linear&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.linear(from, Out > 0 ? Out : 1); }
  std::string text() const { return "linear"; }
};

/// Bilinear resize to H x W, corners not aligned.
template <int H, int W>
struct resize {
  static_assert(H > 0 && W > 0, "hasse: resize<H, W> needs a size of at least 1 x 1");
  friend constexpr bool operator==(const resize&, const resize&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.resize(from, H > 0 ? H : 1, W > 0 ? W : 1); }
  std::string text() const { return "resize"; }
};

/// Bilinear resize to H x W, corners aligned.
template <int H, int W>
struct corner_resize {
  static_assert(H > 0 && W > 0, "hasse: corner_resize<H, W> needs a size of at least 1 x 1");
  friend constexpr bool operator==(const corner_resize&, const corner_resize&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.corner_resize(from, H > 0 ? H : 1, W > 0 ? W : 1); }
  std::string text() const { return "corner_resize"; }
};

/// Factor times as large, by a frozen bilinear transposed convolution.
template <int Factor>
struct upsample {
  static_assert(Factor > 0, "hasse: upsample<Factor> needs a factor of at least 1");
  friend constexpr bool operator==(const upsample&, const upsample&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.upsample(from, Factor > 0 ? Factor : 1); }
  std::string text() const { return "upsample" + std::to_string(Factor); }
};

/// Averages over H x W windows that cover the image.
template <int H, int W>
struct adaptive_average_pool {
  static_assert(H > 0 && W > 0, "hasse: adaptive_average_pool<H, W> needs at least 1 x 1 windows");
  friend constexpr bool operator==(const adaptive_average_pool&, const adaptive_average_pool&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.adaptive_average_pool(from, H > 0 ? H : 1, W > 0 ? W : 1); }
  std::string text() const { return "adaptive_average_pool"; }
};

/// Makes nothing and names what it reads as an output of the network: tap<"c4">{} between two specs. Names are unique, so it does not
/// stand in a stage, which repeats its blocks.
template <fixed_string Name>
struct tap {
  friend constexpr bool operator==(const tap&, const tap&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.output(Name.view(), from); }
  std::string text() const { return "tap " + std::string(Name.view()); }
};

/// What a spec makes of an input shape, without its layers.
struct lowered_form {
  int count = 0;  ///< layers
  feature_shape out{};
  refused_layer first{};  ///< the first layer that cannot be
  bool hands_out = false; ///< its last value is a named output
};

/// `second`: the shape of the second value that a joining spec reads.
template <class Type>
constexpr lowered_form trace_of(const Type& spec, feature_shape in, feature_shape second = {}) {
  layer_trace trace(in, second);
  const layer_builder<layer_trace> list{trace};
  if constexpr (requires { spec.lower(list, 0, second_input); }) {
    if (second.c > 0) {
      trace.finish(spec.lower(list, 0, second_input));
      return {static_cast<int>(trace.size()), trace.shape_of(static_cast<value_id>(trace.size())), trace.first(), trace.hands_out_last()};
    }
  }
  if constexpr (requires { spec.lower(list, 0); }) trace.finish(spec.lower(list, 0));
  return {static_cast<int>(trace.size()), trace.shape_of(static_cast<value_id>(trace.size())), trace.first(), trace.hands_out_last()};
}

/// The layers of one spec on one input shape, at most 256. layers_of<spec, shape>() takes as many as there are.
template <class Type>
constexpr fixed_layers<256> layers_of(const Type& spec, feature_shape in) {
  fixed_layers<256> list{.input = in};
  spec.lower(layer_builder<fixed_layers<256>>{list}, 0);
  return list;
}

}  // namespace hasse
