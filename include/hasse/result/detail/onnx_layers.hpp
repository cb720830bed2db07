// The layers of a network as an ONNX graph, batch norm folded, and the file around it. Used by onnx.inl and detector_onnx.inl.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/protobuf.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/model.hpp>
#include <hasse/result/detail/onnx_graph.hpp>
#include <hasse/result/network_metadata.hpp>
#include <hasse/result/onnx_options.hpp>

namespace hasse::detail {

/// The layers of a folded network as a graph that reads "images": one method a construct. What its values mean to whoever asks is
/// written behind them.
class onnx_layer_writer : public onnx_graph_writer {
 public:
  /// A tensor of the graph: N x C x H x W, or N x C after a linear layer.
  struct value {
    std::string name;
    bool flat = false;
  };

  onnx_layer_writer(const fused<layer_list>& folded, const folded_weights<float>& weights, const onnx_options& options)
      : folded_(folded), weights_(weights), symbolic_(options.symbolic_batch) {
    values_.push_back({prepared(options), false});
    for (int i = 0; i < static_cast<int>(folded_.layers.size()); ++i) values_.push_back(write(i));
  }

  const layer_list& layers() const { return folded_.layers; }
  /// Of an output of the network.
  const value& made(int output) const { return values_[at(layers().output(output))]; }
  bool any_batch() const { return symbolic_; }
  onnx_side batch() const { return symbolic_ ? onnx_side("N") : onnx_side(std::int64_t{1}); }
  std::vector<onnx_side> sides(feature_shape shape, bool flat) const {
    std::vector<onnx_side> all{batch(), shape.c};
    if (!flat) all.insert(all.end(), {shape.h, shape.w});
    return all;
  }

 private:
  /// Declares the input, and normalises what it is.
  std::string prepared(const onnx_options& options) {
    const feature_shape in = folded_.layers.input;
    if (options.pixels == pixel_form::normalised) return input("images", sides(in, false)), "images";
    if (!options.metadata.contains("mean") || !options.metadata.contains("deviation"))
      throw error("an ONNX file that normalises pixels inside needs the mean and deviation to do it by; give them as metadata (metadata_of), or pixel_form::normalised");
    const normalisation scale = image_facts_of(options.metadata, in.c, "what an ONNX file says of its images").scale;
    const bool bytes = options.pixels == pixel_form::bytes;
    std::string read = "images";
    if (bytes) {
      input("images", {batch(), in.h, in.w, in.c}, onnx_element::byte);
      node("Transpose", {"images"}, "pixels.planes", protobuf_message().message(5, ints("perm", {0, 3, 1, 2})));
      read = node("Cast", {"pixels.planes"}, "pixels.real", protobuf_message().message(5, whole("to", static_cast<std::int64_t>(onnx_element::real))));
    } else {
      input("images", sides(in, false));
    }
    std::vector<float> factor, shift;
    for (std::size_t c = 0; c < scale.mean.size(); ++c) {
      const double mean = static_cast<double>(scale.mean[c]), deviation = static_cast<double>(scale.deviation[c]);
      factor.push_back(static_cast<float>(1 / (bytes ? 255 * deviation : deviation)));
      shift.push_back(static_cast<float>(-mean / deviation));
    }
    const std::vector<std::int64_t> dims{1, in.c, 1, 1};
    node("Mul", {read, tensor("pixels.factor", dims, factor)}, "pixels.scaled");
    return node("Add", {"pixels.scaled", tensor("pixels.shift", dims, shift)}, "pixels.normalised");
  }

  value write(int index) {
    const layer& item = folded_.layers.items[at(index)];
    const fused_origin& origin = folded_.origins[at(index)];
    const std::string name = numbered(origin.last) + "." + std::string(name_of(item.kind));
    value result{name, false};
    switch (item.kind) {
      case layer_kind::convolution: {
        const std::string source = origin.weights >= 0 ? numbered(origin.weights) + ".convolution" : numbered(origin.norm) + ".batch_norm";
        const std::vector<std::int64_t> dims{item.out.c, item.in.c / item.groups, item.kernel, item.kernel};
        std::vector<std::string> inputs{spatial(item.input), tensor(source + ".weight", dims, weights_.weights(index))};
        if (item.bias) inputs.push_back(tensor(source + ".bias", {item.out.c}, weights_.bias(index)));
        node("Conv", inputs, name, window(item).message(5, ints("dilations", {1, 1})).message(5, whole("group", item.groups)));
        break;
      }
      case layer_kind::linear: {
        const std::string source = numbered(origin.weights) + ".linear";
        node("Flatten", {values_[at(item.input)].name}, name + ".rows", protobuf_message().message(5, whole("axis", 1)));
        std::vector<std::string> inputs{name + ".rows", tensor(source + ".weight", {item.out.c, item.in.size()}, by_channel(item, weights_.weights(index)))};
        if (item.bias) inputs.push_back(tensor(source + ".bias", {item.out.c}, weights_.bias(index)));
        node("Gemm", inputs, name, protobuf_message().message(5, whole("transB", 1)));
        result.flat = true;
        break;
      }
      case layer_kind::max_pool: node("MaxPool", {spatial(item.input)}, name, window(item)); break;
      case layer_kind::average_pool:
        node("AveragePool", {spatial(item.input)}, name, window(item).message(5, whole("count_include_pad", 0)));
        break;
      case layer_kind::global_average_pool: node("GlobalAveragePool", {spatial(item.input)}, name); break;
      case layer_kind::resize:
      case layer_kind::corner_resize: {
        const char* const rule = item.kind == layer_kind::resize ? "half_pixel" : "align_corners";
        const std::vector<float> scales{1, 1, scale(item.in.h, item.out.h), scale(item.in.w, item.out.w)};
        node("Resize", {spatial(item.input), "", tensor(name + ".scales", {4}, std::span<const float>(scales))}, name,
             protobuf_message().message(5, word("mode", "linear")).message(5, word("coordinate_transformation_mode", rule)));
        break;
      }
      case layer_kind::upsample: {
        const int kernel = upsampling_kernel(item.stride), pad = (kernel - item.stride) / 2;
        const std::vector<float> weights = upsampling_weights(item, kernel);
        node("ConvTranspose", {spatial(item.input), tensor(name + ".weight", {item.in.c, 1, kernel, kernel}, weights)}, name,
             protobuf_message()
                 .message(5, ints("kernel_shape", {kernel, kernel}))
                 .message(5, ints("strides", {item.stride, item.stride}))
                 .message(5, ints("pads", {pad, pad, pad, pad}))
                 .message(5, whole("group", item.in.c)));
        break;
      }
      case layer_kind::adaptive_average_pool: {
        if (item.in.h % item.out.h == 0 && item.in.w % item.out.w == 0) {  // windows of one size
          const std::vector<std::int64_t> sides{item.in.h / item.out.h, item.in.w / item.out.w};
          node("AveragePool", {spatial(item.input)}, name, protobuf_message().message(5, ints("kernel_shape", sides)).message(5, ints("strides", sides)));
        } else {
          const std::vector<float> rows = window_shares(item.in.h, item.out.h, false), columns = window_shares(item.in.w, item.out.w, true);
          node("MatMul", {tensor(name + ".rows", {item.out.h, item.in.h}, rows), spatial(item.input)}, name + ".of_rows");
          node("MatMul", {name + ".of_rows", tensor(name + ".columns", {item.in.w, item.out.w}, columns)}, name);
        }
        break;
      }
      case layer_kind::concat:
        node("Concat", {spatial(item.input), spatial(item.other)}, name, protobuf_message().message(5, whole("axis", 1)));
        break;
      case layer_kind::pad_channels: {
        const std::int64_t pads[] = {0, 0, 0, 0, 0, item.out.c - item.in.c, 0, 0};  // before N, C, H, W; behind them
        node("Pad", {spatial(item.input), tensor(name + ".pads", {8}, std::span<const std::int64_t>(pads))}, name);
        break;
      }
      case layer_kind::depth_to_space:
        node("DepthToSpace", {spatial(item.input)}, name,
             protobuf_message().message(5, whole("blocksize", item.stride)).message(5, word("mode", "DCR")));
        break;
      case layer_kind::scale: node("Mul", {spatial(item.input), spatial(item.other)}, name); break;
      case layer_kind::add:
      case layer_kind::activation: result = values_[at(item.input)]; break;
      case layer_kind::batch_norm: throw error("an ONNX file holds no batch norm; fold the network with fold_for_inference first");
    }
    if (item.adds_other()) {  // an add, or the residual of a convolution
      value other = values_[at(item.other)];
      if (result.flat != other.flat) result = {flat_to_spatial(result), false}, other = {flat_to_spatial(other), false};
      node("Add", {result.name, other.name}, name + ".sum");
      result.name = name + ".sum";
    }
    return {activated(item.act, result.name, name), result.flat};
  }

  std::string activated(activation act, const std::string& from, const std::string& name) {
    switch (act) {
      case activation::none: return from;
      case activation::relu: node("Relu", {from}, name + ".relu"); return name + ".relu";
      case activation::relu6: {
        const float bounds[] = {0, 6};
        node("Clip", {from, tensor(name + ".least", {}, std::span(bounds, 1)), tensor(name + ".most", {}, std::span(bounds + 1, 1))}, name + ".relu6");
        return name + ".relu6";
      }
      case activation::hard_swish:
        node("Mul", {from, activated(activation::hard_sigmoid, from, name)}, name + ".hard_swish");
        return name + ".hard_swish";
      case activation::sigmoid: node("Sigmoid", {from}, name + ".sigmoid"); return name + ".sigmoid";
      case activation::hard_sigmoid:
        node("HardSigmoid", {from}, name + ".gate", protobuf_message().message(5, real("alpha", 1.0f / 6)).message(5, real("beta", 0.5f)));
        return name + ".gate";
      case activation::swish:
        node("Mul", {from, activated(activation::sigmoid, from, name)}, name + ".swish");
        return name + ".swish";
    }
    throw error("an activation that the ONNX writer does not know");
  }

  /// The value as N x C x H x W.
  std::string spatial(value_id id) { return flat_to_spatial(values_[at(id)]); }
  std::string flat_to_spatial(const value& from) {
    if (!from.flat) return from.name;
    const std::string name = from.name + ".spatial." + std::to_string(++reshapes_);
    const std::int64_t axes[] = {2, 3};
    node("Unsqueeze", {from.name, tensor(name + ".axes", {2}, std::span<const std::int64_t>(axes))}, name);
    return name;
  }

  /// Linear weights read H, W, C; what Flatten makes of N x C x H x W is C, H, W.
  static std::vector<float> by_channel(const layer& item, std::span<const float> weights) {
    std::vector<float> result(weights.begin(), weights.end());
    const std::size_t pixels = static_cast<std::size_t>(item.in.pixels()), channels = static_cast<std::size_t>(item.in.c);
    for (std::size_t row = 0; row < weights.size(); row += pixels * channels)
      for (std::size_t pixel = 0; pixel < pixels; ++pixel)
        for (std::size_t c = 0; c < channels; ++c) result[row + c * pixels + pixel] = weights[row + pixel * channels + c];
    return result;
  }

  /// The bilinear weights of the transposed convolution that an upsampling is, for each channel.
  static std::vector<float> upsampling_weights(const layer& item, int kernel) {
    std::vector<float> weights;
    const auto at = [&](int tap) { return 1 - std::abs(tap - (kernel - 1) / 2.0) / item.stride; };
    for (int channel = 0; channel < item.in.c; ++channel)
      for (int y = 0; y < kernel; ++y)
        for (int x = 0; x < kernel; ++x) weights.push_back(static_cast<float>(at(y) * at(x)));
    return weights;
  }

  /// What each of `in` pixels along one axis gives to the average of each of `out` windows, a row for each window or for each pixel.
  static std::vector<float> window_shares(int in, int out, bool by_pixel) {
    std::vector<float> shares(at(in) * at(out));
    for (int window = 0; window < out; ++window) {
      const int first = static_cast<int>(std::int64_t{window} * in / out), last = static_cast<int>(((std::int64_t{window} + 1) * in + out - 1) / out);
      for (int pixel = first; pixel < last; ++pixel)
        shares[by_pixel ? at(pixel) * at(out) + at(window) : at(window) * at(in) + at(pixel)] = 1.0f / static_cast<float>(last - first);
    }
    return shares;
  }

  /// The smallest float at which floor(in * scale) is `out`, so that rounding cannot lose a row.
  static float scale(int in, int out) {
    float factor = static_cast<float>(out) / static_cast<float>(in);
    while (std::floor(static_cast<float>(in) * factor) < static_cast<float>(out) || std::floor(in * static_cast<double>(factor)) < out)
      factor = std::nextafter(factor, std::numeric_limits<float>::max());
    return factor;
  }

  static std::string numbered(int index) {
    const std::string digits = std::to_string(index);
    return std::string(digits.size() < 3 ? 3 - digits.size() : 0, '0') + digits;
  }

  static protobuf_message window(const layer& item) {
    return protobuf_message()
        .message(5, ints("kernel_shape", {item.kernel, item.kernel}))
        .message(5, ints("strides", {item.stride, item.stride}))
        .message(5, ints("pads", {item.pad_top, item.pad_left, item.pad_bottom(), item.pad_right()}));
  }

  const fused<layer_list>& folded_;
  const folded_weights<float>& weights_;
  bool symbolic_;
  int reshapes_ = 0;
  std::vector<value> values_;
};

/// A file of a network; `finish` writes the outputs of the graph.
template <class Finish>
std::string onnx_file(const model& network, const onnx_options& options, const Finish& finish) {
  if (network.layers.items.empty()) throw error("network " + network.name + " has no layers; there is nothing to export");
  check_outputs(network.layers);
  const fused<layer_list> folded = fold_for_inference(network.layers);
  const folded_weights<float> weights = fold_weights<float>(network.layers.items, folded.layers.items, folded.origins, network.weights);
  if (weights.values.size() > (std::size_t{1} << 29) - (1u << 20))
    throw error("network " + network.name + " has 2 GiB of weights, more than an ONNX file holds; export it as safetensors");
  network_metadata metadata = options.metadata;
  metadata["architecture"] = network.name;
  if (options.pixels != pixel_form::normalised) metadata["pixels"] = to_text(options.pixels);

  protobuf_message file;
  file.number(1, 7).text(2, "hasse");
  onnx_layer_writer graph(folded, weights, options);
  finish(graph);
  file.message(7, std::move(graph).message(network.name));
  file.message(8, protobuf_message().text(1, "").number(2, 13));
  for (const auto& [key, text] : metadata) file.message(14, protobuf_message().text(1, key).text(2, valid_utf8(text)));
  return std::move(file.bytes);
}

}  // namespace hasse::detail
