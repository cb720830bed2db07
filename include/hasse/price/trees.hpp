// The latency of whole networks as a price that is more than a sum: monotone trees over what a network has at each size of its maps.
// For devices whose latencies no sum tells. Used by searches through masks and by slimming: docs/explanation/latency.md.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/latency/monotone_trees.hpp>
#include <hasse/price/price.hpp>

namespace hasse {

/// Milliseconds that never fall where layers are added, or widened, at any size of maps. Models Price; searches that count exactly refuse it.
class trees_price {
 public:
  /// From what whole networks took, in milliseconds: forty at least, unfused. A fifth of them tells how far it is off, in the median.
  static trees_price fitted(std::span<const layer_list> networks, std::span<const double> milliseconds, std::string device = {},
                            const tree_options& options = {});

  double of(const layer_list& layers) const;
  price_unit unit() const { return in_milliseconds; }
  std::string device() const { return device_; }
  cost_gathering gathering() const { return cost_gathering::whole; }
  double uncertainty() const { return error_; }

 private:
  monotone_trees trees_;  // of logarithms, so that errors are relative
  std::string device_;
  double error_ = 0;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/price/trees.inl>
#endif
