// Recomputation is a matter of memory alone: the same bits as without, on both backends.
#include <cstring>

#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/training.hpp>

#include "../support/catch.hpp"
#include "networks.hpp"

using namespace hasse;

namespace {
template <class Scalar>
bool same_bits(const Scalar* one, const Scalar* other, std::size_t count) {
  return std::memcmp(one, other, count * sizeof(Scalar)) == 0;
}

/// Trains two steps with and without; returns the share of the memory that recomputation takes.
template <class Engine>
double check_recomputation(Engine& backend, const layer_list& layers, int batch, std::uint64_t seed) {
  INFO("seed " << seed);
  using scalar = typename Engine::scalar;
  auto kept_values = testing::random_parameters<scalar>(layers, seed), again_values = kept_values;
  training_network<Engine> kept(backend, layers, batch, kept_values, {.input_gradient = true});
  training_network<Engine> again(backend, layers, batch, again_values,
                                 {.input_gradient = true, .recompute = recompute::activations});
  for (std::uint64_t step = 0; step < 2; ++step) {
    for (training_network<Engine>* each : {&kept, &again}) {
      testing::fill(each->input(), batch * layers.input.size(), seed + step);
      each->forward();
      testing::fill_output_gradients(*each, seed + step + 1);
      each->backward();
    }
    for (int i = 0; i < kept.output_count(); ++i)
      CHECK(same_bits(kept.output(i), again.output(i), static_cast<std::size_t>(batch * kept.output_shape(i).size())));
    CHECK(same_bits(kept.gradients(), again.gradients(), kept_values.values.size()));
    CHECK(same_bits(kept.input_gradient(), again.input_gradient(), static_cast<std::size_t>(batch * layers.input.size())));
    CHECK(same_bits(kept_values.values.data(), again_values.values.data(), kept_values.values.size()));
  }
  return static_cast<double>(again.arena_bytes()) / static_cast<double>(kept.arena_bytes());
}

layer_list chain(activation act) {
  layer_list layers{.input = {16, 16, 8}, .items = {}};
  layer_builder<layer_list> list{layers};
  value_id value = 0;
  for (int i = 0; i < 8; ++i) value = list.conv_bn(value, 16, 3, 1, act, {});
  list.linear(list.global_average_pool(value), 5);
  return layers;
}
}  // namespace

TEST_CASE("recomputed values give the same gradients, bit for bit") {
  random_source random(31);
  reference<double> exact;
  for (const int threads : {1, 2}) {
    cpu fast({.threads = threads});
    for (const activation act : {activation::relu, activation::relu6, activation::hard_swish, activation::swish}) {
      check_recomputation(fast, testing::small_residual<layer_list>(act), 3, 1);
      check_recomputation(exact, testing::small_residual<layer_list>(act), 3, 1);
    }
    check_recomputation(fast, testing::odd_shapes<layer_list>(), 3, 2);
    check_recomputation(exact, testing::odd_shapes<layer_list>(), 3, 2);
    check_recomputation(fast, testing::twice_read(), 3, 3);
    check_recomputation(fast, testing::joined_branches<layer_list>(), 3, 4);
    check_recomputation(fast, testing::several_outputs<layer_list>(), 3, 5);
    for (std::uint64_t round = 0; round < 20; ++round) {
      layer_list layers = testing::random_network(random, 14);
      if (round % 2) layers = testing::with_outputs(std::move(layers), random);
      check_recomputation(fast, layers, 2, 100 + round);
      check_recomputation(exact, layers, 2, 100 + round);
    }
  }
}

TEST_CASE("recomputation takes little more than half of the memory of a chain") {
  cpu backend;
  CHECK(check_recomputation(backend, chain(activation::relu), 4, 5) < 0.65);
  CHECK(check_recomputation(backend, chain(activation::swish), 4, 6) < 0.65);
}
