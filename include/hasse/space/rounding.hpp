// The ways in which published networks round channel counts. Whole numbers throughout: a count is given as a fraction, so that
// the same counts come out on every machine and in constant expressions.
// Used by mobile.hpp (squeeze-excite, Tucker ranks) and by networks with a width multiplier.
#pragma once

#include <cstdint>

namespace hasse {

/// max(8, 8 floor(v / 8 + 1 / 2)) with v = numerator / denominator: nearest, halves up (MobileDets).
constexpr int round_to_8(std::int64_t numerator, std::int64_t denominator = 1) {
  const std::int64_t rounded = (numerator + 4 * denominator) / (8 * denominator) * 8;
  return static_cast<int>(rounded < 8 ? 8 : rounded);
}

/// The same for any divisor, and one step up when that took away more than a tenth (MobileNets, ProxylessNAS, slimmable networks).
constexpr int make_divisible(std::int64_t numerator, std::int64_t denominator = 1, int divisor = 8) {
  std::int64_t rounded = (2 * numerator + divisor * denominator) / (2 * divisor * denominator) * divisor;
  if (rounded < divisor) rounded = divisor;
  if (10 * rounded * denominator < 9 * numerator) rounded += divisor;
  return static_cast<int>(rounded);
}

/// A rule as a value, for specs. `down` cuts off what is behind the point; no rule gives less than 1.
enum class rounding : std::uint8_t { down, to_8, divisible };

constexpr int rounded(rounding rule, std::int64_t numerator, std::int64_t denominator) {
  switch (rule) {
    case rounding::to_8:
      return round_to_8(numerator, denominator);
    case rounding::divisible:
      return make_divisible(numerator, denominator);
    default:
      return static_cast<int>(numerator < denominator ? 1 : numerator / denominator);
  }
}

}  // namespace hasse
