// Costs as whole numbers of ticks, so that sums over blocks are exact and countable, and numbers of architectures. A tick of a latency
// is 0.1 us; of another price it is what its price_scale says (price/price.hpp).
// Used by space (counting), latency, search and result.
#pragma once

#include <compare>
#include <cstdint>

namespace hasse {

/// A cost in ticks. One of a latency is 0.1 microseconds, below the noise floor of any device that we have measured.
struct ticks {
  std::int64_t count = 0;
  friend constexpr auto operator<=>(const ticks&, const ticks&) = default;
  constexpr ticks& operator+=(ticks other) { count += other.count; return *this; }
  friend constexpr ticks operator+(ticks a, ticks b) { return {a.count + b.count}; }
  friend constexpr ticks operator-(ticks a, ticks b) { return {a.count - b.count}; }
};

inline constexpr double ticks_per_millisecond = 10'000.0;

constexpr double to_milliseconds(ticks value) { return static_cast<double>(value.count) / ticks_per_millisecond; }

/// Nearest tick; `milliseconds` must be finite and not negative.
constexpr ticks from_milliseconds(double milliseconds) {
  return {static_cast<std::int64_t>(milliseconds * ticks_per_millisecond + 0.5)};
}

/// A closed interval of costs, in ticks of a price: what a search admits.
struct cost_window {
  ticks least{0}, most{INT64_MAX};
  constexpr bool contains(ticks value) const { return least <= value && value <= most; }
  friend constexpr bool operator==(const cost_window&, const cost_window&) = default;
};
/// The same where latency is the price: latency_window{1_ms, 5_ms}.
using latency_window = cost_window;

/// What precedes `top` (itself included) and costs what lies within a window.
template <class Candidate>
struct down_set {
  Candidate top{};
  cost_window within{};
};

/// A number of architectures, or of candidates of any search; spaces of 10^30 are normal, more than 3.4e38 are refused.
__extension__ typedef unsigned __int128 count_type;

inline namespace literals {
constexpr ticks operator""_ms(long double value) { return from_milliseconds(static_cast<double>(value)); }
constexpr ticks operator""_ms(unsigned long long value) { return from_milliseconds(static_cast<double>(value)); }
}  // namespace literals

}  // namespace hasse
