// A small network of every sort of layer, and parameters for it.
// Used by the tests of whole networks on the GPU's programs.
#pragma once

#include <cstddef>

#include <hasse/core/random.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/space/spec.hpp>

namespace hasse::testing {

/// A stem, bottlenecks with and without squeeze-excite and residual, a concat, a pool, a classifier.
inline layer_list mobile_network() {
  layer_list list{.input = {18, 14, 3}, .items = {}};
  layer_builder<layer_list> b{list};
  const batch_norm_rule norm{};
  value_id last = b.conv_bn(0, 16, 3, 2, activation::hard_swish, norm);
  const auto bottleneck = [&](int out, int kernel, int stride, activation act, bool excites) {
    const value_id from = last;
    const int wide = 3 * b.shape_of(from).c;
    value_id value = b.conv_bn(b.conv_bn(from, wide, 1, 1, act, norm), wide, kernel, stride, act, norm, wide);
    if (excites) {
      const value_id squeezed =
          b.activate(b.convolution(b.global_average_pool(value), wide / 4, 1, 1, 0, 1, true), activation::relu);
      value = b.scale(value, b.activate(b.convolution(squeezed, wide, 1, 1, 0, 1, true), activation::hard_sigmoid));
    }
    value = b.conv_bn(value, out, 1, 1, activation::none, norm);
    last = b.shape_of(value) == b.shape_of(from) ? b.activate(b.add(value, from), activation::relu6) : value;
  };
  bottleneck(16, 3, 1, activation::relu6, false);
  bottleneck(24, 5, 2, activation::relu, true);
  bottleneck(24, 3, 1, activation::hard_swish, true);
  last = b.concat(last, b.conv_bn(last, 9, 3, 1, activation::swish, norm));
  last = b.max_pool(last, 3, 2, 1);
  b.linear(b.global_average_pool(last), 10);
  return list;
}

/// None of them zero or one.
inline parameters<float> random_parameters(const layer_list& list) {
  parameters<float> made(list.items);
  random_source random(3);
  for (const parameter_tensor& tensor : made.layout.trainable)
    for (std::size_t i = 0; i < tensor.size; ++i)
      made.values[tensor.offset + i] =
          static_cast<float>(tensor.role == parameter_role::scale ? 1 + 0.2 * random.normal() : 0.3 * random.normal());
  for (const parameter_tensor& tensor : made.layout.statistics)
    for (std::size_t i = 0; i < tensor.size; ++i)
      made.statistics[tensor.offset + i] =
          static_cast<float>(tensor.role == parameter_role::running_variance ? 1 + random.uniform() : 0.1 * random.normal());
  return made;
}

}  // namespace hasse::testing
