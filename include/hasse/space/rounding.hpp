// The two ways in which published networks round channel counts to multiples of eight. Whole numbers throughout: a count is given
// as a fraction, so that the same counts come out on every machine and in constant expressions.
// Used by spec.hpp, mobile.hpp (squeeze-excite, Tucker ranks) and by networks with a width multiplier.
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

}  // namespace hasse
