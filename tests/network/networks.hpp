// Small networks that the network tests share: shared values, stride 2, projections, pools, a lone batch norm; and random ones.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_builder.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/space/mobile.hpp>

namespace hasse::testing {

/// Residual block; `projected` puts a convolution on the shortcut, before or after the main branch.
template <class List>
constexpr value_id residual(layer_builder<List> list, value_id from, int out, int stride, activation act, bool shortcut_first) {
  const bool projected = stride != 1 || list.shape_of(from).c != out;
  const batch_norm_rule rule{};
  value_id skip = from;
  if (projected && shortcut_first) skip = list.batch_norm(list.convolution(from, out, 1, stride, 0), rule);
  const value_id middle = list.conv_bn(from, out, 3, stride, act, rule);
  const value_id main = list.conv_bn(middle, out, 3, 1, activation::none, rule);
  if (projected && !shortcut_first) skip = list.batch_norm(list.convolution(from, out, 1, stride, 0), rule);
  return list.activate(shortcut_first ? list.add(main, skip) : list.add(skip, main), act);
}

/// Stem, an identity block, two projected blocks of stride 2 (one each way round), global pooling, linear.
template <class List>
constexpr List small_residual(activation act = activation::relu) {
  List layers{};
  layers.input = {9, 8, 3};
  layer_builder<List> list{layers};
  value_id value = list.conv_bn(0, 4, 3, 1, act, {});
  value = residual(list, value, 4, 1, act, false);
  value = residual(list, value, 6, 2, act, true);
  value = residual(list, value, 8, 2, act, false);
  list.linear(list.global_average_pool(value), 5);
  return layers;
}

/// What residual nets do not have: a batch norm after a pool, one with an activation, an add of values that cannot carry it,
/// a value with three readers, an activation that is shared, a depthwise and a biased convolution, a resize.
template <class List>
constexpr List odd_shapes() {
  List layers{};
  layers.input = {8, 6, 4};
  layer_builder<List> list{layers};
  const value_id pooled = list.max_pool(0, 3, 2, 1);
  const value_id normal = list.activate(list.batch_norm(pooled), activation::relu6);
  const value_id deep = list.activate(list.convolution(normal, 4, 3, 1, 1, 4, true), activation::hard_swish);
  const value_id sum = list.add(normal, pooled);
  const value_id twice = list.add(sum, list.batch_norm(deep));
  const value_id rectified = list.activate(list.add(twice, normal), activation::relu);
  const value_id small = list.average_pool(rectified, 2, 2, 0);
  const value_id back = list.resize(small, 4, 3);
  const value_id again = list.add(back, rectified);
  const value_id joined = list.add(again, list.activate(deep, activation::relu));
  list.activate(list.linear(joined, 6), activation::relu);
  return layers;
}

/// The blocks of the mobile families, small: gates of every kind, SAME padding, a residual behind a gate.
inline layer_list mobile_blocks() {
  layer_list layers{.input = {9, 8, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  constexpr padding same = padding::same;
  value_id value = conv{.out = 6, .stride = 2, .act = activation::swish, .pad = same}.lower(list, 0);
  value = mbconv{.out = 6,
                 .expand = 2,
                 .act = activation::swish,
                 .se = {.percent = 50, .rule = rounding::down, .inner = activation::swish},
                 .pad = same}
              .lower(list, value);
  value = mbconv{.out = 5,
                 .stride = 2,
                 .kernel = 5,
                 .expand = 1,
                 .act = activation::relu,
                 .se = {.percent = 40, .rule = rounding::down, .gate = activation::hard_sigmoid},
                 .pad = same}
              .lower(list, value);
  value = fused_mbconv{.out = 5, .expand = 2, .act = activation::hard_swish}.lower(list, value);
  value =
      tucker{.out = 5, .in_percent = 60, .out_percent = 60, .rule = rounding::down, .act = activation::relu6}.lower(list, value);
  value = depthwise_separable{.out = 4, .act = activation::sigmoid}.lower(list, value);
  value = list.global_average_pool(value);
  list.linear(list.activate(list.scale(value, value), activation::hard_sigmoid), 3);
  return layers;
}

/// Values that one layer reads twice, as source and as residual: a batch norm on its own source (first reader of the gradient
/// and not), an add of a value to itself.
inline layer_list twice_read() {
  layer_list layers{.input = {6, 5, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  const value_id begin = list.convolution(0, 5, 3);
  const value_id own = list.activate(list.add(list.batch_norm(begin), begin), activation::relu);
  const value_id again = list.add(own, list.batch_norm(own));
  list.linear(list.add(list.add(again, again), own), 4);
  return layers;
}

/// What multi-scale heads and super-resolution are made of: two branches side by side, a value beside itself, one that is joined,
/// padded and read on, zeros behind channels, and channels that become pixels.
template <class List>
constexpr List joined_branches(activation act = activation::relu) {
  List layers{};
  layers.input = {7, 5, 3};
  layer_builder<List> list{layers};
  const value_id stem = list.conv_bn(0, 4, 3, 1, act, {});
  const value_id fine = list.conv_bn(stem, 3, 3, 1, activation::hard_swish, {});
  const value_id coarse = list.resize(list.conv_bn(stem, 5, 3, 2, act, {}), 7, 5);
  const value_id both = list.concat(fine, coarse);
  const value_id normal = list.activate(list.batch_norm(both), act);
  const value_id wide = list.concat(normal, list.add(both, list.pad_channels(stem, 8)));
  const value_id again = list.concat(list.convolution(wide, 6, 1), list.pad_channels(fine, 6));
  const value_id twice = list.concat(again, again);
  const value_id large = list.depth_to_space(list.activate(twice, act), 2);
  list.linear(list.global_average_pool(list.conv_bn(list.pad_channels(large, 6), 4, 3, 2, act, {})), 3);
  return layers;
}

/// What dense tasks are made of, small: an output between a convolution and its batch norm, one that three layers read (one of them
/// twice), one between a depthwise layer and its projection, one that nobody reads, one after a linear layer.
template <class List>
constexpr List several_outputs(activation act = activation::relu) {
  List layers{};
  layers.input = {8, 6, 3};
  layer_builder<List> list{layers};
  const value_id stem = list.conv_bn(0, 4, 3, 1, act, {});
  const value_id raw = list.output("raw", list.convolution(stem, 6, 3, 2, 1, 1, true));
  const value_id deep = list.output("c4", list.activate(list.batch_norm(raw), act));
  list.output("boxes", list.convolution(deep, 2, 1));
  const value_id twice = list.add(list.add(deep, deep), list.conv_bn(deep, 6, 3, 1, activation::none, {}));
  const value_id spatial = list.output("spatial", list.conv_bn(list.conv_bn(twice, 12, 1, 1, act, {}), 12, 3, 1, act, {}, 12));
  const value_id sum = list.activate(list.add(list.conv_bn(spatial, 6, 1, 1, activation::none, {}), twice), activation::hard_swish);
  list.output("scores", list.linear(list.global_average_pool(sum), 5));
  return layers;
}

/// The list with outputs: its last value, up to three others, and at times its input.
inline layer_list with_outputs(layer_list layers, random_source& random) {
  const auto last = static_cast<value_id>(layers.size());
  std::vector<value_id> chosen{last};
  for (int i = 0; i < 3; ++i)
    if (const auto value = static_cast<value_id>(random.below(layers.size() + 1)); value != 0 || random.below(3) == 0)
      chosen.push_back(value);
  std::sort(chosen.begin(), chosen.end());
  chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
  if (random.below(2)) std::swap(chosen.front(), chosen.back());
  for (const value_id value : chosen) layers.append_output("value-" + std::to_string(value), value);
  return layers;
}

/// A random graph of up to `length` layers on one shape, so that any two values may be added or joined; the last layers use what is
/// left.
inline layer_list random_network(random_source& random, int length) {
  layer_list layers{.input = {4, 5, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  const auto any_value = [&] {
    const auto value = static_cast<value_id>(random.below(layers.size() + 1));
    return layers.shape_of(value) == layers.input ? value : value + 1;
  };
  for (int i = 0; i < length; ++i) {
    const value_id from = random.below(3) ? static_cast<value_id>(layers.size()) : any_value();
    switch (random.below(7)) {
      case 0:
      case 1:
        list.convolution(from, 3, i % 3 ? 3 : 1, 1, -1, 1, random.below(2) == 0);
        break;
      case 2:
        list.batch_norm(from);
        break;
      case 3:
        list.activate(from, random.below(2) ? activation::relu : activation::hard_swish);
        break;
      case 4:
        list.add(from, any_value());
        break;
      case 5: {  // what is joined or padded is taken back to the one shape at once
        const value_id wide = random.below(2) ? list.concat(from, any_value()) : list.pad_channels(from, 5);
        list.convolution(wide, 3, 1);
        break;
      }
      default:
        list.average_pool(from, 3, 1, 1);
        break;
    }
  }
  std::vector<bool> read(layers.size() + 1, false);
  for (const layer& item : layers) {
    read[static_cast<std::size_t>(item.input)] = true;
    if (item.other != no_value) read[static_cast<std::size_t>(item.other)] = true;
  }
  value_id sum = static_cast<value_id>(layers.size());
  for (value_id value = 0; value < static_cast<value_id>(read.size()) - 1; ++value)
    if (!read[static_cast<std::size_t>(value)]) sum = list.add(sum, value);
  return layers;
}

/// Parameters with every role away from its neutral value, so that a mistake in folding shows.
template <class Scalar>
parameters<Scalar> random_parameters(const layer_list& layers, std::uint64_t seed) {
  parameters<Scalar> result{std::span<const layer>(layers)};
  random_source random(seed);
  initialise<Scalar>(result, layers, random);
  for (const auto* tensors : {&result.layout.trainable, &result.layout.statistics})
    for (const parameter_tensor& tensor : *tensors)
      for (Scalar& value : result.of(tensor))
        if (tensor.role != parameter_role::weight)
          value += static_cast<Scalar>(tensor.role == parameter_role::running_variance ? random.uniform()
                                                                                       : 0.6 * random.uniform() - 0.3);
  return result;
}

template <class Scalar>
void fill(Scalar* memory, std::int64_t count, std::uint64_t seed) {
  random_source random(seed);
  for (std::int64_t i = 0; i < count; ++i) memory[i] = static_cast<Scalar>(random.normal());
}

template <class Network>
void fill_output_gradients(Network& net, std::uint64_t seed) {
  for (int i = 0; i < net.output_count(); ++i)
    fill(net.output_gradient(i), net.batch() * net.output_shape(i).size(), seed + 1000 * static_cast<std::uint64_t>(i));
}

/// A network with a layer of every kind; the last one reads what all others make.
inline layer_list every_kind() {
  layer_list list{.input = {8, 8, 4}, .items = {}};
  layer_builder<layer_list> build{list};
  const value_id wide = build.activate(build.batch_norm(build.convolution(0, 4, 3)), activation::relu);
  const value_id sum = build.add(wide, 0);
  const value_id pooled = build.concat(build.max_pool(sum, 2, 2, 0), build.average_pool(sum, 2, 2, 0));
  const value_id gated = build.scale(pooled, build.activate(build.global_average_pool(pooled), activation::hard_sigmoid));
  const value_id large = build.depth_to_space(build.pad_channels(gated, 12), 2);
  const value_id even = build.corner_resize(build.resize(build.upsample(large, 2), 7, 6), 5, 5);
  build.linear(build.adaptive_average_pool(even, 4, 3), 5);
  return list;
}

}  // namespace hasse::testing
