// What the blocks of MobileDets have in common (spec of MobileDets, 6, checks 2 and 3): without activations, an inverted bottleneck
// is a fused one whose dense kernel has rank 1 per channel, and a Tucker block is one dense convolution. In double, by the readable
// backend.
#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/space/mobile.hpp>

#include <algorithm>
#include <cmath>
#include <vector>

#include "../support/catch.hpp"

using namespace hasse;

namespace {

/// A list with random weights whose batch norms do nothing.
struct plain_network {
  layer_list layers;
  parameters<double> values;

  template <class Type>
  plain_network(const Type& spec, feature_shape input, std::uint64_t seed) : layers{.input = input, .items = {}} {
    spec.lower(layer_builder<layer_list>{layers}, 0);
    values = parameters<double>(layers.items);
    random_source random(seed);
    initialise<double>(values, layers.items, random);
    for (std::size_t index = 0; index < layers.size(); ++index)
      for (double& variance : values.of(static_cast<int>(index), parameter_role::running_variance))
        variance = 1 - layers.items[index].norm.epsilon_millionths * 1e-6;
  }

  /// The weights of the n-th convolution.
  std::span<double> convolution(int n) {
    for (std::size_t index = 0; index < layers.size(); ++index)
      if (layers.items[index].kind == layer_kind::convolution && n-- == 0)
        return values.of(static_cast<int>(index), parameter_role::weight);
    return {};
  }

  std::vector<double> output() {
    reference<double> backend;
    inference_network<reference<double>> network(backend, layers, 2, values);
    random_source random(5);
    for (std::int64_t i = 0; i < 2 * layers.input.size(); ++i) network.input()[i] = random.normal();
    network.run();
    return {network.output(), network.output() + 2 * network.output_shape().size()};
  }
};

double difference(const std::vector<double>& one, const std::vector<double>& other) {
  REQUIRE(one.size() == other.size());
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < one.size(); ++i)
    worst = std::max(worst, std::abs(one[i] - other[i])), largest = std::max(largest, std::abs(one[i]));
  CHECK(largest > 0.1);
  return worst / largest;
}

struct block_place {
  feature_shape input;
  int out, stride, kernel;
  padding pad;
};
const block_place places[] = {{{9, 7, 4}, 6, 1, 3, padding::symmetric},
                              {{8, 10, 3}, 5, 2, 3, padding::same},
                              {{8, 6, 4}, 4, 1, 5, padding::same},
                              {{7, 9, 3}, 4, 2, 5, padding::symmetric}};

}  // namespace

TEST_CASE("an inverted bottleneck without activations is a fused one of rank 1 per channel", "[mobile]") {
  for (const block_place& at : places)
    for (const int percent : {0, 50}) {
      const squeeze_excite se{.percent = percent, .rule = rounding::down};
      plain_network thin(mbconv{.out = at.out,
                                .stride = at.stride,
                                .kernel = at.kernel,
                                .expand = 3,
                                .act = activation::none,
                                .se = se,
                                .pad = at.pad},
                         at.input, 1);
      plain_network dense(fused_mbconv{.out = at.out,
                                       .stride = at.stride,
                                       .kernel = at.kernel,
                                       .expand = 3,
                                       .act = activation::none,
                                       .se = se,
                                       .pad = at.pad},
                          at.input, 2);
      const auto expand = thin.convolution(0), depthwise = thin.convolution(1), product = dense.convolution(0);
      const int in = at.input.c, taps = at.kernel * at.kernel;
      for (int middle = 0; middle < 3 * in; ++middle)
        for (int channel = 0; channel < in; ++channel)
          for (int tap = 0; tap < taps; ++tap)
            product[static_cast<std::size_t>((middle * in + channel) * taps + tap)] =
                depthwise[static_cast<std::size_t>(middle * taps + tap)] * expand[static_cast<std::size_t>(middle * in + channel)];
      const int later = percent > 0 ? 3 : 1;  // the two of squeeze-excite and the projection
      for (int n = 0; n < later; ++n) std::ranges::copy(thin.convolution(2 + n), dense.convolution(1 + n).begin());
      CHECK(difference(dense.output(), thin.output()) < 1e-13);
      product[0] += 1;
      CHECK(difference(dense.output(), thin.output()) > 1e-3);
    }
}

TEST_CASE("a Tucker block without activations is the dense convolution of its three factors", "[mobile]") {
  for (const block_place& at : places) {
    plain_network factors(tucker{.out = at.out,
                                 .stride = at.stride,
                                 .kernel = at.kernel,
                                 .in_percent = 50,
                                 .out_percent = 75,
                                 .rule = rounding::down,
                                 .act = activation::none,
                                 .residual = residual_rule::never,
                                 .pad = at.pad},
                          at.input, 3);
    plain_network dense(conv{.out = at.out, .kernel = at.kernel, .stride = at.stride, .act = activation::none, .pad = at.pad},
                        at.input, 4);
    const auto first = factors.convolution(0), core = factors.convolution(1), last = factors.convolution(2),
               product = dense.convolution(0);
    const std::size_t in = static_cast<std::size_t>(at.input.c), out = static_cast<std::size_t>(at.out),
                      taps = static_cast<std::size_t>(at.kernel * at.kernel);
    const std::size_t in_rank = first.size() / in, out_rank = last.size() / out;
    CHECK(core.size() == in_rank * out_rank * taps);
    std::ranges::fill(product, 0.0);
    for (std::size_t o = 0; o < out; ++o)
      for (std::size_t b = 0; b < out_rank; ++b)
        for (std::size_t a = 0; a < in_rank; ++a)
          for (std::size_t i = 0; i < in; ++i)
            for (std::size_t tap = 0; tap < taps; ++tap)
              product[(o * in + i) * taps + tap] +=
                  last[o * out_rank + b] * core[(b * in_rank + a) * taps + tap] * first[a * in + i];
    CHECK(difference(dense.output(), factors.output()) < 1e-13);
    product[0] += 1;
    CHECK(difference(dense.output(), factors.output()) > 1e-3);
  }
}
