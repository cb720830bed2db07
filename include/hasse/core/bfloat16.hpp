// The upper half of a float: 8 bits of exponent, 7 of mantissa. What activations are stored in under the bf16 policy.
// Used by kernel and network; arithmetic is done in float.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

namespace hasse {

/// Converts from float by rounding to the nearest (ties to even); not-a-number stays one.
struct bfloat16 {
  std::uint16_t bits = 0;

  constexpr bfloat16() = default;
  constexpr explicit bfloat16(float value) : bits(rounded(std::bit_cast<std::uint32_t>(value))) {}
  constexpr explicit bfloat16(double value) : bfloat16(static_cast<float>(value)) {}
  /// Loops that store results this way are vectorised by every compiler; a copy of the struct is not by g++ 12.
  constexpr bfloat16& operator=(float value) {
    bits = rounded(std::bit_cast<std::uint32_t>(value));
    return *this;
  }
  constexpr operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
  friend constexpr bool operator==(bfloat16, bfloat16) = default;

 private:
  /// Written as a selection of ready values, which every compiler vectorises.
  static constexpr std::uint16_t rounded(std::uint32_t word) {
    const std::uint32_t nearest = word + 0x7fffu + (word >> 16 & 1u);
    const bool number = (word & 0x7fffffffu) <= 0x7f800000u;
    return static_cast<std::uint16_t>((number ? nearest : word | 0x400000u) >> 16);
  }
};

/// The type of parameters beside activations of a type: those of two bytes have float parameters.
template <class Scalar>
using parameter_of = std::conditional_t<sizeof(Scalar) == 2, float, Scalar>;

}  // namespace hasse
