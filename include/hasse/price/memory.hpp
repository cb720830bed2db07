// Peak memory as a price. Used where a network has to fit into a small device, and by reports.
#pragma once

#include <cstddef>

#include <hasse/network/fuse.hpp>
#include <hasse/network/plan.hpp>
#include <hasse/price/price.hpp>

namespace hasse {

/// Bytes of the values in use at once, parameters apart, when the folded network infers one image in float.
inline std::size_t peak_bytes_of(const layer_list& layers) {
  return plan_inference(fold_for_inference(layers).layers, 1, sizeof(float)).arena_bytes;
}

/// The same as a price: the largest piece decides. Models Price.
struct memory_price : exact_price {
  double of(const layer_list& layers) const { return static_cast<double>(peak_bytes_of(layers)); }
  price_unit unit() const { return in_bytes; }
  cost_gathering gathering() const { return cost_gathering::largest; }
};

}  // namespace hasse
