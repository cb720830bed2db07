// Winograd convolutions of every tile size, instruction set and number of threads against plain loops in double.
#include <hasse/kernel/cpu/winograd.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "../support/catch.hpp"
#include "../support/layer_fixture.hpp"

namespace {

using namespace hasse;
using detail::winograd_convolution;
using detail::winograd_pass;
using detail::winograd_weights_gradient;

layer dense(feature_shape in, int channels, int pad_top = 1, int pad_left = 1, int pad_bottom = 1, int pad_right = 1) {
  layer item{.kind = layer_kind::convolution, .in = in};
  item.kernel = 3, item.pad_top = pad_top, item.pad_left = pad_left;
  item.out = {in.h + pad_top + pad_bottom - 2, in.w + pad_left + pad_right - 2, channels};
  return item;
}

std::vector<simd_level> levels() {
  std::vector<simd_level> found;
  for (simd_level level : simd_levels)
    if (has_simd_level(level) && level <= best_simd_level()) found.push_back(level);
  return found;
}

std::size_t count_of(const layer& item) { return static_cast<std::size_t>(item.out.c) * static_cast<std::size_t>(item.in.c) * 9; }
std::size_t count_of(feature_shape shape, int batch) { return static_cast<std::size_t>(shape.size() * batch); }

/// Calls `body(source element, output element, weight element)` for every multiplication of the convolution.
template <class Body>
void for_each_multiplication(const layer& item, int batch, Body&& body) {
  for (int image = 0; image < batch; ++image)
    for (int y = 0; y < item.out.h; ++y)
      for (int x = 0; x < item.out.w; ++x)
        for (int tap = 0; tap < 9; ++tap) {
          const int in_y = y - item.pad_top + tap / 3, in_x = x - item.pad_left + tap % 3;
          if (in_y < 0 || in_x < 0 || in_y >= item.in.h || in_x >= item.in.w) continue;
          const std::ptrdiff_t from = ((std::ptrdiff_t{image} * item.in.h + in_y) * item.in.w + in_x) * item.in.c;
          const std::ptrdiff_t to = ((std::ptrdiff_t{image} * item.out.h + y) * item.out.w + x) * item.out.c;
          for (std::ptrdiff_t o = 0; o < item.out.c; ++o)
            for (std::ptrdiff_t i = 0; i < item.in.c; ++i) body(from + i, to + o, (o * item.in.c + i) * 9 + tap);
        }
}

double activated(activation act, double x) {
  const double clipped = std::min(std::max(x + 3, 0.0), 6.0) / 6;
  switch (act) {
    case activation::relu:
      return std::max(x, 0.0);
    case activation::relu6:
      return std::min(std::max(x, 0.0), 6.0);
    case activation::hard_swish:
      return x * clipped;
    default:
      return x;
  }
}

/// The norm of the difference relative to that of the expected values; infinite when a value is not a number.
template <class Expected>
double relative_error(const buffer<float>& found, const Expected& expected) {
  double difference = 0, norm = 1e-30;
  for (std::size_t i = 0; i < found.size(); ++i) {
    difference += (found[i] - expected[i]) * (found[i] - expected[i]);
    norm += expected[i] * expected[i];
  }
  const double error = std::sqrt(difference / norm);
  return std::isfinite(error) ? error : std::numeric_limits<double>::infinity();
}

struct use {
  layer item;
  int batch = 1;
  bool residual = false, in_place = false, bias = true;
};

struct variant {
  int tile, threads;
  simd_level level;
};

template <class Body>
void for_each_variant(Body&& body) {
  for (simd_level level : levels())
    for (int tile : {2, 4, 6})
      for (int threads : {1, 2}) body(variant{tile, threads, level});
}

std::string text_of(const use& at, const variant& how) {
  return detail::describe(at.item) + ", batch " + std::to_string(at.batch) + (at.residual ? ", residual" : "") +
         (at.in_place ? ", in place" : "") + ", tile " + std::to_string(how.tile) + ", threads " + std::to_string(how.threads) +
         ", " + std::string(name_of(how.level));
}

buffer<float> scratch_of(std::size_t bytes) { return poison<float>(bytes / sizeof(float)); }

void check_forward(const use& at) {
  const layer& item = at.item;
  const auto src = random_values<float>(count_of(item.in, at.batch), 1), weights = random_values<float>(count_of(item), 2, 0.3);
  const auto bias = random_values<float>(static_cast<std::size_t>(item.out.c), 3),
             other = random_values<float>(count_of(item.out, at.batch), 4);
  std::vector<double> expected(other.size());
  for_each_multiplication(item, at.batch, [&](std::ptrdiff_t from, std::ptrdiff_t to, std::ptrdiff_t weight) {
    expected[static_cast<std::size_t>(to)] +=
        static_cast<double>(src[static_cast<std::size_t>(from)]) * weights[static_cast<std::size_t>(weight)];
  });
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (at.bias) expected[i] += bias[i % bias.size()];
    if (at.residual) expected[i] += other[i];
    expected[i] = activated(item.act, expected[i]);
  }
  for_each_variant([&](const variant& how) {
    const winograd_convolution product(item, at.batch, how.threads, how.level, how.tile);
    buffer<float> packed = poison<float>(product.packed_floats()), scratch = scratch_of(product.scratch_bytes());
    buffer<float> dst = at.in_place ? other : poison<float>(other.size());
    product.pack(weights.data(), packed.data());
    product.run(src.data(), packed.data(), at.bias ? bias.data() : nullptr,
                at.in_place   ? dst.data()
                : at.residual ? other.data()
                              : nullptr,
                dst.data(), scratch.data());
    INFO(text_of(at, how));
    CHECK(relative_error(dst, expected) < 4 * detail::winograd_error(how.tile));
  });
}

void check_backward_data(const use& at) {
  const layer& item = at.item;
  const auto d_dst = random_values<float>(count_of(item.out, at.batch), 1), weights = random_values<float>(count_of(item), 2, 0.3);
  const auto before = random_values<float>(count_of(item.in, at.batch), 3);
  std::vector<double> expected(before.size());
  if (at.in_place) std::copy(before.begin(), before.end(), expected.begin());
  for_each_multiplication(item, at.batch, [&](std::ptrdiff_t from, std::ptrdiff_t to, std::ptrdiff_t weight) {
    expected[static_cast<std::size_t>(from)] +=
        static_cast<double>(d_dst[static_cast<std::size_t>(to)]) * weights[static_cast<std::size_t>(weight)];
  });
  for_each_variant([&](const variant& how) {
    const winograd_convolution product(item, at.batch, how.threads, how.level, how.tile, winograd_pass::backward_data);
    buffer<float> packed = poison<float>(product.packed_floats()), scratch = scratch_of(product.scratch_bytes());
    buffer<float> d_src = at.in_place ? before : poison<float>(before.size());
    product.pack(weights.data(), packed.data());
    product.run(d_dst.data(), packed.data(), nullptr, at.in_place ? d_src.data() : nullptr, d_src.data(), scratch.data());
    INFO(text_of(at, how));
    CHECK(relative_error(d_src, expected) < 4 * detail::winograd_error(how.tile));
  });
}

void check_backward_weights(const use& at) {
  const layer& item = at.item;
  const auto src = random_values<float>(count_of(item.in, at.batch), 1),
             d_dst = random_values<float>(count_of(item.out, at.batch), 2);
  std::vector<double> expected(count_of(item)), expected_bias(static_cast<std::size_t>(item.out.c));
  for_each_multiplication(item, at.batch, [&](std::ptrdiff_t from, std::ptrdiff_t to, std::ptrdiff_t weight) {
    expected[static_cast<std::size_t>(weight)] +=
        static_cast<double>(src[static_cast<std::size_t>(from)]) * d_dst[static_cast<std::size_t>(to)];
  });
  for (std::size_t i = 0; i < d_dst.size(); ++i) expected_bias[i % expected_bias.size()] += d_dst[i];
  for (simd_level level : levels())
    for (int threads : {1, 2, 3}) {
      const winograd_weights_gradient gradient(item, at.batch, threads, level);
      buffer<float> scratch = scratch_of(gradient.scratch_bytes());
      buffer<float> d_weights = poison<float>(expected.size()), d_bias = poison<float>(expected_bias.size());
      gradient.run(src.data(), d_dst.data(), d_weights.data(), at.bias ? d_bias.data() : nullptr, scratch.data());
      INFO(text_of(at, {4, threads, level}));
      CHECK(relative_error(d_weights, expected) < 4 * detail::winograd_error(4));
      if (at.bias) CHECK(relative_error(d_bias, expected_bias) < 1e-5);
    }
}

std::vector<use> uses() {
  return {
      {.item = dense({1, 1, 1}, 1)},
      {.item = dense({5, 7, 3}, 5), .batch = 3, .residual = true},
      {.item = dense({4, 4, 16}, 16), .batch = 2, .residual = true, .in_place = true},
      {.item = dense({13, 9, 20}, 35), .batch = 2},
      {.item = dense({3, 6, 4}, 40, 0, 0, 0, 0), .batch = 2},
      {.item = dense({6, 5, 33}, 17, 2, 2, 2, 2), .residual = true, .bias = false},
      {.item = dense({8, 7, 9}, 18, 0, 1, 1, 1), .batch = 2, .residual = true, .in_place = true},
      {.item = dense({7, 10, 32}, 48, 1, 0, 2, 1)},
      {.item = dense({30, 31, 8}, 8), .batch = 2},
  };
}

}  // namespace

TEST_CASE("Winograd forward agrees with plain loops for all that may be fused") {
  for (use at : uses()) check_forward(at);
  for (activation act : {activation::relu, activation::relu6, activation::hard_swish})
    for (bool residual : {false, true}) {
      use at{.item = dense({9, 8, 12}, 20), .residual = residual};
      at.item.act = act;
      check_forward(at);
    }
}

TEST_CASE("Winograd backward data agrees with plain loops, written and added") {
  for (use at : uses()) check_backward_data(at);
}

TEST_CASE("Winograd backward weights agrees with plain loops") {
  for (use at : uses()) check_backward_weights(at);
  check_backward_weights({.item = dense({19, 18, 70}, 100), .batch = 8});  // several blocks of tiles, shared and apart
  check_backward_weights({.item = dense({64, 62, 12}, 16), .batch = 12});
}

TEST_CASE("Winograd is recommended where it was measured to be faster, with the tile that was") {
  const auto tile_of = [](const layer& item) { return winograd_convolution(item, 1, 1, best_simd_level()).tile(); };
  CHECK(tile_of(dense({56, 56, 64}, 64)) == 4);
  CHECK(tile_of(dense({7, 7, 512}, 512)) == 2);
  CHECK(tile_of(dense({112, 112, 32}, 32)) == 6);
  CHECK(winograd_convolution::pays(dense({56, 56, 64}, 64), 1));
  CHECK(winograd_convolution::pays(dense({7, 7, 512}, 512), 1));
  CHECK(winograd_convolution::pays(dense({32, 32, 16}, 16), 1));
  CHECK(!winograd_convolution::pays(dense({32, 32, 3}, 16), 1));
  CHECK(!winograd_convolution::pays(dense({2, 2, 512}, 512), 1));
}

TEST_CASE("Winograd refuses what it cannot compute") {
  layer item = dense({8, 8, 4}, 4);
  CHECK(winograd_convolution::refuses(item).empty());
  CHECK_THROWS_WITH(winograd_convolution(item, 1, 1, best_simd_level(), 3), ContainsSubstring("2, 4 or 6"));
  item.stride = 2, item.out = {4, 4, 4};
  CHECK_THROWS_WITH(winograd_convolution(item, 1, 1, best_simd_level()), ContainsSubstring("stride 1"));
  item = dense({8, 8, 4}, 4);
  item.groups = 2;
  CHECK(!winograd_convolution::refuses(item).empty());
  CHECK(!winograd_convolution::refuses(dense({8, 8, 4}, 4, 3, 3, 3, 3)).empty());
}
