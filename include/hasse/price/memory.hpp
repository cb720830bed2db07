// Peak memory as a price. Used where a network has to fit into a small device, and by reports.
#pragma once

#include <cstddef>

#include <hasse/network/fuse.hpp>
#include <hasse/network/plan.hpp>
#include <hasse/price/price.hpp>
#include <hasse/space/cost.hpp>

namespace hasse {

/// Bytes of the values in use at once, parameters apart, when the folded network infers one image in float.
inline std::size_t peak_bytes_of(const layer_list& layers) {
  return plan_inference(fold_for_inference(layers).layers, 1, sizeof(float)).arena_bytes;
}

/// Bytes that an inference of one image in float needs: the arena of activations as it is planned, and the folded weights.
struct memory_need {
  std::size_t activations = 0, weights = 0;
};
inline memory_need memory_need_of(const layer_list& layers) {
  const fused<layer_list> folded = fold_for_inference(layers);
  memory_need need{.activations = peak_bytes_of(layers)};
  for (const layer& item : folded.layers) need.weights += static_cast<std::size_t>(parameters_of(item)) * sizeof(float);
  return need;
}

/// Peak memory as a price: the largest piece decides. Models Price.
struct memory_price : exact_price {
  double of(const layer_list& layers) const { return static_cast<double>(peak_bytes_of(layers)); }
  price_unit unit() const { return in_bytes; }
  cost_gathering gathering() const { return cost_gathering::largest; }
};

}  // namespace hasse
