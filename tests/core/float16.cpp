// The half precision float: every value, rounding against a readable reference, and what is no number.
#include "catch.hpp"

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include <hasse/core/float16.hpp>
#include <hasse/core/random.hpp>

using namespace hasse;

namespace {

/// What bits mean, in the words of the standard.
double meaning(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  double value = exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
  if (exponent == 31) value = fraction ? std::numeric_limits<double>::quiet_NaN() : std::numeric_limits<double>::infinity();
  return std::copysign(value, bits >> 15 ? -1.0 : 1.0);
}

/// The nearest half precision value by search: the one above or below, of two equally near the even one.
std::uint16_t nearest(float given) {
  const double value = std::abs(static_cast<double>(given));
  std::uint16_t below = 0, above = 0x7c00;
  while (above - below > 1) {
    const auto middle = static_cast<std::uint16_t>((below + above) / 2);
    (meaning(middle) <= value ? below : above) = middle;
  }
  const double end = above == 0x7c00 ? 65536 : meaning(above);  // infinity stands where the next value would
  const double down = value - meaning(below), up = end - value;
  const bool rises = up < down || (up == down && below % 2 == 1);
  return static_cast<std::uint16_t>((rises ? above : below) | (std::signbit(given) ? 0x8000 : 0));
}

float16 of_bits(std::uint32_t bits) {
  float16 made;
  made.bits = static_cast<std::uint16_t>(bits);
  return made;
}

}  // namespace

TEST_CASE("every float16 is the float that its bits mean, and comes back from it", "[core]") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    const float wide = of_bits(bits);
    const double expected = meaning(static_cast<std::uint16_t>(bits));
    if (std::isnan(expected)) {
      REQUIRE(std::isnan(wide));
      REQUIRE(std::isnan(static_cast<float>(float16(wide))));
    } else {
      REQUIRE(static_cast<double>(wide) == expected);
      REQUIRE(std::signbit(wide) == std::signbit(expected));
      REQUIRE(float16(wide).bits == bits);
    }
  }
}

TEST_CASE("floats round to the nearest float16, ties to even", "[core]") {
  STATIC_REQUIRE(float16(1.0f).bits == 0x3c00);
  STATIC_REQUIRE(float16(-0.0f).bits == 0x8000);
  STATIC_REQUIRE(static_cast<float>(float16(1.00048828125f)) == 1.0f);          // half way: to even, down
  STATIC_REQUIRE(static_cast<float>(float16(1.00146484375f)) == 1.001953125f);  // half way: to even, up
  STATIC_REQUIRE(float16(65519.99f).bits == 0x7bff);
  STATIC_REQUIRE(float16(65520.0f).bits == 0x7c00);
  STATIC_REQUIRE(float16(0x1p-25f).bits == 0);  // half of the least subnormal
  STATIC_REQUIRE(float16(0x1.000002p-25f).bits == 1);
  CHECK(std::isnan(static_cast<float>(float16(std::numeric_limits<float>::quiet_NaN()))));
  CHECK(std::isnan(static_cast<float>(float16(std::numeric_limits<float>::signaling_NaN()))));
  CHECK(float16(-std::numeric_limits<float>::infinity()).bits == 0xfc00);
  CHECK(float16(std::numeric_limits<float>::max()).bits == 0x7c00);
  CHECK(float16(std::numeric_limits<float>::denorm_min()).bits == 0);

  const auto check = [](float value) {
    INFO(value);
    REQUIRE(float16(value).bits == nearest(value));
    float16 stored;
    stored = -value;
    REQUIRE(stored.bits == nearest(-value));
  };
  // Between all neighbours: half way, and one float to either side.
  for (std::uint32_t bits = 0; bits < 0x7c00; ++bits) {
    const double above = bits == 0x7bff ? 65536 : meaning(static_cast<std::uint16_t>(bits + 1));
    const auto middle = static_cast<float>((meaning(static_cast<std::uint16_t>(bits)) + above) / 2);
    check(middle), check(std::nextafter(middle, 0.0f)), check(std::nextafter(middle, 1e6f));
  }
  random_source random(3);
  for (int i = 0; i < 100'000; ++i)
    check(static_cast<float>(random.normal() * std::exp2(static_cast<double>(random.below(60)) - 35)));
  for (int i = 0; i < 100'000; ++i) {
    const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(random() >> 32));
    if (!std::isnan(value)) check(value);
  }
}
