// Which of several codes runs a layer fastest, measured as in a network. Used by kernel/cpu.hpp where its policy says so.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>

namespace hasse::detail {

/// Reads memory in the stead of what a network's other layers do between two runs of one: the weights come from where they would.
class cache_eviction {
 public:
  /// `weight_bytes` of a layer: small weights are pushed out of the second cache only, large ones out of all.
  explicit cache_eviction(std::size_t weight_bytes)
      : data_((weight_bytes > (std::size_t{2} << 20) ? 64u << 20 : 4u << 20) / sizeof(float), 1.0f) {}
  float run() const;

 private:
  std::vector<float> data_;
};

/// The candidate with the least time; the first one (the library's) keeps its place unless another is faster by 2 %.
/// Rounds are interleaved, and of each candidate the second smallest time counts.
HASSE_BODY std::size_t fastest_of(std::span<const std::function<void()>> candidates, const cache_eviction& eviction,
                              const std::function<void()>& touch_inputs);

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/kernel/cpu/choice.inl>
#endif
