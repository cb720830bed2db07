// The 16-bit float: exact values, rounding, and what is no number.
#include "catch.hpp"

#include <cmath>
#include <limits>

#include <hasse/core/bfloat16.hpp>
#include <hasse/core/random.hpp>

using namespace hasse;

TEST_CASE("every bfloat16 comes back from its float", "[core]") {
  for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
    bfloat16 value;
    value.bits = static_cast<std::uint16_t>(bits);
    const float wide = value;
    if (std::isnan(wide))
      CHECK(std::isnan(static_cast<float>(bfloat16(wide))));
    else
      REQUIRE(bfloat16(wide).bits == value.bits);
  }
}

TEST_CASE("floats round to the nearest bfloat16, ties to even", "[core]") {
  STATIC_REQUIRE(bfloat16(1.0f).bits == 0x3f80);
  STATIC_REQUIRE(static_cast<float>(bfloat16(1.00390625f)) == 1.0f);       // half way: to even, down
  STATIC_REQUIRE(static_cast<float>(bfloat16(1.01171875f)) == 1.015625f);  // half way: to even, up
  STATIC_REQUIRE(static_cast<float>(bfloat16(-0.0f)) == 0.0f);
  CHECK(std::signbit(static_cast<float>(bfloat16(-0.0f))));
  CHECK(std::isinf(static_cast<float>(bfloat16(std::numeric_limits<float>::max()))));
  CHECK(std::isnan(static_cast<float>(bfloat16(std::numeric_limits<float>::quiet_NaN()))));
  random_source random(3);
  for (int i = 0; i < 10'000; ++i) {
    const float value = static_cast<float>(random.normal() * std::exp2(static_cast<double>(random.below(80)) - 40));
    const float found = bfloat16(value);
    CHECK(std::abs(found - value) <= std::abs(value) / 256);
  }
}
