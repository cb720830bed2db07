// The half precision of IEEE 754: 5 bits of exponent, 10 of mantissa. What activations may be stored in on a GPU.
// Used by kernel/cuda; arithmetic is done in float.
#pragma once

#include <bit>
#include <cstdint>

namespace hasse {

/// Converts from float by rounding to the nearest (ties to even); from 65520 on that is infinity. Not-a-number stays one.
struct float16 {
  std::uint16_t bits = 0;

  constexpr float16() = default;
  constexpr explicit float16(float value) : bits(rounded(std::bit_cast<std::uint32_t>(value))) {}
  constexpr explicit float16(double value) : float16(static_cast<float>(value)) {}
  constexpr float16& operator=(float value) {
    bits = rounded(std::bit_cast<std::uint32_t>(value));
    return *this;
  }
  constexpr operator float() const {
    const std::uint32_t magnitude = bits & 0x7fffu, sign = std::uint32_t{bits} >> 15 << 31;
    // A subnormal is one with the least exponent above it, less that exponent: both are normal floats.
    const std::uint32_t small =
        std::bit_cast<std::uint32_t>(std::bit_cast<float>((magnitude << 13) + least_normal) - std::bit_cast<float>(least_normal));
    const std::uint32_t normal = (magnitude << 13) + apart;
    const std::uint32_t number = magnitude < 0x400u ? small : normal;
    return std::bit_cast<float>(sign | (magnitude < 0x7c00u ? number : magnitude << 13 | infinity));
  }
  friend constexpr bool operator==(float16, float16) = default;

 private:
  // Bits of float: infinity; 2^-14, the least normal number here; 2^16, the first power beyond; 0.5, whose last bit is worth 2^-24
  // as that of the subnormals; and the distance of the two exponents.
  static constexpr std::uint32_t infinity = 0x7f800000u, least_normal = 0x38800000u, beyond = 0x47800000u, half = 0x3f000000u,
                                 apart = 112u << 23;

  static constexpr std::uint16_t rounded(std::uint32_t word) {
    const std::uint32_t magnitude = word & 0x7fffffffu, sign = word >> 31 << 15;
    const std::uint32_t normal = (magnitude + 0xfffu + (magnitude >> 13 & 1u) - apart) >> 13;  // up to infinity
    const std::uint32_t small =
        std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude < least_normal ? magnitude : 0u) + std::bit_cast<float>(half)) -
        half;
    const std::uint32_t number = magnitude < least_normal ? small : normal;
    const std::uint32_t large = magnitude > infinity ? 0x7e00u | (magnitude >> 13 & 0x3ffu) : 0x7c00u;
    return static_cast<std::uint16_t>(sign | (magnitude < beyond ? number : large));
  }
};

}  // namespace hasse
