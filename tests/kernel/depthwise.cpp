// The depthwise kernels of our own against plain loops in double: every instruction set, odd shapes, poisoned memory.
#include "catch.hpp"

#include <cmath>
#include <initializer_list>
#include <string>

#include <hasse/kernel/cpu/depthwise.hpp>

#include "layer_fixture.hpp"

namespace {

using hasse::activation;
using hasse::layer;
using hasse::simd_level;

/// A depthwise layer with any padding before and behind.
layer depthwise(int h, int w, int channels, int kernel, int stride, int top, int left, int bottom, int right,
                activation act = activation::none) {
  layer item{.kind = hasse::layer_kind::convolution};
  item.in = {h, w, channels};
  item.kernel = kernel, item.stride = stride, item.groups = channels, item.pad_top = top, item.pad_left = left;
  item.out = {(h + top + bottom - kernel) / stride + 1, (w + left + right - kernel) / stride + 1, channels};
  item.act = act;
  return item;
}

struct depthwise_case {
  layer item;
  int batch = 1;
  std::string text() const { return hasse::detail::describe(item) + ", batch " + std::to_string(batch); }
};

/// Sides, channels and paddings around every limit of the tiles: half and whole vectors, one pixel, windows wider than the image.
std::vector<depthwise_case> cases() {
  std::vector<depthwise_case> all;
  for (const int kernel : {3, 5, 7})
    for (const int stride : {1, 2}) {
      const int pad = kernel / 2;
      const auto add = [&](int h, int w, int channels, int top, int left, int bottom, int right, int batch = 1) {
        if (h + top + bottom < kernel || w + left + right < kernel) return;
        const auto act = static_cast<activation>(all.size() % 7);
        all.push_back({depthwise(h, w, channels, kernel, stride, top, left, bottom, right, act), batch});
      };
      add(1, 1, 3, pad, pad, pad, pad);
      add(2, 3, 1, pad, pad, pad, pad, 2);
      add(7, 7, 24, pad, pad, pad, pad, 3);
      add(4, 4, 40, pad, pad, pad, pad, 2);
      add(9, 17, 16, pad, pad, pad, pad);
      add(13, 31, 7, pad, pad, pad, pad, 2);
      add(8, 16, 33, pad - 1, pad - 1, pad, pad);
      add(11, 8, 72, 0, 0, 0, 0);
      add(6, 10, 12, kernel - 1, kernel - 1, kernel - 1, kernel - 1);
      add(5, 15, 130, 0, pad, kernel - 1, 0);
      add(3, 2, 9, kernel, kernel + 1, kernel + 2, kernel);
    }
  return all;
}

std::vector<simd_level> levels() {
  std::vector<simd_level> found;
  for (const simd_level level : hasse::simd_levels)
    if (hasse::has_simd_level(level) && level <= hasse::best_simd_level()) found.push_back(level);
  return found;
}

/// Calls `body(tap, channel, output pixel, input pixel)` for everything that a tap really meets.
template <class Body>
void for_each_product(const depthwise_case& use, Body&& body) {
  const layer& item = use.item;
  for (int image = 0; image < use.batch; ++image)
    for (int y = 0; y < item.out.h; ++y)
      for (int x = 0; x < item.out.w; ++x)
        for (int ky = 0; ky < item.kernel; ++ky)
          for (int kx = 0; kx < item.kernel; ++kx) {
            const int row = y * item.stride - item.pad_top + ky, column = x * item.stride - item.pad_left + kx;
            if (row < 0 || row >= item.in.h || column < 0 || column >= item.in.w) continue;
            const auto out = static_cast<std::size_t>((image * item.out.h + y) * item.out.w + x);
            const auto in = static_cast<std::size_t>((image * item.in.h + row) * item.in.w + column);
            const auto channels = static_cast<std::size_t>(item.in.c);
            for (std::size_t c = 0; c < channels; ++c)
              body(c * static_cast<std::size_t>(item.kernel * item.kernel) + static_cast<std::size_t>(ky * item.kernel + kx), c,
                   out * channels + c, in * channels + c);
          }
}

double activated(activation act, double x) {
  double result = 0;
  hasse::detail::with_activation(act, [&](auto kind) { result = hasse::detail::activated<kind>(x); });
  return result;
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

/// Random operands of one case, with the packed weights of a kernel.
struct operands {
  std::size_t in, out, channels, taps;
  buffer<float> src, weights, bias, other, d_dst, packed;

  operands(const depthwise_case& use, const hasse::detail::depthwise_convolution& kernel)
      : in(static_cast<std::size_t>(use.batch * use.item.in.size())),
        out(static_cast<std::size_t>(use.batch * use.item.out.size())),
        channels(static_cast<std::size_t>(use.item.in.c)),
        taps(static_cast<std::size_t>(use.item.kernel * use.item.kernel)),
        src(random_values<float>(in, 1, 1.5)),
        weights(random_values<float>(channels * taps, 2, 0.5)),
        bias(random_values<float>(channels, 3)),
        other(random_values<float>(out, 4)),
        d_dst(random_values<float>(out, 5)),
        packed(poison<float>(kernel.packed_floats())) {
    kernel.pack(weights.data(), packed.data());
  }
};

}  // namespace

TEST_CASE("depthwise forward: bias, residual, activation and sums, at every level", "[kernel]") {
  for (const depthwise_case& use : cases())
    for (const simd_level level : levels())
      for (const int threads : {1, 2}) {
        const hasse::detail::depthwise_convolution kernel(use.item, use.batch, threads, level);
        const operands with(use, kernel);
        for (const bool fused : {false, true}) {
          INFO(use.text() << (fused ? ", fused, " : ", plain, ") << name_of(level) << ", " << threads << " threads");
          std::vector<double> expected(with.out), sums(static_cast<std::size_t>(use.batch) * with.channels);
          for_each_product(use, [&](std::size_t weight, std::size_t, std::size_t out, std::size_t in) {
            expected[out] += static_cast<double>(with.weights[weight]) * static_cast<double>(with.src[in]);
          });
          for (std::size_t i = 0; i < with.out; ++i) {
            if (fused) expected[i] += static_cast<double>(with.bias[i % with.channels]) + static_cast<double>(with.other[i]);
            expected[i] = activated(use.item.act, expected[i]);
            sums[i / static_cast<std::size_t>(use.item.out.size()) * with.channels + i % with.channels] += expected[i];
          }
          // The residual lies in dst itself, which must not be read after it was written.
          buffer<float> dst = fused ? with.other : poison<float>(with.out), found = poison<float>(sums.size());
          kernel.forward({.src = with.src.data(),
                          .weights = with.packed.data(),
                          .bias = fused ? with.bias.data() : nullptr,
                          .other = fused ? dst.data() : nullptr,
                          .dst = dst.data(),
                          .sums = fused ? found.data() : nullptr});
          CHECK(error_of(dst, expected) < 2e-6);
          if (fused) CHECK(error_of(found, sums) < 5e-6);
        }
      }
}

TEST_CASE("depthwise backward: gradients of source, weights and bias, at every level", "[kernel]") {
  for (const depthwise_case& use : cases())
    for (const simd_level level : levels())
      for (const int threads : {1, 2}) {
        const hasse::detail::depthwise_convolution kernel(use.item, use.batch, threads, level);
        const operands with(use, kernel);
        INFO(use.text() << ", " << name_of(level) << ", " << threads << " threads");
        std::vector<double> d_src(with.in), d_weights(with.weights.size()), d_bias(with.channels);
        for_each_product(use, [&](std::size_t weight, std::size_t, std::size_t out, std::size_t in) {
          const auto gradient = static_cast<double>(with.d_dst[out]);
          d_src[in] += static_cast<double>(with.weights[weight]) * gradient;
          d_weights[weight] += static_cast<double>(with.src[in]) * gradient;
        });
        for (std::size_t i = 0; i < with.out; ++i) d_bias[i % with.channels] += static_cast<double>(with.d_dst[i]);

        buffer<float> found = poison<float>(with.in);
        kernel.backward_data(with.d_dst.data(), with.packed.data(), found.data(), false);
        CHECK(error_of(found, d_src) < 2e-6);
        found = with.src;
        kernel.backward_data(with.d_dst.data(), with.packed.data(), found.data(), true);
        for (std::size_t i = 0; i < with.in; ++i) d_src[i] += static_cast<double>(with.src[i]);
        CHECK(error_of(found, d_src) < 2e-6);

        buffer<float> scratch = poison<float>(kernel.scratch_bytes() / sizeof(float));
        buffer<float> found_weights = poison<float>(d_weights.size()), found_bias = poison<float>(d_bias.size());
        auto* const memory = reinterpret_cast<std::byte*>(scratch.data());
        kernel.backward_weights(with.src.data(), with.d_dst.data(), found_weights.data(), found_bias.data(), memory);
        CHECK(error_of(found_weights, d_weights) < 5e-6);
        CHECK(error_of(found_bias, d_bias) < 5e-6);
        buffer<float> again = poison<float>(d_weights.size());
        kernel.backward_weights(with.src.data(), with.d_dst.data(), again.data(), nullptr, memory);
        CHECK(again == found_weights);
      }
}

TEST_CASE("depthwise kernels refuse what they are not made for", "[kernel]") {
  using hasse::detail::depthwise_convolution;
  layer item = depthwise(8, 8, 16, 3, 1, 1, 1, 1, 1);
  CHECK(depthwise_convolution::refuses(item).empty());
  item.groups = 4;
  CHECK_THAT(depthwise_convolution::refuses(item), ContainsSubstring("one group"));
  item = depthwise(8, 8, 16, 4, 1, 1, 1, 1, 1);
  CHECK_THAT(depthwise_convolution::refuses(item), ContainsSubstring("kernel is not 3, 5 or 7"));
  CHECK_THROWS_AS(depthwise_convolution(item, 1, 1, simd_level::plain), hasse::error);
  item = depthwise(9, 9, 16, 3, 3, 1, 1, 1, 1);
  CHECK_THAT(depthwise_convolution::refuses(item), ContainsSubstring("stride is not 1 or 2"));
  item.kind = hasse::layer_kind::max_pool;
  CHECK_THAT(depthwise_convolution::refuses(item), ContainsSubstring("not a convolution"));
}
