// Halving and doubling: known weights, what must stay as it is, and that both agree on where a pixel lies.
#include <cmath>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/data/bicubic.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
std::vector<double> halved(const std::vector<double>& image, feature_shape shape, int count = 1) {
  std::vector<double> made(image.size() / 4);
  bicubic_resampler<double>().halve(image.data(), shape, count, made.data());
  return made;
}
std::vector<double> doubled(const std::vector<double>& image, feature_shape shape, int count = 1) {
  std::vector<double> made(image.size() * 4);
  bicubic_resampler<double>().twice(image.data(), shape, count, made.data());
  return made;
}
template <class Value>
std::vector<double> image_of(feature_shape shape, Value value) {
  std::vector<double> made;
  for (int y = 0; y < shape.h; ++y)
    for (int x = 0; x < shape.w; ++x)
      for (int c = 0; c < shape.c; ++c) made.push_back(value(y, x, c));
  return made;
}
}  // namespace

TEST_CASE("the weights are those of Keys' cubic with a = -1/2", "[bicubic]") {
  const auto cubic = [](double x) {
    x = std::abs(x);
    if (x <= 1) return 1.5 * x * x * x - 2.5 * x * x + 1;
    return x < 2 ? -0.5 * x * x * x + 2.5 * x * x - 4 * x + 2 : 0.0;
  };
  for (int i = 0; i < 8; ++i) CHECK(bicubic::half[static_cast<std::size_t>(i)] == cubic((i - 3.5) / 2) / 2);
  for (int i = 0; i < 5; ++i) {
    CHECK(bicubic::twice[0][static_cast<std::size_t>(i)] == cubic(i - 2 + 0.25));
    CHECK(bicubic::twice[1][static_cast<std::size_t>(i)] == cubic(i - 2 - 0.25));
  }
}

TEST_CASE("a constant stays, borders included", "[bicubic]") {
  const feature_shape shape{10, 8, 2};
  const auto image = image_of(shape, [](int, int, int c) { return c == 0 ? 0.75 : -3.0; });
  const auto small = halved(image, shape), large = doubled(image, shape);
  REQUIRE(large.size() == 4 * image.size());
  for (std::size_t i = 0; i < small.size(); ++i) CHECK(small[i] == Approx(i % 2 == 0 ? 0.75 : -3.0).epsilon(1e-14));
  for (std::size_t i = 0; i < large.size(); ++i) CHECK(large[i] == Approx(i % 2 == 0 ? 0.75 : -3.0).epsilon(1e-14));
}

TEST_CASE("a ramp stays a ramp away from the borders, in both directions", "[bicubic]") {
  const feature_shape shape{24, 20, 1};
  const auto small = halved(image_of(shape, [](int y, int x, int) { return 3.0 * y - 2.0 * x; }), shape);
  for (int y = 2; y < 10; ++y)
    for (int x = 2; x < 8; ++x)
      CHECK(small[static_cast<std::size_t>(y * 10 + x)] == Approx(3 * (2 * y + 0.5) - 2 * (2 * x + 0.5)).epsilon(1e-13));
  const auto large = doubled(small, {12, 10, 1});
  for (int y = 8; y < 16; ++y)
    for (int x = 8; x < 12; ++x) CHECK(large[static_cast<std::size_t>(y * 20 + x)] == Approx(3.0 * y - 2.0 * x).epsilon(1e-13));
}

TEST_CASE("one bright pixel shows the weights", "[bicubic]") {
  const feature_shape shape{20, 20, 1};
  const auto small = halved(image_of(shape, [](int y, int x, int) { return y == 6 && x == 9 ? 65536.0 : 0.0; }), shape);
  CHECK(small[3 * 10 + 4] == 111 * 111);  // it reads rows 3 to 10 and columns 5 to 12
  CHECK(small[2 * 10 + 5] == 29 * 29);
  CHECK(small[4 * 10 + 3] == 9 * 9);
  CHECK(small[2 * 10 + 3] == -29 * 9);
  CHECK(small[4 * 10 + 6] == 9 * 3);
}

TEST_CASE("a mirrored image gives the mirrored one, also within a batch", "[bicubic]") {
  const feature_shape shape{12, 14, 3};
  random_source random(3);
  const auto first = image_of(shape, [&](int, int, int) { return random.uniform(); });
  const auto mirrored =
      image_of(shape, [&](int y, int x, int c) { return first[static_cast<std::size_t>(((11 - y) * 14 + 13 - x) * 3 + c)]; });
  std::vector<double> both(first);
  both.insert(both.end(), mirrored.begin(), mirrored.end());
  const auto small = halved(both, shape, 2), large = doubled(both, shape, 2);
  const auto check_mirrored = [](const std::vector<double>& made, int h, int w) {
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x)
        for (int c = 0; c < 3; ++c)
          CHECK(made[static_cast<std::size_t>((y * w + x) * 3 + c)] ==
                Approx(made[static_cast<std::size_t>(h * w * 3 + ((h - 1 - y) * w + w - 1 - x) * 3 + c)]).margin(1e-12));
  };
  check_mirrored(small, 6, 7);
  check_mirrored(large, 24, 28);
}
