// The 1x1 kernel against plain loops in double: odd widths, residuals in place, gates, every instruction set, one and two threads.
#include <hasse/kernel/cpu/pointwise.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "../support/catch.hpp"
#include "../support/layer_fixture.hpp"

namespace {

using namespace hasse;

double activated_exactly(activation act, double x) {
  const double gate = std::clamp(x / 6 + 0.5, 0.0, 1.0), smooth = 1 / (1 + std::exp(-x));
  switch (act) {
    case activation::none:
      return x;
    case activation::relu:
      return std::max(x, 0.0);
    case activation::relu6:
      return std::clamp(x, 0.0, 6.0);
    case activation::hard_swish:
      return x * gate;
    case activation::hard_sigmoid:
      return gate;
    case activation::sigmoid:
      return smooth;
    case activation::swish:
      return x * smooth;
  }
  return x;
}

struct product {
  feature_shape in;
  int out;
  activation act = activation::none;
  bool residual = false, in_place = false, gated = false, linear = false;
  int batch = 1;
};

layer layer_of(const product& use) {
  layer item = make_layer(use.in, [&](auto& builder) {
    if (use.linear)
      builder.linear(0, use.out);
    else
      builder.convolution(0, use.out, 1, 1, 0, 1, true);
  });
  item.act = use.act;
  return item;
}

/// The largest difference from the exact result, relative to the sum of the magnitudes that were added; endless for a NaN.
double worst_error(const product& use, int threads, simd_level level) {
  const layer item = layer_of(use);
  layer_fixture<float> at({.item = item, .batch = use.batch, .residual = use.residual, .in_place = use.in_place, .seed = 7});
  const inference_operands<float> operands = at.inference();
  const auto rows = static_cast<std::size_t>(use.linear ? use.batch : use.batch * item.in.pixels());
  const auto depth = static_cast<std::size_t>(use.linear ? item.in.size() : item.in.c), width = static_cast<std::size_t>(use.out);
  buffer<float> gate;
  if (use.gated) gate = random_values<float>(static_cast<std::size_t>(use.batch) * depth, 3);

  const detail::pointwise_convolution kernel(item, use.batch, threads, level);
  buffer<float> packed = poison<float>(kernel.packed_floats()), scratch = poison<float>(kernel.scratch_bytes() / sizeof(float));
  kernel.pack(operands.weights, operands.bias, packed.data());
  kernel.run({.src = operands.src,
              .packed = packed.data(),
              .other = operands.other,
              .dst = operands.dst,
              .gate = use.gated ? gate.data() : nullptr,
              .scratch = reinterpret_cast<std::byte*>(scratch.data())});

  double worst = 0;
  for (std::size_t row = 0; row < rows; ++row)
    for (std::size_t c = 0; c < width; ++c) {
      double sum = at.bias[c], magnitude = 1;
      for (std::size_t k = 0; k < depth; ++k) {
        const double factor = use.gated ? gate[row * static_cast<std::size_t>(use.batch) / rows * depth + k] : 1.0;
        const double term = factor * static_cast<double>(at.src[row * depth + k]) * static_cast<double>(at.weights[c * depth + k]);
        sum += term, magnitude += std::abs(term);
      }
      if (use.residual) sum += static_cast<double>(at.other[row * width + c]);
      const double error = std::abs(activated_exactly(use.act, sum) - static_cast<double>(at.dst[row * width + c])) / magnitude;
      if (!(error <= worst)) worst = std::isfinite(error) ? error : 1e300;
    }
  return worst;
}

void check(const product& use) {
  for (const simd_level level : simd_levels) {
    if (!has_simd_level(level) || level > best_simd_level()) continue;
    for (const int threads : {1, 2}) {
      INFO(detail::describe(layer_of(use)) << ", batch " << use.batch << ", " << name_of(level) << ", " << threads << " threads"
                                           << (use.residual ? ", residual" : "") << (use.gated ? ", gate" : ""));
      CHECK(worst_error(use, threads, level) < 2e-6);
    }
  }
}

}  // namespace

TEST_CASE("a 1x1 convolution gives the exact sums for every width", "[pointwise]") {
  for (int out = 1; out <= 100; out += out < 50 ? 1 : 7) check({.in = {3, 7, 19}, .out = out, .act = activation::relu});
}

TEST_CASE("a 1x1 convolution gives the exact sums for every number of pixels", "[pointwise]") {
  for (int pixels = 1; pixels <= 60; ++pixels) check({.in = {1, pixels, 9}, .out = 40, .residual = true});
}

TEST_CASE("a 1x1 convolution fuses residual, activation and gate", "[pointwise]") {
  for (const activation act : {activation::none, activation::relu, activation::relu6, activation::hard_swish, activation::sigmoid,
                               activation::hard_sigmoid, activation::swish})
    for (const bool gated : {false, true}) {
      check({.in = {5, 6, 37}, .out = 45, .act = act, .gated = gated, .batch = 3});
      check({.in = {5, 6, 37}, .out = 45, .act = act, .residual = true, .gated = gated, .batch = 2});
      check({.in = {5, 6, 32}, .out = 24, .act = act, .residual = true, .in_place = true, .gated = gated});
    }
}

TEST_CASE("a 1x1 convolution of many channels is cut into blocks that fit the caches", "[pointwise]") {
  check({.in = {3, 5, 1500}, .out = 170, .batch = 2});
  check({.in = {30, 31, 16}, .out = 24, .act = activation::relu6});
  check({.in = {1, 1, 960}, .out = 240, .act = activation::relu});
  check({.in = {21, 20, 700}, .out = 250, .gated = true, .batch = 2});
  check({.in = {20, 21, 40}, .out = 24, .residual = true, .gated = true, .batch = 3});
}

TEST_CASE("a fully connected layer is a 1x1 convolution of one pixel", "[pointwise]") {
  check({.in = {1, 1, 130}, .out = 1000, .linear = true});
  check({.in = {3, 2, 21}, .out = 10, .act = activation::relu, .linear = true, .batch = 5});
}

TEST_CASE("the pointwise kernel refuses other layers in a sentence", "[pointwise]") {
  const layer wide = make_layer({8, 8, 4}, [](auto& builder) { builder.convolution(0, 4, 3); });
  CHECK_FALSE(detail::pointwise_convolution::refuses(wide).empty());
  CHECK_THROWS_WITH(detail::pointwise_convolution(wide, 1, 1, best_simd_level()), ContainsSubstring("is not a 1x1 convolution"));
  const layer strided = make_layer({8, 8, 4}, [](auto& builder) { builder.convolution(0, 4, 1, 2, 0); });
  CHECK_FALSE(detail::pointwise_convolution::refuses(strided).empty());
}
