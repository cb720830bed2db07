// space/rounding.hpp and core/shape.hpp's SAME windows: values that the published networks rest on.
#include <hasse/space/layer_list.hpp>
#include <hasse/space/rounding.hpp>

#include "../support/catch.hpp"

using namespace hasse;

static_assert(round_to_8(4) == 8 && round_to_8(3) == 8 && round_to_8(12) == 16 && round_to_8(11) == 8 && round_to_8(20) == 24);
static_assert(round_to_8(25 * 50, 100) == 16 && round_to_8(25 * 32, 100) == 8 && round_to_8(75 * 32, 100) == 24);
static_assert(round_to_8(35, 3) == 8 && round_to_8(36, 3) == 16);  // 11.67 and 12

static_assert(make_divisible(32) == 32 && make_divisible(1) == 8 && make_divisible(12) == 16 && make_divisible(11) == 16);
static_assert(make_divisible(10) == 16 && make_divisible(19) == 24 && make_divisible(18) == 24 && make_divisible(17) == 16);
static_assert(make_divisible(32 * 350, 1000) == 16 && make_divisible(24 * 350, 1000) == 8 && make_divisible(16 * 1400, 1000) == 24);
static_assert(make_divisible(1280 * 1400, 1000) == 1792 && make_divisible(30, 1, 16) == 32 && make_divisible(72 / 4) == 24);

TEST_CASE("rounding agrees with the formulas that the papers write", "[rounding]") {
  for (int v = 1; v < 4000; ++v) {
    const double value = v / 3.0;
    const int nearest = std::max(8, 8 * static_cast<int>(std::floor(value / 8 + 0.5)));
    CHECK(round_to_8(v, 3) == nearest);
    CHECK(make_divisible(v, 3) == nearest + (nearest < 0.9 * value ? 8 : 0));
  }
}

TEST_CASE("SAME windows have ceil(side / stride) outputs and an odd pixel of padding behind", "[padding]") {
  for (int side = 1; side <= 20; ++side)
    for (int kernel : {1, 2, 3, 5, 7})
      for (int stride : {1, 2, 3}) {
        layer_list list{.input = {side, side + 1, 4}, .items = {}};
        layer_builder<layer_list>{list}.convolution(0, 6, kernel, stride, -1, 1, false, padding::same);
        const layer& item = list.items.front();
        INFO(side << " kernel " << kernel << " stride " << stride);
        CHECK(item.out == feature_shape{(side + stride - 1) / stride, (side + stride) / stride, 6});
        const int both = std::max(0, (item.out.h - 1) * stride + kernel - side);
        CHECK(item.pad_top == both / 2);
        if (kernel >= stride) CHECK(item.pad_bottom() == both - both / 2);
        CHECK(item.pad_bottom() >= 0);
        CHECK(item.pad_right() >= 0);
      }
}
