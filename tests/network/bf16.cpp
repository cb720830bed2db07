// Networks on bfloat16 activations against the reference in float: what they answer, their gradients, and what memory they take.
#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/static_network.hpp>
#include <hasse/network/training.hpp>

#include <vector>

#include <catch.hpp>

#include "../support/bf16.hpp"
#include "../support/distance.hpp"
#include "networks.hpp"

using namespace hasse;

namespace {
template <class Left, class Right>
void fill_both(Left* one, Right* other, std::int64_t count, std::uint64_t seed) {
  testing::fill(one, count, seed);
  for (std::int64_t k = 0; k < count; ++k) other[k] = one[k];
}

void check_inference(const layer_list& layers, int batch, std::uint64_t seed) {
  INFO("seed " << seed);
  cpu_bf16 backend;
  reference<float> plain;
  const auto values = testing::random_parameters<float>(layers, seed);
  inference_network<cpu_bf16> given(backend, layers, batch, values);
  inference_network<reference<float>> expected(plain, layers, batch, values);
  fill_both(given.input(), expected.input(), batch * layers.input.size(), seed);
  given.run(), expected.run();
  for (int i = 0; i < layers.output_count(); ++i)
    CHECK(distance(given.output(i), expected.output(i), static_cast<std::size_t>(batch * given.output_shape(i).size())) < 2e-2);
}

void check_training(const layer_list& layers, int batch, std::uint64_t seed) {
  INFO("seed " << seed);
  cpu_bf16 backend({.threads = 2});
  reference<float> plain;
  auto values = testing::random_parameters<float>(layers, seed), own = values;
  training_network<cpu_bf16> given(backend, layers, batch, own);
  training_network<reference<float>> expected(plain, layers, batch, values);
  fill_both(given.input(), expected.input(), batch * layers.input.size(), seed);
  given.forward(), expected.forward();
  fill_both(given.output_gradient(), expected.output_gradient(), batch * given.output_shape().size(), seed + 1);
  given.backward(), expected.backward();
  CHECK(distance(given.output(), expected.output(), static_cast<std::size_t>(batch * given.output_shape().size())) < 2e-2);
  CHECK(distance(given.gradients(), expected.gradients(), own.values.size()) < 5e-2);
  CHECK(distance(own.statistics.data(), values.statistics.data(), own.statistics.size()) < 2e-2);
}
}  // namespace

TEST_CASE("networks on bfloat16 activations answer and learn as the reference does") {
  if (testing::bf16_is_refused()) return;
  for (const std::uint64_t seed : {1, 2, 3}) {
    check_inference(testing::small_residual<layer_list>(), 3, seed);
    check_inference(testing::mobile_blocks(), 3, seed);
    check_inference(testing::odd_shapes<layer_list>(), 3, seed);
    check_inference(testing::twice_read(), 3, seed);
    check_inference(testing::joined_branches<layer_list>(), 3, seed);
    check_inference(testing::several_outputs<layer_list>(), 3, seed);
    check_training(testing::small_residual<layer_list>(activation::hard_swish), 7, seed);
    check_training(testing::mobile_blocks(), 7, seed);
    check_training(testing::twice_read(), 3, seed);
    check_training(testing::joined_branches<layer_list>(activation::swish), 7, seed);  // few corners, where rounding shows
  }
}

TEST_CASE("a static network gives the bits of the run-time one on bfloat16 activations") {
  if (testing::bf16_is_refused()) return;
  using net = fixed_network<input<3, 17, 15>, conv{.out = 16}, basic{.out = 16, .stride = 2}, global_average_pool{}, linear<10>{}>;
  cpu_bf16 backend;
  const layer_list layers{net::in, {net::layers.begin(), net::layers.end()}};
  const auto values = testing::random_parameters<float>(layers, 8);
  inference_network<cpu_bf16> dynamic(backend, layers, 1, values);
  static_inference<net, cpu_bf16> fixed(backend, values);
  fill_both(dynamic.input(), fixed.input(), layers.input.size(), 9);
  dynamic.run(), fixed.run();
  for (int k = 0; k < 10; ++k) REQUIRE(dynamic.output()[k] == fixed.output()[k]);
}

TEST_CASE("activations in bfloat16 take half the memory") {
  if (testing::bf16_is_refused()) return;
  layer_list layers = testing::small_residual<layer_list>();
  auto values = testing::random_parameters<float>(layers, 1);
  cpu whole;
  cpu_bf16 half;
  const training_network<cpu> expected(whole, layers, 64, values);
  const training_network<cpu_bf16> given(half, layers, 64, values);
  CHECK(static_cast<double>(given.arena_bytes()) < 0.55 * static_cast<double>(expected.arena_bytes()));
}
