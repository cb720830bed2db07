// Layers and their weights while a graph is read, and the values that nodes hand on: a value of the list, and what is still to be done to
// it. Used by the reader alone.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/model.hpp>
#include <hasse/onnx/detail/constant.hpp>
#include <hasse/space/layer_builder.hpp>

namespace hasse::detail {

/// A tensor of the graph: a constant, or value `id` of the list, its channels picked, then multiplied and moved, then clipped to 0 .. 6, then
/// padded. Of `axes` there is a letter per dimension: N, C, H and W; F for all of an image, channels first, and G, channels last; g and k
/// for channels in groups.
struct onnx_value {
  bool is_known = false;
  onnx_constant known{};
  value_id id = no_value;
  std::vector<std::int64_t> dims{};
  std::string axes{};
  std::vector<int> pick{};                 ///< none: every channel
  std::vector<double> factor{}, shift{};   ///< one, or one for each channel; none: 1 and 0
  bool clipped = false;
  std::array<std::int64_t, 4> pads{};      ///< top, left, bottom, right
  int pooled_rows = 0;                     ///< the first half of an adaptive average pool: rows that were averaged to so many
  bool sole = true;                        ///< nobody else reads what is still to be changed

  bool is_padded() const { return pads != std::array<std::int64_t, 4>{} || pooled_rows > 0; }
};

/// Those of one layer, by role.
struct onnx_weights {
  std::vector<float> weight{}, bias{}, scale{}, shift{}, mean{}, variance{};
};

class onnx_layers {
 public:
  layer_list list{};
  std::vector<onnx_weights> weights{};
  std::vector<std::string> nodes{};
  std::string node{};  ///< that is being read

  feature_shape shape_of(value_id value) const { return list.shape_of(value); }
  layer& item(value_id value) { return list.items[static_cast<std::size_t>(value - 1)]; }
  onnx_weights& weights_of(value_id value) { return weights[static_cast<std::size_t>(value - 1)]; }

  /// Before numbers are made that no file holds, or moved in it: a graph may ask for more than a machine has.
  void spend(std::int64_t numbers) {
    constexpr std::int64_t most = std::int64_t{1} << 28;
    if (numbers < 0 || numbers > most - spent_) throw error("asks for more than 2^28 numbers that are not in the file");
    spent_ += numbers;
  }

  value_id push(const layer& made, onnx_weights own = {}) {
    if (!has_extent(made.out)) throw error("would have an output of " + std::to_string(made.out.h) + "x" + std::to_string(made.out.w) + "x" + std::to_string(made.out.c));
    if (list.size() >= most_layers) throw error("makes more than " + std::to_string(most_layers) + " layers");
    list.append(made);
    weights.push_back(std::move(own));
    nodes.push_back(node);
    return static_cast<value_id>(list.size());
  }
  /// What a call of the builder makes.
  template <class Make>
  value_id build(Make make) {
    if (list.size() >= most_layers) throw error("makes more than " + std::to_string(most_layers) + " layers");
    const value_id made = make(layer_builder<layer_list>{list});
    if (made == static_cast<value_id>(weights.size()) + 1) weights.emplace_back(), nodes.push_back(node);
    if (!has_extent(shape_of(made))) throw error("would have an absurdly large output");
    return made;
  }

  /// Does what is still to be done to a value; padding may stay where the caller reads it.
  void settle(onnx_value& value, bool keep_padding = false) {
    if (value.is_known) return;
    settle_pick(value);
    settle_scale(value);
    if (std::exchange(value.clipped, false)) value.id = build([&](auto builder) { return builder.activate(value.id, activation::relu6); });
    if (value.pooled_rows > 0) throw error("reads an image whose rows alone are averaged");
    if (value.is_padded() && !keep_padding) throw error("reads what a Pad makes, and only a convolution or an average pool can read that");
  }

  /// Channels of every pixel each by itself: y = factor x + shift; windows of ones where `kernel` is larger.
  value_id depthwise(value_id from, std::vector<float> weight, std::vector<float> bias, layer window = {}) {
    const feature_shape in = shape_of(from);
    layer made = window;
    made.kind = layer_kind::convolution, made.input = from, made.in = in, made.groups = in.c;
    if (made.out == feature_shape{}) made.out = in;
    made.bias = !bias.empty();
    return push(made, {.weight = std::move(weight), .bias = std::move(bias)});
  }

  /// The list without what nobody reads, and its weights.
  void prune(std::span<const value_id> outputs, std::vector<value_id>& renamed) {
    std::vector<bool> needed(list.size() + 1, false);
    for (const value_id output : outputs) needed[static_cast<std::size_t>(output)] = true;
    for (std::size_t i = list.size(); i-- > 0;) {
      if (!needed[i + 1]) continue;
      needed[static_cast<std::size_t>(list.items[i].input)] = true;
      if (list.items[i].other != no_value) needed[static_cast<std::size_t>(list.items[i].other)] = true;
    }
    renamed.assign(list.size() + 1, 0);
    std::size_t kept = 0;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (!needed[i + 1]) continue;
      layer made = list.items[i];
      made.input = renamed[static_cast<std::size_t>(made.input)];
      if (made.other != no_value) made.other = renamed[static_cast<std::size_t>(made.other)];
      list.items[kept] = made;
      if (kept != i) weights[kept] = std::move(weights[i]), nodes[kept] = std::move(nodes[i]);
      renamed[i + 1] = static_cast<value_id>(++kept);
    }
    list.items.resize(kept), weights.resize(kept), nodes.resize(kept);
  }

 private:
  static constexpr std::size_t most_layers = std::size_t{1} << 16;

  void settle_pick(onnx_value& value) {
    if (value.pick.empty()) return;
    const int channels = shape_of(value.id).c;
    bool all = static_cast<int>(value.pick.size()) == channels;
    for (int i = 0; all && i < channels; ++i) all = value.pick[static_cast<std::size_t>(i)] == i;
    if (!all) {
      // A product with a matrix of zeros and ones, exact to the bit.
      const auto out = static_cast<std::int64_t>(value.pick.size());
      spend(out * channels);
      std::vector<float> matrix(static_cast<std::size_t>(out * channels), 0.0f);
      for (std::size_t i = 0; i < value.pick.size(); ++i) matrix[i * static_cast<std::size_t>(channels) + static_cast<std::size_t>(value.pick[i])] = 1;
      value.id = build([&](auto builder) { return builder.convolution(value.id, static_cast<int>(out), 1); });
      weights_of(value.id).weight = std::move(matrix);
      value.sole = true;
    }
    value.pick.clear();
  }

  void settle_scale(onnx_value& value) {
    if (value.factor.empty() && value.shift.empty()) return;
    const auto channels = static_cast<std::size_t>(shape_of(value.id).c);
    if (value.factor.empty()) value.factor = {1};
    if (value.shift.empty()) value.shift = {0};
    if (value.factor.size() == 1) value.factor.assign(channels, value.factor[0]);
    if (value.shift.size() == 1) value.shift.assign(channels, value.shift[0]);
    const std::vector<double> factor = std::move(value.factor), shift = std::move(value.shift);
    value.factor.clear(), value.shift.clear();
    const bool none = std::all_of(factor.begin(), factor.end(), [](double each) { return std::abs(each - 1) < 1e-6; }) &&
                      std::all_of(shift.begin(), shift.end(), [](double each) { return each == 0; });
    if (none) return;
    const bool joins = value.sole && value.id > 0 && (item(value.id).kind == layer_kind::convolution || item(value.id).kind == layer_kind::linear);
    if (!joins) {
      spend(static_cast<std::int64_t>(2 * channels));
      value.id = depthwise(value.id, {factor.begin(), factor.end()}, {shift.begin(), shift.end()});
      return;
    }
    layer& made = item(value.id);
    onnx_weights& own = weights_of(value.id);
    made.bias = true;
    own.bias.resize(channels, 0.0f);
    const std::size_t row = own.weight.size() / channels;
    for (std::size_t c = 0; c < channels; ++c) {
      if (factor[c] != 1)
        for (std::size_t i = c * row; i < (c + 1) * row; ++i) own.weight[i] = static_cast<float>(own.weight[i] * factor[c]);
      own.bias[c] = static_cast<float>(own.bias[c] * factor[c] + shift[c]);
    }
  }

  std::int64_t spent_ = 0;
};

}  // namespace hasse::detail
