// Which of several codes runs a layer, and how that is decided: by a rule that looks at the layer alone, or by measuring each.
// Used by kernel/cpu.hpp, and by latency, whose tables remember what was measured.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/kernel/choices.hpp>

namespace hasse {

/// How the CPU backend chooses among the codes that it has for a layer. Only inference is ever measured: a training must give
/// the same bits wherever it is resumed.
enum class kernel_policy : std::uint8_t {
  library,        ///< oneDNN wherever it has the layer
  by_rule,        ///< the code that is usually fastest for such a layer; the same on every run
  by_measurement  ///< each is timed when a layer is first seen, and the fastest is remembered
};
constexpr std::string_view name_of(kernel_policy policy) {
  constexpr std::string_view names[] = {"of the library", "by rule", "by measurement"};
  return names[static_cast<int>(policy)];
}

namespace detail {

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

}  // namespace detail

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/kernel/cpu/choice.inl>
#endif
