// The operators that become layers with windows or weights. Used by read.inl alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <hasse/onnx/detail/reader.hpp>

namespace hasse::detail {

/// One direction of a window: how many zeros before, and how many outputs.
struct onnx_window {
  int before = 0, out = 0;
};

/// Of `in` pixels, with what the attributes say of padding and rounding. `out` is 0 where nothing is left.
inline onnx_window window_of(std::int64_t in, std::int64_t kernel, std::int64_t stride, std::int64_t before, std::int64_t behind, const std::string& automatic, bool up) {
  if (automatic == "SAME_UPPER" || automatic == "SAME_LOWER") {
    const std::int64_t out = (in + stride - 1) / stride, both = std::max<std::int64_t>(0, (out - 1) * stride + kernel - in);
    return {static_cast<int>(automatic == "SAME_UPPER" ? both / 2 : both - both / 2), static_cast<int>(out)};
  }
  if (automatic == "VALID") before = behind = 0;
  const std::int64_t room = in + before + behind - kernel;
  if (room < 0) return {};
  std::int64_t out = (room + (up ? stride - 1 : 0)) / stride + 1;
  if (up && (out - 1) * stride >= in + before) --out;  // a window that would begin behind the image
  return {static_cast<int>(before), static_cast<int>(out)};
}

/// The square window of a node over `in`, its padding and its output's sides.
template <class Refuse>
layer checked_window(feature_shape in, const std::vector<std::int64_t>& kernel, const std::vector<std::int64_t>& strides, const std::vector<std::int64_t>& dilations,
                     const std::vector<std::int64_t>& pads, const std::string& automatic, bool up, Refuse refuse) {
  constexpr std::int64_t most = 4096;
  if (kernel.size() != 2 || strides.size() != 2 || dilations.size() != 2 || pads.size() != 4)
    refuse("has a window of another number of dimensions than two", "give a network for images");
  for (const auto* each : {&kernel, &strides, &dilations})
    for (const std::int64_t side : *each)
      if (side < 1 || side > most) refuse("has a kernel, stride or dilation of " + std::to_string(side) + ", and 1 to 4096 is possible", "check the file");
  for (const std::int64_t side : pads)
    if (side < 0 || side > most) refuse("has pads of " + std::to_string(side) + ", and 0 to 4096 is possible", "crop by other means, or export the network without");
  const auto pair = [](const std::vector<std::int64_t>& of) { return std::to_string(of[0]) + "x" + std::to_string(of[1]); };
  if (kernel[0] != kernel[1]) refuse("has kernel_shape " + pair(kernel) + ", and layers here have square windows", "replace it by square convolutions and train again");
  if (strides[0] != strides[1]) refuse("has strides " + pair(strides) + ", and layers here have one stride", "replace it by a layer of one stride and train again");
  if (kernel[0] > 1 && (dilations[0] != 1 || dilations[1] != 1)) refuse("has dilations " + pair(dilations) + ", and no layer here is dilated", "replace it by layers without dilation and train again");
  if (automatic != "NOTSET" && automatic != "VALID" && automatic != "SAME_UPPER" && automatic != "SAME_LOWER") refuse("has auto_pad " + in_quotes(automatic), "check the file");
  layer made;
  made.in = in, made.kernel = static_cast<int>(kernel[0]), made.stride = static_cast<int>(strides[0]);
  const onnx_window rows = window_of(in.h, kernel[0], strides[0], pads[0], pads[2], automatic, up), columns = window_of(in.w, kernel[1], strides[1], pads[1], pads[3], automatic, up);
  made.pad_top = rows.before, made.pad_left = columns.before;
  made.out = {rows.out, columns.out, in.c};
  if (rows.out < 1 || columns.out < 1) refuse("leaves nothing of " + std::to_string(in.h) + "x" + std::to_string(in.w) + " pixels", "read the file for larger images");
  if (made.pad_bottom() < 0 || made.pad_right() < 0)
    refuse("has pads " + std::to_string(pads[0]) + ", " + std::to_string(pads[1]) + ", " + std::to_string(pads[2]) + ", " + std::to_string(pads[3]) +
               ", and layers here have as many zeros behind the image as before it, or one more",
           "pad alike on both sides and train again");
  return made;
}

inline void onnx_reader::convolution(const onnx_node& node) {
  onnx_value& value = settled(node, 0, true);
  demand_axes(value, "NCHW");
  const onnx_constant weight = known(node, 1, "weights");
  if (weight.dims.size() != 4) refuse("has weights of " + std::to_string(weight.dims.size()) + " dimensions, and a convolution of images has 4", "give a network for images");
  const feature_shape in = layers_.shape_of(value.id);
  sides pads = wholes(node, "pads", {0, 0, 0, 0});
  const std::string automatic = text(node, "auto_pad", "NOTSET");
  if (value.is_padded() && automatic != "NOTSET" && automatic != "VALID") refuse("has auto_pad behind a Pad");
  for (std::size_t i = 0; i < 4 && i < pads.size(); ++i) pads[i] = std::clamp<std::int64_t>(pads[i], -4097, 4097) + value.pads[i];
  const auto say = [&](const std::string& problem, const std::string& remedy) { refuse(problem, remedy); };
  if (const sides kernel = wholes(node, "kernel_shape", {weight.dims[2], weight.dims[3]}); kernel != sides{weight.dims[2], weight.dims[3]}) refuse("has another kernel_shape than its weights", onnx_remedy_);
  layer made = checked_window(in, {weight.dims[2], weight.dims[3]}, wholes(node, "strides", {1, 1}), wholes(node, "dilations", {1, 1}), pads, value.is_padded() ? "NOTSET" : automatic, false, say);
  const std::int64_t groups = whole(node, "group", 1), out = weight.dims[0];
  if (groups < 1 || out < 1 || groups > in.c || in.c % groups != 0 || out % groups != 0 || weight.dims[1] != in.c / groups || out > (1 << 20))
    refuse("has weights of " + std::to_string(out) + " x " + std::to_string(weight.dims[1]) + " channels in " + std::to_string(groups) + " groups and reads " + std::to_string(in.c), onnx_remedy_);
  made.kind = layer_kind::convolution, made.input = value.id, made.groups = static_cast<int>(groups), made.out.c = static_cast<int>(out);
  onnx_weights own{.weight = floats(weight)};
  if (has_input(node, 2)) own.bias = vector_of(node, 2, "bias", made.out.c);
  made.bias = !own.bias.empty();
  give(node, value_of(layers_.push(made, std::move(own))));
}

inline void onnx_reader::pool(const onnx_node& node) {
  const bool largest = node.kind == "MaxPool";
  onnx_value& value = settled(node, 0, true);
  demand_axes(value, "NCHW");
  if (node.outputs.size() > 1 && readers_.contains(node.outputs[1])) refuse("hands out where its maxima were, which no layer does");
  const feature_shape in = layers_.shape_of(value.id);
  sides kernel = wholes(node, "kernel_shape"), pads = wholes(node, "pads", {0, 0, 0, 0});
  const bool covers = kernel == sides{in.h, in.w} && pads == sides{0, 0, 0, 0} && !value.is_padded();
  if (covers && kernel[0] != kernel[1] && !largest) return give(node, value_of(layers_.build([&](auto builder) { return builder.global_average_pool(value.id); })));
  bool counts = !largest && whole(node, "count_include_pad", 0) != 0;
  if (value.is_padded()) {
    // Zeros are as good as nothing to a maximum of what is not negative.
    const bool is_positive = value.id > 0 && layers_.item(value.id).kind == layer_kind::activation && layers_.item(value.id).act != activation::hard_swish && layers_.item(value.id).act != activation::swish;
    if (largest && !is_positive) refuse("reads what a Pad makes of numbers that may be negative");
    if (!largest && !counts && pads != sides{0, 0, 0, 0}) refuse("has pads that do not count behind a Pad that does");
    counts = !largest;
    for (std::size_t i = 0; i < 4 && i < pads.size(); ++i) pads[i] = std::clamp<std::int64_t>(pads[i], -4097, 4097) + value.pads[i];
  }
  const bool up = whole(node, "ceil_mode", 0) != 0;
  const auto say = [&](const std::string& problem, const std::string& remedy) { refuse(problem, remedy); };
  const std::string automatic = text(node, "auto_pad", "NOTSET");
  if (pads == sides{0, 0, 0, 0} && !automatic.starts_with("SAME")) counts = false;  // what ceil_mode adds never counts
  layer made = checked_window(in, kernel, wholes(node, "strides", {1, 1}), wholes(node, "dilations", {1, 1}), pads, automatic, up, say);
  made.input = value.id;
  const bool is_padded = made.pad_top + made.pad_left + made.pad_bottom() + made.pad_right() > 0;
  if (counts && is_padded) {
    // An average over zeros, too, is a convolution of equal weights.
    if (up) {
      const layer down = checked_window(in, kernel, wholes(node, "strides", {1, 1}), {1, 1}, pads, automatic, false, say);
      if (down.out != made.out) refuse("has ceil_mode and count_include_pad together, and the window at the end counts pixels of its own", "leave one of them out");
    }
    const std::int64_t taps = std::int64_t{made.kernel} * made.kernel;
    layers_.spend(taps * in.c);
    made.out.c = in.c;
    return give(node, value_of(layers_.depthwise(value.id, std::vector<float>(static_cast<std::size_t>(taps * in.c), 1.0f / static_cast<float>(taps)), {}, made)));
  }
  if (made.pad_top >= made.kernel || made.pad_left >= made.kernel) refuse("has windows that see only padding", "pad less than the kernel");
  made.kind = largest ? layer_kind::max_pool : layer_kind::average_pool;
  give(node, value_of(layers_.push(made)));
}

inline void onnx_reader::batch_norm(const onnx_node& node) {
  onnx_value& value = settled(node, 0);
  if (value.axes != "NCHW" && value.axes != "NC") demand_axes(value, "NCHW");
  if (whole(node, "training_mode", 0) != 0) refuse("is in training mode", "export the network for inference, as after model.eval()");
  if (whole(node, "spatial", 1) != 1) refuse("has spatial 0: statistics for each pixel");
  const double millionths = static_cast<double>(real(node, "epsilon", 1e-5f)) * 1e6;
  if (!(millionths >= 0 && millionths <= 1e9)) refuse("has an epsilon of " + std::to_string(millionths * 1e-6), onnx_remedy_);
  const int whole_millionths = static_cast<int>(millionths + 1e-3), channels = layers_.shape_of(value.id).c;
  const double keep = static_cast<double>(real(node, "momentum", 0.9f)) * 100;
  const batch_norm_rule rule{.epsilon_millionths = whole_millionths, .keep_percent = keep > 0 && keep < 100 ? std::clamp(static_cast<int>(std::lround(keep)), 1, 99) : 90};
  onnx_weights own{.scale = vector_of(node, 1, "scale", channels), .shift = vector_of(node, 2, "shift", channels), .mean = vector_of(node, 3, "mean", channels), .variance = vector_of(node, 4, "variance", channels)};
  if (std::abs(millionths - whole_millionths) > 1e-3)  // what the rule cannot say joins the variance
    for (float& each : own.variance) each = static_cast<float>(each + (millionths - whole_millionths) * 1e-6);
  const std::string axes = value.axes;
  const value_id made = layers_.build([&](auto builder) { return builder.batch_norm(value.id, rule); });
  layers_.weights_of(made) = std::move(own);
  give(node, value_of(made, axes));
}

/// The transposed convolution that enlarges by bilinear weights, each channel by itself.
inline void onnx_reader::upsample(const onnx_node& node) {
  onnx_value& value = settled(node, 0);
  demand_axes(value, "NCHW");
  const onnx_constant weight = known(node, 1, "weights");
  const sides strides = wholes(node, "strides", {1, 1}), pads = wholes(node, "pads", {0, 0, 0, 0});
  const int channels = layers_.shape_of(value.id).c;
  const auto no = [&] { refuse("is no bilinear enlargement, which is the one transposed convolution that layers here have", "resize and convolve instead, and train again"); };
  if (strides.size() != 2 || strides[0] != strides[1] || strides[0] < 1 || strides[0] > 64 || has_input(node, 2) || whole(node, "group", 1) != channels) no();
  const int factor = static_cast<int>(strides[0]), kernel = upsampling_kernel(factor), pad = (kernel - factor) / 2;
  if (weight.dims != sides{channels, 1, kernel, kernel} || pads != sides{pad, pad, pad, pad} || node.find("output_padding") || node.find("output_shape") || text(node, "auto_pad", "NOTSET") != "NOTSET") no();
  const std::vector<float> given = floats(weight);
  const auto share = [&](std::size_t tap) { return 1 - std::abs(static_cast<double>(tap) - (kernel - 1) / 2.0) / factor; };
  const auto side = static_cast<std::size_t>(kernel);
  for (std::size_t i = 0; i < given.size(); ++i)
    if (std::abs(given[i] - share(i / side % side) * share(i % side)) > 1e-6) no();
  give(node, value_of(layers_.build([&](auto builder) { return builder.upsample(value.id, factor); })));
}

/// Averages over windows that cover an image, as two products with what each pixel gives to each window: rows x image, then that x columns.
inline void onnx_reader::adaptive_pool(const onnx_node& node) {
  const bool is_rows = input(node, 0).is_known;
  onnx_value value = changed(node, is_rows ? 1 : 0);
  const onnx_constant by = known(node, is_rows ? 0 : 1, "shares");
  const auto no = [&] { refuse("multiplies the sides of an image by a matrix, and only averages over windows that cover it are read", "use an adaptive average pool"); };
  if (value.axes != "NCHW" || by.dims.size() != 2 || is_rows != (value.pooled_rows == 0)) no();
  const int rows = std::exchange(value.pooled_rows, 0);
  if (value.is_padded()) no();
  layers_.settle(value);
  const feature_shape in = layers_.shape_of(value.id);
  const std::int64_t from = is_rows ? in.h : in.w, to = by.dims[is_rows ? 0 : 1];
  if (by.dims[is_rows ? 1 : 0] != from || to < 1 || to > from) no();
  const std::vector<float> given = floats(by);
  for (std::int64_t window = 0; window < to; ++window) {
    const std::int64_t first = window * from / to, last = ((window + 1) * from + to - 1) / to;
    for (std::int64_t pixel = 0; pixel < from; ++pixel) {
      const double share = pixel >= first && pixel < last ? 1.0 / static_cast<double>(last - first) : 0;
      if (std::abs(given[static_cast<std::size_t>(is_rows ? window * from + pixel : pixel * to + window)] - share) > 1e-6) no();
    }
  }
  if (is_rows) {
    value.pooled_rows = static_cast<int>(to), value.dims[2] = to;
    return give(node, std::move(value));
  }
  give(node, value_of(layers_.build([&](auto builder) { return builder.adaptive_average_pool(value.id, rows, static_cast<int>(to)); })));
}

/// Gemm and MatMul.
inline void onnx_reader::linear(const onnx_node& node) {
  const bool is_gemm = node.kind == "Gemm";
  if (!is_gemm && (input(node, 0).is_known || input(node, 0).pooled_rows > 0)) return adaptive_pool(node);
  onnx_value& value = settled(node, 0);
  if (value.axes != "NC" && value.axes != "NF" && value.axes != "NG") refuse("multiplies a tensor of " + std::to_string(value.dims.size()) + " dimensions, and images are flattened before a linear layer", "put a Flatten before it");
  const onnx_constant weight = known(node, 1, "weights");
  if (is_gemm && whole(node, "transA", 0) != 0) refuse("has transA");
  if (weight.dims.size() != 2) refuse("has weights of " + std::to_string(weight.dims.size()) + " dimensions, and 2 are needed");
  const bool is_row_major = is_gemm && whole(node, "transB", 0) != 0;  // a row for each output
  const std::int64_t in = layers_.shape_of(value.id).size(), out = weight.dims[is_row_major ? 0 : 1];
  if (weight.dims[is_row_major ? 1 : 0] != in || out < 1 || out > (1 << 20)) refuse("has weights of " + std::to_string(weight.dims[0]) + " x " + std::to_string(weight.dims[1]) + " and reads " + std::to_string(in) + " numbers", "read the file for images of the size that it was exported for");
  const float alpha = is_gemm ? real(node, "alpha", 1) : 1, beta = is_gemm ? real(node, "beta", 1) : 1;
  const std::vector<float> given = floats(weight);
  const feature_shape shape = layers_.shape_of(value.id);
  const auto pixels = static_cast<std::size_t>(shape.pixels()), channels = static_cast<std::size_t>(shape.c), rows = static_cast<std::size_t>(out), columns = static_cast<std::size_t>(in);
  const bool by_channel = value.axes == "NF";  // channels first in the file, last here
  onnx_weights own;
  own.weight.resize(rows * columns);
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t column = 0; column < columns; ++column) {
      const std::size_t from = by_channel ? column % channels * pixels + column / channels : column;
      own.weight[row * columns + column] = given[is_row_major ? row * columns + from : from * rows + row] * alpha;
    }
  if (is_gemm && has_input(node, 2)) {
    const onnx_constant& bias = known(node, 2, "bias");
    if (bias.count() != 1 && bias.count() != out) refuse("has a bias of " + std::to_string(bias.count()) + " numbers for " + std::to_string(out) + " outputs", onnx_remedy_);
    own.bias = floats(bias);
    own.bias.resize(rows, own.bias.empty() ? 0.0f : own.bias[0]);
    for (float& each : own.bias) each *= beta;
  }
  const value_id made = layers_.build([&](auto builder) { return builder.linear(value.id, static_cast<int>(out), !own.bias.empty()); });
  layers_.weights_of(made) = std::move(own);
  give(node, value_of(made, "NC"));
}

inline void onnx_reader::resize(const onnx_node& node) {
  onnx_value& value = settled(node, 0);
  demand_axes(value, "NCHW");
  const feature_shape in = layers_.shape_of(value.id);
  if (node.find("axes")) refuse("has axes");
  const bool is_old = node.kind == "Upsample" || graph_.opset < 11;
  std::vector<double> scales;
  if (const onnx_attribute* given = node.find("scales")) scales.assign(given->reals.begin(), given->reals.end());
  else if (has_input(node, is_old ? 1 : 2)) scales = numbers(known(node, is_old ? 1 : 2, "scales"));
  std::int64_t out[2] = {0, 0};
  if (!scales.empty()) {
    if (scales.size() != 4 || scales[0] != 1 || scales[1] != 1) refuse("has scales that are not 1, 1, one for the height and one for the width");
    for (std::size_t i : {0u, 1u}) {
      const double side = (i == 0 ? in.h : in.w) * scales[i + 2];
      if (!(side >= 1 && side <= 1 << 20) || side - std::floor(side + 1e-4) > 1e-3) refuse("has a scale of " + std::to_string(scales[i + 2]) + " that makes no whole number of " + std::to_string(i == 0 ? in.h : in.w) + " pixels", "resize to whole sides");
      out[i] = static_cast<std::int64_t>(std::floor(side + 1e-4));
    }
  } else {
    const sides to = has_input(node, 3) ? wholes(node, 3, "sizes") : sides{};
    if (to.size() != 4 || to[0] != value.dims[0] || to[1] != in.c) refuse("has no scales and no sizes of images x channels x height x width");
    out[0] = to[2], out[1] = to[3];
  }
  for (const std::int64_t side : out)
    if (side < 1 || side > 1 << 20) refuse("resizes to " + std::to_string(side) + " pixels", onnx_remedy_);
  const std::string mode = text(node, "mode", "nearest"), from = text(node, "coordinate_transformation_mode", is_old ? "asymmetric" : "half_pixel");
  const bool keeps = out[0] == in.h && out[1] == in.w;
  if (mode == "linear" || mode == "bilinear") {
    if (from == "align_corners") return give(node, value_of(layers_.build([&](auto builder) { return builder.corner_resize(value.id, static_cast<int>(out[0]), static_cast<int>(out[1])); })));
    const bool is_half = from == "half_pixel" || (from == "pytorch_half_pixel" && out[0] > 1 && out[1] > 1);
    if (!is_half && !keeps) refuse("is linear with coordinates " + in_quotes(from) + ", and half_pixel and align_corners are what layers here have", "export it with one of them");
    if (whole(node, "antialias", 0) != 0 && (out[0] < in.h || out[1] < in.w)) refuse("has antialias");
    return give(node, value_of(layers_.build([&](auto builder) { return builder.resize(value.id, static_cast<int>(out[0]), static_cast<int>(out[1])); })));
  }
  if (mode != "nearest") refuse("has mode " + in_quotes(mode) + ", and linear or nearest is needed", "export it with mode linear");
  if (keeps) return give(node, value);
  const std::int64_t times = out[0] / in.h;
  if (times < 1 || times > 64 || out[0] != in.h * times || out[1] != in.w * times)
    refuse("is nearest from " + std::to_string(in.h) + "x" + std::to_string(in.w) + " to " + std::to_string(out[0]) + "x" + std::to_string(out[1]) + ", and a whole multiple is needed", "resize by a whole number, or with mode linear");
  const std::string rounding = text(node, "nearest_mode", is_old ? "floor" : "round_prefer_floor");
  const bool is_asymmetric = from == "asymmetric", is_half = from == "half_pixel" || from == "pytorch_half_pixel";
  if (!(is_asymmetric && rounding == "floor") && !(is_half && rounding.starts_with("round_prefer"))) refuse("is nearest with coordinates " + in_quotes(from) + " and rounding " + in_quotes(rounding), "export it with half_pixel and round_prefer_floor, or asymmetric and floor");
  // Every pixel becomes a square of itself: its channels side by side, once for each pixel of the square, then one upon another.
  const std::int64_t copies = times * times;
  if (in.c * copies > 1 << 20) refuse("makes " + std::to_string(copies) + " pixels of one of " + std::to_string(in.c) + " channels at once", "resize in several steps");
  value_id all = value.id;
  for (std::int64_t have = 1; have < copies;) {
    const bool twice = 2 * have <= copies;
    all = layers_.build([&](auto builder) { return builder.concat(all, twice ? all : value.id); });
    have += twice ? have : 1;
  }
  give(node, value_of(layers_.build([&](auto builder) { return builder.depth_to_space(all, static_cast<int>(times)); })));
}

}  // namespace hasse::detail
