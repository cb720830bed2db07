// ONNX files are read back by a parser of this test and run by a plain NCHW interpreter: structure, names and numbers.
// Where Python's onnx (Debian: python3-onnx) and ONNX Runtime are installed, their checker and their numbers are asked as well.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <set>

#include <unistd.h>

#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/supernet/proxyless_space.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {

struct field {
  int number = 0;
  std::int64_t whole = 0;
  std::string bytes;
  float real = 0;
};

std::vector<field> fields(std::string_view bytes) {
  std::vector<field> result;
  std::size_t at = 0;
  const auto varint = [&] {
    std::uint64_t value = 0;
    for (int shift = 0;; shift += 7) {
      const auto byte = static_cast<unsigned char>(bytes.at(at++));
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.size()) {
    const std::uint64_t tag = varint();
    field item{.number = static_cast<int>(tag >> 3), .bytes = {}};
    if ((tag & 7) == 0) item.whole = static_cast<std::int64_t>(varint());
    else if ((tag & 7) == 5) std::memcpy(&item.real, bytes.substr(at).data(), 4), at += 4;
    else {
      REQUIRE((tag & 7) == 2);
      const std::size_t length = varint();
      REQUIRE(length <= bytes.size() - at);
      item.bytes = bytes.substr(at, length), at += length;
    }
    result.push_back(std::move(item));
  }
  return result;
}

struct tensor {
  std::vector<std::int64_t> dims;
  std::vector<float> data;
  std::vector<std::int64_t> wholes{};
};

struct attribute {
  std::int64_t whole = 0;
  float real = 0;
  std::string text;
  std::vector<std::int64_t> wholes;
};

struct node {
  std::vector<std::string> inputs;
  std::string output, name, kind;
  std::map<std::string, attribute> attributes;
};

struct graph {
  std::int64_t ir = 0, opset = 0;
  std::string name, batch;
  std::vector<node> nodes;
  std::map<std::string, tensor> initializers;
  std::map<std::string, std::string> metadata;
  std::map<std::string, std::vector<std::int64_t>> ports;  // inputs and outputs; a symbolic side is -1
  std::vector<std::string> outputs{};
};

graph parse(const std::string& bytes) {
  graph result;
  const auto port = [&](const std::string& info) {
    std::string name;
    for (const field& item : fields(info)) {
      if (item.number == 1) name = item.bytes;
      if (item.number != 2) continue;
      const auto type = fields(fields(item.bytes).at(0).bytes);
      CHECK(type.at(0).whole == 1);
      for (const field& dim : fields(type.at(1).bytes)) {
        const field side = fields(dim.bytes).at(0);
        if (side.number == 2) result.batch = side.bytes;
        result.ports[name].push_back(side.number == 1 ? side.whole : -1);
      }
    }
  };
  for (const field& part : fields(bytes)) {
    if (part.number == 1) result.ir = part.whole;
    if (part.number == 8) result.opset = fields(part.bytes).at(1).whole;
    if (part.number == 14) result.metadata[fields(part.bytes).at(0).bytes] = fields(part.bytes).at(1).bytes;
    if (part.number != 7) continue;
    for (const field& item : fields(part.bytes)) {
      if (item.number == 2) result.name = item.bytes;
      if (item.number == 11 || item.number == 12) port(item.bytes);
      if (item.number == 12) result.outputs.push_back(fields(item.bytes).at(0).bytes);
      if (item.number == 1) {
        node made;
        for (const field& of : fields(item.bytes)) {
          if (of.number == 1) made.inputs.push_back(of.bytes);
          if (of.number == 2) made.output = of.bytes;
          if (of.number == 3) made.name = of.bytes;
          if (of.number == 4) made.kind = of.bytes;
          if (of.number != 5) continue;
          attribute value;
          std::string name;
          for (const field& piece : fields(of.bytes)) {
            if (piece.number == 1) name = piece.bytes;
            if (piece.number == 2) value.real = piece.real;
            if (piece.number == 3) value.whole = piece.whole;
            if (piece.number == 4) value.text = piece.bytes;
            if (piece.number == 8) value.wholes.push_back(piece.whole);
          }
          made.attributes[name] = value;
        }
        result.nodes.push_back(made);
      }
      if (item.number == 5) {
        tensor made;
        std::string name, raw;
        std::int64_t type = 0;
        for (const field& of : fields(item.bytes)) {
          if (of.number == 1) made.dims.push_back(of.whole);
          if (of.number == 2) type = of.whole;
          if (of.number == 8) name = of.bytes;
          if (of.number == 9) raw = of.bytes;
        }
        if (type == 1) made.data.resize(raw.size() / 4), std::memcpy(made.data.data(), raw.data(), raw.size());
        else made.wholes.resize(raw.size() / 8), std::memcpy(made.wholes.data(), raw.data(), raw.size());
        CHECK(result.initializers.emplace(name, made).second);
      }
    }
  }
  return result;
}

/// One output of the graph for one image, as the operators' documentation says.
std::vector<float> run(const graph& of, const tensor& image, const std::string& output = "logits") {
  std::map<std::string, tensor> values = of.initializers;
  values["images"] = image;
  for (const node& step : of.nodes) {
    const tensor x = values.at(step.inputs.at(0));
    tensor y = x;
    const auto each = [&](const std::function<float(std::size_t)>& what) {
      for (std::size_t i = 0; i < x.data.size(); ++i) y.data[i] = what(i);
    };
    const auto with = [&](std::size_t input) -> const tensor& { return values.at(step.inputs.at(input)); };
    const auto windows = [&](std::int64_t out_channels, const std::function<float(std::int64_t, std::int64_t, std::int64_t)>& at_output) {
      const auto& kernel = step.attributes.at("kernel_shape").wholes;
      const auto& stride = step.attributes.at("strides").wholes;
      const auto pads = step.attributes.contains("pads") ? step.attributes.at("pads").wholes : std::vector<std::int64_t>(4);
      y.dims = {1, out_channels, (x.dims[2] + pads[0] + pads[2] - kernel[0]) / stride[0] + 1, (x.dims[3] + pads[1] + pads[3] - kernel[1]) / stride[1] + 1};
      y.data.clear();
      for (std::int64_t c = 0; c < out_channels; ++c)
        for (std::int64_t h = 0; h < y.dims[2]; ++h)
          for (std::int64_t w = 0; w < y.dims[3]; ++w) y.data.push_back(at_output(c, h * stride[0] - pads[0], w * stride[1] - pads[1]));
    };
    const auto pixel = [&](std::int64_t c, std::int64_t h, std::int64_t w) {
      return x.data.at(static_cast<std::size_t>((c * x.dims[2] + h) * x.dims[3] + w));
    };
    const auto inside = [&](std::int64_t h, std::int64_t w) { return h >= 0 && w >= 0 && h < x.dims[2] && w < x.dims[3]; };
    if (step.kind == "Conv") {
      const tensor& weight = with(1);
      const std::int64_t side = weight.dims[2], per_group = weight.dims[1], group = step.attributes.at("group").whole;
      CHECK(step.attributes.at("kernel_shape").wholes == std::vector<std::int64_t>{side, weight.dims[3]});
      windows(weight.dims[0], [&](std::int64_t c, std::int64_t top, std::int64_t left) {
        double sum = step.inputs.size() > 2 ? static_cast<double>(with(2).data.at(static_cast<std::size_t>(c))) : 0.0;
        for (std::int64_t i = 0; i < per_group; ++i)
          for (std::int64_t h = 0; h < side; ++h)
            for (std::int64_t w = 0; w < side; ++w)
              if (inside(top + h, left + w))
                sum += double(weight.data.at(static_cast<std::size_t>(((c * per_group + i) * side + h) * side + w))) *
                       double(pixel(c / (weight.dims[0] / group) * per_group + i, top + h, left + w));
        return static_cast<float>(sum);
      });
    } else if (step.kind == "MaxPool" || step.kind == "AveragePool") {
      const bool padded = step.attributes.contains("pads");
      if (step.kind == "AveragePool" && padded) CHECK(step.attributes.at("count_include_pad").whole == 0);
      const std::int64_t side = step.attributes.at("kernel_shape").wholes[0], across = step.attributes.at("kernel_shape").wholes[1];
      windows(x.dims[1], [&](std::int64_t c, std::int64_t top, std::int64_t left) {
        float most = -1e30f, sum = 0, count = 0;
        for (std::int64_t h = top; h < top + side; ++h)
          for (std::int64_t w = left; w < left + across; ++w)
            if (inside(h, w)) most = std::max(most, pixel(c, h, w)), sum += pixel(c, h, w), ++count;
        return step.kind == "MaxPool" ? most : sum / count;
      });
    } else if (step.kind == "GlobalAveragePool") {
      y = {{1, x.dims[1], 1, 1}, {}};
      for (std::int64_t c = 0; c < x.dims[1]; ++c) {
        float sum = 0;
        for (std::int64_t h = 0; h < x.dims[2]; ++h)
          for (std::int64_t w = 0; w < x.dims[3]; ++w) sum += pixel(c, h, w);
        y.data.push_back(sum / static_cast<float>(x.dims[2] * x.dims[3]));
      }
    } else if (step.kind == "Resize") {
      const tensor& scales = with(2);
      const bool aligned = step.attributes.at("coordinate_transformation_mode").text == "align_corners";
      if (!aligned) CHECK(step.attributes.at("coordinate_transformation_mode").text == "half_pixel");
      y = {x.dims, {}};
      for (const std::size_t axis : {2u, 3u}) y.dims[axis] = static_cast<std::int64_t>(std::floor(static_cast<float>(x.dims[axis]) * scales.data.at(axis)));
      const auto source = [&](std::int64_t to, std::size_t axis) {
        if (aligned) return y.dims[axis] > 1 ? static_cast<float>(to * (x.dims[axis] - 1)) / static_cast<float>(y.dims[axis] - 1) : 0.0f;
        return std::clamp((static_cast<float>(to) + 0.5f) / scales.data.at(axis) - 0.5f, 0.0f, static_cast<float>(x.dims[axis] - 1));
      };
      for (std::int64_t c = 0; c < x.dims[1]; ++c)
        for (std::int64_t h = 0; h < y.dims[2]; ++h)
          for (std::int64_t w = 0; w < y.dims[3]; ++w) {
            const float row = source(h, 2), column = source(w, 3);
            const auto top = static_cast<std::int64_t>(row), left = static_cast<std::int64_t>(column);
            const std::int64_t bottom = std::min(top + 1, x.dims[2] - 1), right = std::min(left + 1, x.dims[3] - 1);
            const float down = row - static_cast<float>(top), across = column - static_cast<float>(left);
            y.data.push_back((1 - down) * ((1 - across) * pixel(c, top, left) + across * pixel(c, top, right)) +
                             down * ((1 - across) * pixel(c, bottom, left) + across * pixel(c, bottom, right)));
          }
    } else if (step.kind == "ConvTranspose") {
      const tensor& weight = with(1);
      const std::int64_t side = weight.dims[2], stride = step.attributes.at("strides").wholes[0], pad = step.attributes.at("pads").wholes[0];
      CHECK(step.attributes.at("group").whole == x.dims[1]);
      y.dims = {1, x.dims[1], (x.dims[2] - 1) * stride - 2 * pad + side, (x.dims[3] - 1) * stride - 2 * pad + side};
      y.data.assign(static_cast<std::size_t>(y.dims[1] * y.dims[2] * y.dims[3]), 0);
      for (std::int64_t c = 0; c < x.dims[1]; ++c)
        for (std::int64_t h = 0; h < x.dims[2] * side; ++h)
          for (std::int64_t w = 0; w < x.dims[3] * side; ++w) {
            const std::int64_t to_h = h / side * stride - pad + h % side, to_w = w / side * stride - pad + w % side;
            if (to_h < 0 || to_w < 0 || to_h >= y.dims[2] || to_w >= y.dims[3]) continue;
            y.data.at(static_cast<std::size_t>((c * y.dims[2] + to_h) * y.dims[3] + to_w)) +=
                pixel(c, h / side, w / side) * weight.data.at(static_cast<std::size_t>((c * side + h % side) * side + w % side));
          }
    } else if (step.kind == "MatMul") {  // of the last two axes, with one matrix for all channels
      const tensor& right = with(1);
      const std::int64_t planes = std::max(x.dims.size() == 4 ? x.dims[1] : 1, right.dims.size() == 4 ? right.dims[1] : 1);
      const std::int64_t rows = x.dims[x.dims.size() - 2], inner = x.dims.back(), columns = right.dims.back();
      REQUIRE(right.dims[right.dims.size() - 2] == inner);
      y = {{1, planes, rows, columns}, {}};
      for (std::int64_t i = 0; i < planes * rows * columns; ++i) {
        float sum = 0;
        const std::int64_t plane = i / (rows * columns), row = i / columns % rows;
        for (std::int64_t k = 0; k < inner; ++k)
          sum += x.data.at(static_cast<std::size_t>(((x.dims.size() == 4 ? plane : 0) * rows + row) * inner + k)) *
                 right.data.at(static_cast<std::size_t>(((right.dims.size() == 4 ? plane : 0) * inner + k) * columns + i % columns));
        y.data.push_back(sum);
      }
    } else if (step.kind == "Concat") {
      CHECK(step.attributes.at("axis").whole == 1);
      const tensor& other = with(1);
      REQUIRE((other.dims.at(2) == x.dims.at(2) && other.dims.at(3) == x.dims.at(3)));
      y.dims[1] += other.dims[1];
      y.data.insert(y.data.end(), other.data.begin(), other.data.end());
    } else if (step.kind == "Pad") {
      const std::vector<std::int64_t>& pads = with(1).wholes;
      REQUIRE(pads.size() == 8);
      CHECK(std::count(pads.begin(), pads.end(), 0) >= 7);
      y.dims[1] += pads[5];
      y.data.resize(y.data.size() / static_cast<std::size_t>(x.dims[1]) * static_cast<std::size_t>(y.dims[1]), 0.0f);
    } else if (step.kind == "DepthToSpace") {
      CHECK(step.attributes.at("mode").text == "DCR");
      const std::int64_t block = step.attributes.at("blocksize").whole, channels = x.dims[1] / (block * block);
      y = {{1, channels, x.dims[2] * block, x.dims[3] * block}, {}};
      for (std::int64_t c = 0; c < channels; ++c)
        for (std::int64_t h = 0; h < y.dims[2]; ++h)
          for (std::int64_t w = 0; w < y.dims[3]; ++w)
            y.data.push_back(pixel((h % block * block + w % block) * channels + c, h / block, w / block));
    } else if (step.kind == "Flatten") {
      y.dims = {1, static_cast<std::int64_t>(x.data.size())};
    } else if (step.kind == "Unsqueeze") {
      y.dims = {x.dims.at(0), x.dims.at(1), 1, 1};
    } else if (step.kind == "Gemm") {
      const tensor& weight = with(1);
      REQUIRE(weight.dims.at(1) == static_cast<std::int64_t>(x.data.size()));
      y = {{1, weight.dims[0]}, {}};
      for (std::size_t row = 0; row < static_cast<std::size_t>(weight.dims[0]); ++row) {
        double sum = step.inputs.size() > 2 ? double(with(2).data.at(row)) : 0.0;
        for (std::size_t i = 0; i < x.data.size(); ++i) sum += double(weight.data[row * x.data.size() + i]) * double(x.data[i]);
        y.data.push_back(static_cast<float>(sum));
      }
    } else if (step.kind == "Add" || step.kind == "Mul") {
      const tensor& other = with(1);
      const std::size_t pixels = x.data.size() / other.data.size();  // a gate: one number per channel
      REQUIRE((other.dims == x.dims || (step.kind == "Mul" && other.dims == std::vector<std::int64_t>{1, x.dims[1], 1, 1})));
      each([&](std::size_t i) { return step.kind == "Add" ? x.data[i] + other.data[i] : x.data[i] * other.data[i / pixels]; });
    } else if (step.kind == "Sigmoid") {
      each([&](std::size_t i) { return 1 / (1 + std::exp(-x.data[i])); });
    } else if (step.kind == "Relu") {
      each([&](std::size_t i) { return std::max(x.data[i], 0.0f); });
    } else if (step.kind == "Clip") {
      each([&](std::size_t i) { return std::clamp(x.data[i], with(1).data.at(0), with(2).data.at(0)); });
    } else if (step.kind == "HardSigmoid") {
      each([&](std::size_t i) { return std::clamp(step.attributes.at("alpha").real * x.data[i] + step.attributes.at("beta").real, 0.0f, 1.0f); });
    } else {
      REQUIRE(step.kind == "Identity");
    }
    CHECK(values.emplace(step.output, y).second);
  }
  return values.at(output).data;
}

model made(std::string name, feature_shape input, const std::function<void(layer_builder<layer_list>&)>& write) {
  model result{.name = std::move(name), .layers = {.input = input, .items = {}}, .weights = {}};
  layer_builder<layer_list> builder{result.layers};
  write(builder);
  result.weights = parameters<float>(result.layers.items);
  random_source random(7);
  initialise<float>(result.weights, result.layers.items, random);
  for (float& value : result.weights.statistics) value = static_cast<float>(0.5 + random.uniform());
  for (const parameter_tensor& tensor : result.weights.layout.trainable)
    if (tensor.role != parameter_role::weight)
      for (float& value : result.weights.of(tensor)) value = static_cast<float>(random.normal());
  return result;
}

/// Every layer kind, every activation, residuals in both places, odd sizes.
model everything() {
  return made("everything <&> \"quoted\"", {11, 9, 3}, [](layer_builder<layer_list>& b) {
    value_id x = b.batch_norm(0);
    x = b.conv_bn(x, 8, 3, 2, activation::relu, {});
    const value_id shortcut = x;
    x = b.conv_bn(x, 8, 3, 1, activation::relu6, {}, 8);
    x = b.batch_norm(b.convolution(x, 8, 1));
    x = b.activate(b.add(x, shortcut), activation::hard_swish);
    const value_id uneven = b.convolution(x, 8, 3, 2, -1, 1, true, padding::same);  // on 6x5: a zero more below than above
    const value_id deep = b.add(b.max_pool(x, 3, 2, 1), b.activate(uneven, activation::swish));
    x = b.resize(b.average_pool(deep, 3, 2, 1), b.shape_of(deep).h, b.shape_of(deep).w);
    x = b.activate(b.add(x, deep), activation::relu);
    const value_id small = b.activate(b.convolution(b.global_average_pool(x), 3, 1, 1, 0, 1, true), activation::relu);
    x = b.scale(x, b.activate(b.convolution(small, 8, 1, 1, 0, 1, true), activation::hard_sigmoid));
    x = b.scale(x, b.activate(b.linear(small, 8), activation::sigmoid));
    x = b.activate(x, activation::swish);
    x = b.activate(b.concat(x, b.convolution(x, 3, 1)), activation::relu);
    x = b.convolution(b.depth_to_space(b.pad_channels(x, 12), 2), 8, 3, 2);
    x = b.convolution(x, 12, 3, 1, 1, 4, true);
    x = b.activate(b.linear(x, 16), activation::hard_swish);
    x = b.add(x, b.activate(b.linear(x, 16, false), activation::relu6));
    const value_id flat = x;
    x = b.convolution(x, 16, 1);
    x = b.concat(b.add(x, flat), flat);
    b.linear(b.global_average_pool(x), 5);
  });
}

/// The outputs of a detector: two that layers read on (one in the middle of what would be folded), maps, rows, and the image itself.
model several() {
  return made("several", {9, 7, 3}, [](layer_builder<layer_list>& b) {
    b.output("seen", 0);
    const value_id raw = b.output("raw", b.convolution(0, 6, 3, 2));
    const value_id deep = b.output("c4", b.activate(b.batch_norm(raw), activation::relu));
    b.output("scores", b.linear(b.global_average_pool(deep), 5));
    const value_id sum = b.add(b.conv_bn(deep, 6, 3, 1, activation::none, {}), deep);
    b.output("boxes", b.convolution(b.activate(sum, activation::hard_swish), 4, 1, 1, 0, 1, true));
  });
}

/// All outputs of the network in one order: H, W, C.
std::vector<std::vector<float>> own_outputs(const model& of, const std::vector<float>& image) {
  reference<float> backend;
  inference_network<reference<float>> network(backend, of.layers, 1, of.weights);
  std::copy(image.begin(), image.end(), network.input());
  network.run();
  std::vector<std::vector<float>> all;
  for (int i = 0; i < network.output_count(); ++i) all.emplace_back(network.output(i), network.output(i) + network.output_shape(i).size());
  return all;
}
std::vector<float> own_logits(const model& of, const std::vector<float>& image) { return own_outputs(of, image).at(0); }

std::vector<float> random_image(feature_shape shape) {
  random_source random(3);
  std::vector<float> image(static_cast<std::size_t>(shape.size()));
  for (float& value : image) value = static_cast<float>(random.normal());
  return image;
}

tensor by_channel(feature_shape shape, const std::vector<float>& image) {
  tensor result{{1, shape.c, shape.h, shape.w}, std::vector<float>(image.size())};
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::size_t channels = static_cast<std::size_t>(shape.c), pixels = static_cast<std::size_t>(shape.pixels());
    result.data[i % channels * pixels + i / channels] = image[i];
  }
  return result;
}

double difference(const std::vector<float>& left, const std::vector<float>& right) {
  REQUIRE(left.size() == right.size());
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    worst = std::max(worst, std::abs(double(left[i]) - double(right[i])));
    largest = std::max(largest, std::abs(double(right[i])));
  }
  return worst / std::max(1.0, largest);
}

}  // namespace

TEST_CASE("an ONNX file computes what the network computes") {
  const model spatial = made("linear over pixels", {3, 5, 4}, [](layer_builder<layer_list>& b) { b.linear(b.conv_bn(0, 6, 3, 1, activation::relu, {}), 7); });
  const model features = made("features", {6, 6, 3}, [](layer_builder<layer_list>& b) { b.resize(b.conv_bn(0, 4, 3, 2, activation::relu, {}), 7, 5); });
  const model dense = made("what decoders are made of", {7, 6, 3}, [](layer_builder<layer_list>& b) {
    const value_id coarse = b.conv_bn(0, 4, 3, 2, activation::relu, {});
    const value_id even = b.corner_resize(b.adaptive_average_pool(b.upsample(coarse, 2), 4, 2), 7, 5);
    const value_id odd = b.corner_resize(b.adaptive_average_pool(b.upsample(coarse, 3), 5, 4), 7, 5);
    b.linear(b.average_pool_rounding_up(b.concat(even, odd), 3), 5);
  });
  for (const model& of : {everything(), spatial, dense}) {
    const auto image = random_image(of.layers.input);
    for (const bool symbolic : {false, true})
      CHECK(difference(run(parse(onnx_bytes(of, {.symbolic_batch = symbolic})), by_channel(of.layers.input, image)), own_logits(of, image)) < 1e-5);
  }
  const auto image = random_image(features.layers.input);
  const auto map = run(parse(onnx_bytes(features)), by_channel(features.layers.input, image));
  CHECK(difference(map, by_channel({7, 5, 4}, own_logits(features, image)).data) < 1e-5);
}

TEST_CASE("an ONNX file says what it is") {
  const model of = everything();
  const graph parsed = parse(onnx_bytes(of, {.symbolic_batch = true, .metadata = {{"seed", "7"}, {"mean", "0.5,0.25,0.100000001"}, {"deviation", "1,2,3"}}}));
  CHECK(parsed.ir == 7);
  CHECK(parsed.opset == 13);
  CHECK(parsed.name == of.name);
  CHECK(parsed.metadata == std::map<std::string, std::string>{
                               {"architecture", of.name}, {"seed", "7"}, {"mean", "0.5,0.25,0.100000001"}, {"deviation", "1,2,3"}});
  CHECK(parsed.ports.at("images") == std::vector<std::int64_t>{-1, 3, 11, 9});
  CHECK(parsed.ports.at("logits") == std::vector<std::int64_t>{-1, 5});
  CHECK(parsed.batch == "N");
  CHECK(parse(onnx_bytes(of)).ports.at("images") == std::vector<std::int64_t>{1, 3, 11, 9});
  std::set<std::string> names;
  for (const node& step : parsed.nodes) {
    CHECK(names.insert(step.name).second);
    CHECK(step.kind != "BatchNormalization");
    CHECK(step.kind != "HardSwish");
  }
  CHECK(parsed.initializers.contains("001.convolution.weight"));
  CHECK(onnx_bytes(of) == onnx_bytes(of));
  CHECK_THROWS_AS(onnx_bytes(model{.name = "nothing", .layers = {}, .weights = {}}), error);
  model diverged = of;
  diverged.weights.of(1, parameter_role::weight)[2] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(onnx_bytes(diverged), ContainsSubstring("the parameters hold nan in 001.convolution.weight"));
}

TEST_CASE("an ONNX file has every output under its name", "[onnx]") {
  const model of = several();
  const auto image = random_image(of.layers.input);
  const auto own = own_outputs(of, image);
  for (const bool symbolic : {false, true}) {
    const graph parsed = parse(onnx_bytes(of, {.symbolic_batch = symbolic}));
    CHECK(parsed.outputs == std::vector<std::string>{"seen", "raw", "c4", "scores", "boxes"});
    CHECK(!parsed.ports.contains("logits"));
    const std::int64_t batch = symbolic ? -1 : 1;
    CHECK(parsed.ports.at("raw") == std::vector<std::int64_t>{batch, 6, 5, 4});
    CHECK(parsed.ports.at("scores") == std::vector<std::int64_t>{batch, 5});
    for (int i = 0; i < of.layers.output_count(); ++i) {
      INFO(of.layers.output_name(i));
      const auto found = run(parsed, by_channel(of.layers.input, image), std::string(of.layers.output_name(i)));
      CHECK(difference(found, by_channel(of.layers.output_shape(i), own[static_cast<std::size_t>(i)]).data) < 1e-5);
    }
  }
  model unlucky = of;
  unlucky.layers.outputs[1].name = "images";
  CHECK_THROWS_WITH(onnx_bytes(unlucky), Catch::Matchers::Contains("is called \"images\", as the input of an ONNX file is"));
  unlucky.layers.outputs[1].name = "c4";
  CHECK_THROWS_WITH(onnx_bytes(unlucky), Catch::Matchers::Contains("stands for two values"));
  model one = everything();
  one.layers.append_output("answers", static_cast<value_id>(one.layers.size()));
  CHECK(parse(onnx_bytes(one)).outputs == std::vector<std::string>{"answers"});
}

TEST_CASE("blocks that a search left out are not in an ONNX file") {
  const gated_list list = gated_list_of(proxyless_cifar_tiny());
  const auto exported = [&](const char* choice) {
    model of{choice, list.path(list.parse(choice)), {}};
    of.weights = parameters<float>(of.layers);
    return parse(onnx_bytes(of));
  };
  const auto count = [](const graph& of, const std::string& kind) {
    return std::count_if(of.nodes.begin(), of.nodes.end(), [&](const node& each) { return each.kind == kind; });
  };
  const graph whole = exported("k3e3 k5e6 | k3e3 k5e6 | k3e3 k5e6"), less = exported("k3e3 zero | k3e3 k5e6 | k3e3 zero"),
              least = exported("k3e3 zero | k3e3 zero | k3e3 zero");
  CHECK(count(least, "Conv") == 1 + 2 + 3 * 3 + 1);  // stem, first block, three blocks, the layer before the average
  CHECK(count(less, "Conv") == count(least, "Conv") + 3);
  CHECK(count(whole, "Conv") == count(least, "Conv") + 9);
  CHECK(count(whole, "Add") == count(least, "Add") + 3);
  CHECK(count(whole, "Identity") == count(least, "Identity"));  // nothing stands in their place
}

TEST_CASE("Python's checker accepts ONNX files and ONNX Runtime agrees, where they are installed") {
  const std::string folder = std::filesystem::temp_directory_path() / ("hasse_onnx_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto raw = [&](const std::string& name, const std::vector<float>& values) {
    std::ofstream(folder + "/" + name, std::ios::binary).write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * 4));
  };
  // Debian's interpreter first: another one that is earlier in the path rarely has the package.
  const char* chosen = std::getenv("HASSE_PYTHON");
  const std::string python = chosen ? chosen : std::filesystem::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
  for (const model& of : {everything(), several()})
    for (const bool symbolic : {false, true}) {
      const auto image = random_image(of.layers.input);
      raw("image", by_channel(of.layers.input, image).data);
      std::string answers;
      const auto own = own_outputs(of, image);
      for (int i = 0; i < of.layers.output_count(); ++i) {
        answers += " " + folder + "/answer" + std::to_string(i);
        raw("answer" + std::to_string(i), by_channel(of.layers.output_shape(i), own[static_cast<std::size_t>(i)]).data);
      }
      write_onnx(folder + "/net.onnx", of, {.symbolic_batch = symbolic});
      const int status = std::system((python + " " HASSE_SOURCE_DIR "/tests/result/check_onnx.py " + folder + "/net.onnx " + folder + "/image" + answers).c_str());
      if (status >> 8 == 77) WARN("onnx is not installed for " << python << "; its checker was not asked");
      else CHECK(status == 0);
    }
  std::filesystem::remove_all(folder);
}
