// Both gradients of 1x1 convolutions against plain loops in double: every instruction set, odd shapes, poisoned memory.
#include "catch.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include <hasse/kernel/cpu/pointwise_gradients.hpp>

#include "layer_fixture.hpp"

namespace {

using hasse::layer;
using hasse::simd_level;

layer pointwise(int h, int w, int in, int out) {
  layer item{.kind = hasse::layer_kind::convolution};
  item.in = {h, w, in}, item.out = {h, w, out}, item.kernel = 1;
  return item;
}

/// Largest error, relative to the largest value expected; infinite when something is not a number.
double error_of(const buffer<float>& found, const std::vector<double>& expected) {
  double worst = 0, scale = 1e-30;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double error = std::abs(static_cast<double>(found[i]) - expected[i]);
    worst = std::isfinite(error) ? std::max(worst, error) : std::numeric_limits<double>::infinity();
    scale = std::max(scale, std::abs(expected[i]));
  }
  return worst / scale;
}

void check(const layer& item, int batch, int threads, simd_level level) {
  INFO(hasse::detail::describe(item) << ", batch " << batch << ", " << threads << " threads, " << hasse::name_of(level));
  const auto pixels = static_cast<std::size_t>(batch * item.in.pixels());
  const auto in = static_cast<std::size_t>(item.in.c), out = static_cast<std::size_t>(item.out.c);
  const auto src = random_values<float>(pixels * in, 1), d_dst = random_values<float>(pixels * out, 2);
  const auto weights = random_values<float>(in * out, 3), before = random_values<float>(pixels * in, 4);
  std::vector<double> d_weights(in * out, 0.0), d_src(pixels * in, 0.0);
  for (std::size_t p = 0; p < pixels; ++p)
    for (std::size_t o = 0; o < out; ++o)
      for (std::size_t i = 0; i < in; ++i) {
        const double d = d_dst[p * out + o];
        d_weights[o * in + i] += d * src[p * in + i];
        d_src[p * in + i] += d * weights[o * in + i];
      }

  const hasse::detail::pointwise_gradients kernel(item, batch, threads, level);
  buffer<float> packed = poison<float>(kernel.packed_floats());
  kernel.pack(weights.data(), packed.data());
  for (const bool adds : {false, true}) {
    buffer<float> found_weights = poison<float>(in * out), found_src = adds ? before : poison<float>(pixels * in);
    buffer<float> scratch = poison<float>(kernel.scratch_bytes() / sizeof(float));
    kernel.run({.src = src.data(),
                .d_dst = d_dst.data(),
                .packed = packed.data(),
                .d_weights = found_weights.data(),
                .d_src = found_src.data(),
                .accumulate_d_src = adds},
               reinterpret_cast<std::byte*>(scratch.data()));
    std::vector<double> expected = d_src;
    for (std::size_t i = 0; adds && i < expected.size(); ++i) expected[i] += static_cast<double>(before[i]);
    CHECK(error_of(found_weights, d_weights) < 1e-5);
    CHECK(error_of(found_src, expected) < 1e-5);
  }
}

}  // namespace

TEST_CASE("the gradients of 1x1 convolutions are those of plain loops") {
  for (const simd_level level : hasse::simd_levels) {
    if (!hasse::has_simd_level(level) || level > hasse::best_simd_level()) continue;
    for (const int threads : {1, 2}) {
      check(pointwise(1, 1, 1, 1), 1, threads, level);
      check(pointwise(5, 3, 24, 144), 3, threads, level);
      check(pointwise(32, 32, 16, 96), 2, threads, level);
      check(pointwise(7, 9, 144, 24), 2, threads, level);
      check(pointwise(13, 11, 33, 50), 2, threads, level);
      check(pointwise(9, 7, 17, 1), 5, threads, level);
      check(pointwise(3, 1, 3, 130), 2, threads, level);
      check(pointwise(20, 20, 64, 64), 1, threads, level);
      check(pointwise(4, 4, 150, 330), 3, threads, level);
    }
  }
}
