// ONNX files read back by a parser of the tests and run by a plain interpreter, for one image, N x C x H x W.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

#include "../support/catch.hpp"

namespace onnx_test {

struct field {
  int number = 0;
  std::int64_t whole = 0;
  std::string bytes;
  float real = 0;
};

inline std::vector<field> fields(std::string_view bytes) {
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
  std::vector<std::string> inputs, outputs;
  std::string name, kind;
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
  std::map<std::string, std::int64_t> types{};  // of inputs and outputs: 1 float, 7 whole numbers
};

inline graph parse(const std::string& bytes) {
  graph result;
  const auto port = [&](const std::string& info) {
    std::string name;
    for (const field& item : fields(info)) {
      if (item.number == 1) name = item.bytes;
      if (item.number != 2) continue;
      const auto type = fields(fields(item.bytes).at(0).bytes);
      result.types[name] = type.at(0).whole;
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
          if (of.number == 2) made.outputs.push_back(of.bytes);
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

/// x and y value by value; sides of 1 are repeated.
inline tensor combined(const tensor& x, const tensor& y, const std::function<float(float, float)>& what) {
  const std::size_t rank = std::max(x.dims.size(), y.dims.size());
  const auto side = [&](const tensor& of, std::size_t axis) { return axis + of.dims.size() < rank ? 1 : of.dims[axis + of.dims.size() - rank]; };
  tensor result{std::vector<std::int64_t>(rank), {}};
  std::int64_t size = 1;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    const std::int64_t left = side(x, axis), right = side(y, axis);
    REQUIRE((left == right || left == 1 || right == 1));
    size *= result.dims[axis] = left == 1 ? right : left;
  }
  for (std::int64_t index = 0; index < size; ++index) {
    std::int64_t rest = index, at_x = 0, at_y = 0, step_x = 1, step_y = 1;
    for (std::size_t axis = rank; axis-- > 0;) {
      const std::int64_t at = rest % result.dims[axis];
      rest /= result.dims[axis];
      at_x += side(x, axis) == 1 ? 0 : at * step_x, step_x *= side(x, axis);
      at_y += side(y, axis) == 1 ? 0 : at * step_y, step_y *= side(y, axis);
    }
    result.data.push_back(what(x.data.at(static_cast<std::size_t>(at_x)), y.data.at(static_cast<std::size_t>(at_y))));
  }
  return result;
}

/// Sides before, at and behind an axis.
inline std::array<std::int64_t, 3> around(const tensor& of, std::size_t axis) {
  std::array<std::int64_t, 3> result{1, of.dims.at(axis), 1};
  for (std::size_t i = 0; i < of.dims.size(); ++i) result[i < axis ? 0 : 2] *= i == axis ? 1 : of.dims[i];
  return result;
}

inline tensor joined(const std::vector<tensor>& parts, std::size_t axis) {
  tensor result{parts.at(0).dims, {}};
  result.dims.at(axis) = 0;
  for (const tensor& part : parts) {
    for (std::size_t i = 0; i < part.dims.size(); ++i) REQUIRE((i == axis || part.dims[i] == parts[0].dims[i]));
    result.dims[axis] += part.dims[axis];
  }
  for (std::int64_t before = 0; before < around(result, axis)[0]; ++before)
    for (const tensor& part : parts) {
      const auto row = around(part, axis)[1] * around(part, axis)[2];
      result.data.insert(result.data.end(), part.data.begin() + before * row, part.data.begin() + (before + 1) * row);
    }
  return result;
}

inline tensor gathered(const tensor& from, const tensor& indices, std::size_t axis) {
  const auto [outer, side, inner] = around(from, axis);
  tensor result{from.dims, {}};
  result.dims.erase(result.dims.begin() + static_cast<std::ptrdiff_t>(axis));
  result.dims.insert(result.dims.begin() + static_cast<std::ptrdiff_t>(axis), indices.dims.begin(), indices.dims.end());
  for (std::int64_t i = 0; i < outer; ++i)
    for (const std::int64_t index : indices.wholes)
      for (std::int64_t k = 0; k < inner; ++k) {
        const auto at = static_cast<std::size_t>((i * side + index) * inner + k);
        if (from.wholes.empty()) result.data.push_back(from.data.at(at));
        else result.wholes.push_back(from.wholes.at(at));
      }
  return result;
}

inline tensor transposed(const tensor& from, const std::vector<std::int64_t>& axes) {
  tensor result{{}, {}};
  std::vector<std::int64_t> steps(axes.size(), 1), own;
  for (std::size_t i = axes.size() - 1; i-- > 0;) steps[i] = steps[i + 1] * from.dims[i + 1];
  for (const std::int64_t axis : axes) result.dims.push_back(from.dims.at(static_cast<std::size_t>(axis))), own.push_back(steps.at(static_cast<std::size_t>(axis)));
  for (std::size_t index = 0; index < from.data.size(); ++index) {
    std::int64_t rest = static_cast<std::int64_t>(index), at = 0;
    for (std::size_t i = axes.size(); i-- > 0;) at += rest % result.dims[i] * own[i], rest /= result.dims[i];
    result.data.push_back(from.data[static_cast<std::size_t>(at)]);
  }
  return result;
}

/// NonMaxSuppression of one picture: of the boxes of a class that are left, the best is kept, and what overlaps it by more is not left.
inline tensor suppressed_by_definition(const tensor& boxes, const tensor& scores, std::int64_t most, float overlap, float least) {
  tensor result{{0, 3}, {}};
  const std::int64_t count = boxes.dims.at(1);
  const auto corner = [&](std::int64_t anchor, int which) { return boxes.data[static_cast<std::size_t>(4 * anchor + which)]; };
  const auto shared = [&](std::int64_t a, std::int64_t b) {
    const auto side = [&](int axis) { return std::max(0.0f, std::min(corner(a, axis + 2), corner(b, axis + 2)) - std::max(corner(a, axis), corner(b, axis))); };
    return side(0) * side(1);
  };
  for (std::int64_t kind = 0; kind < scores.dims.at(1); ++kind) {
    std::vector<std::int64_t> left;
    const auto score = [&](std::int64_t anchor) { return scores.data[static_cast<std::size_t>(kind * count + anchor)]; };
    for (std::int64_t anchor = 0; anchor < count; ++anchor)
      if (score(anchor) > least) left.push_back(anchor);
    for (std::int64_t kept = 0; kept < most && !left.empty(); ++kept) {
      const std::int64_t best = *std::max_element(left.begin(), left.end(), [&](std::int64_t a, std::int64_t b) { return score(a) < score(b); });
      result.wholes.insert(result.wholes.end(), {0, kind, best});
      ++result.dims[0];
      std::erase_if(left, [&](std::int64_t other) {
        return other == best || shared(best, other) / (shared(best, best) + shared(other, other) - shared(best, other)) > overlap;
      });
    }
  }
  return result;
}

/// All values of the graph for one image, as the operators' documentation says.
inline std::map<std::string, tensor> run_all(const graph& of, const tensor& image) {
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
      std::vector<tensor> parts;
      for (std::size_t i = 0; i < step.inputs.size(); ++i) parts.push_back(with(i));
      y = joined(parts, static_cast<std::size_t>(step.attributes.at("axis").whole));
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
    } else if (step.kind == "Add" || step.kind == "Sub" || step.kind == "Mul") {
      y = combined(x, with(1), [&](float a, float b) { return step.kind == "Add" ? a + b : step.kind == "Sub" ? a - b : a * b; });
    } else if (step.kind == "Sigmoid") {
      each([&](std::size_t i) { return 1 / (1 + std::exp(-x.data[i])); });
    } else if (step.kind == "Relu") {
      each([&](std::size_t i) { return std::max(x.data[i], 0.0f); });
    } else if (step.kind == "Clip") {
      each([&](std::size_t i) { return std::clamp(x.data[i], with(1).data.at(0), with(2).data.at(0)); });
    } else if (step.kind == "HardSigmoid") {
      each([&](std::size_t i) { return std::clamp(step.attributes.at("alpha").real * x.data[i] + step.attributes.at("beta").real, 0.0f, 1.0f); });
    } else if (step.kind == "Exp") {
      each([&](std::size_t i) { return std::exp(x.data[i]); });
    } else if (step.kind == "Sign") {
      each([&](std::size_t i) { return static_cast<float>((x.data[i] > 0) - (x.data[i] < 0)); });
    } else if (step.kind == "Softmax") {
      REQUIRE(step.attributes.at("axis").whole == static_cast<std::int64_t>(x.dims.size()) - 1);
      const auto row = static_cast<std::size_t>(x.dims.back());
      for (std::size_t from = 0; from < x.data.size(); from += row) {
        float sum = 0;
        for (std::size_t i = from; i < from + row; ++i) sum += y.data[i] = std::exp(x.data[i]);
        for (std::size_t i = from; i < from + row; ++i) y.data[i] /= sum;
      }
    } else if (step.kind == "ReduceMin") {
      REQUIRE((step.attributes.at("axes").wholes == std::vector<std::int64_t>{2} && x.dims.at(2) == 2));
      y = {{x.dims[0], x.dims[1], 1}, {}};
      for (std::size_t i = 0; i < x.data.size(); i += 2) y.data.push_back(std::min(x.data[i], x.data[i + 1]));
    } else if (step.kind == "Cast") {
      REQUIRE(step.attributes.at("to").whole == 1);
      y = x;
    } else if (step.kind == "Transpose") {
      y = transposed(x, step.attributes.at("perm").wholes);
    } else if (step.kind == "Reshape") {
      y.dims = with(1).wholes;
      for (std::size_t i = 0; i < y.dims.size(); ++i) y.dims[i] = y.dims[i] == 0 ? x.dims[i] : y.dims[i];
      std::int64_t known = 1;
      for (const std::int64_t side : y.dims) known *= side < 0 ? 1 : side;
      for (std::int64_t& side : y.dims) side = side < 0 ? static_cast<std::int64_t>(x.data.size()) / known : side;
    } else if (step.kind == "Slice") {
      REQUIRE(with(3).wholes == std::vector<std::int64_t>{2});
      std::vector<std::int64_t> taken(static_cast<std::size_t>(with(2).wholes.at(0) - with(1).wholes.at(0)));
      std::iota(taken.begin(), taken.end(), with(1).wholes[0]);
      y = gathered(x, {{static_cast<std::int64_t>(taken.size())}, {}, taken}, 2);
    } else if (step.kind == "Squeeze") {
      REQUIRE((with(1).wholes == std::vector<std::int64_t>{0} && x.dims.at(0) == 1));
      y.dims.erase(y.dims.begin());
    } else if (step.kind == "Gather") {
      y = gathered(x, with(1), static_cast<std::size_t>(step.attributes.at("axis").whole));
    } else if (step.kind == "GatherND") {
      const tensor& places = with(1);
      REQUIRE((places.dims.at(1) == 3 && x.dims.size() == 3));
      y = {{places.dims[0]}, {}};
      for (std::size_t i = 0; i < places.wholes.size(); i += 3)
        y.data.push_back(x.data.at(static_cast<std::size_t>((places.wholes[i] * x.dims[1] + places.wholes[i + 1]) * x.dims[2] + places.wholes[i + 2])));
    } else if (step.kind == "NonMaxSuppression") {
      y = suppressed_by_definition(x, with(1), with(2).wholes.at(0), with(3).data.at(0), with(4).data.at(0));
    } else if (step.kind == "Shape") {
      y = {{static_cast<std::int64_t>(x.dims.size())}, {}, x.dims};
    } else if (step.kind == "Min") {
      for (std::size_t i = 0; i < x.wholes.size(); ++i) y.wholes[i] = std::min(x.wholes[i], with(1).wholes.at(i));
    } else if (step.kind == "TopK") {
      tensor order{{with(1).wholes.at(0)}, {}, std::vector<std::int64_t>(x.data.size())};
      std::iota(order.wholes.begin(), order.wholes.end(), std::int64_t{0});
      std::stable_sort(order.wholes.begin(), order.wholes.end(), [&](std::int64_t a, std::int64_t b) { return x.data[static_cast<std::size_t>(a)] > x.data[static_cast<std::size_t>(b)]; });
      order.wholes.resize(static_cast<std::size_t>(order.dims[0]));
      y = gathered(x, order, 0);
      CHECK(values.emplace(step.outputs.at(1), order).second);
    } else {
      REQUIRE(step.kind == "Identity");
    }
    CHECK(values.emplace(step.outputs.at(0), y).second);
  }
  return values;
}
inline std::vector<float> run(const graph& of, const tensor& image, const std::string& output = "logits") { return run_all(of, image).at(output).data; }

}  // namespace onnx_test
