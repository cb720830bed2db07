// A folded network against the plain composition of its unfused layers, on lists that exercise every fusion.
#include <algorithm>
#include <cmath>
#include <vector>

#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/training.hpp>

#include "../support/catch.hpp"
#include "networks.hpp"

using namespace hasse;

namespace {
/// Evaluates an unfused list layer by layer; batch norm written out here, the rest one backend step each.
std::vector<double> composed(const layer_list& layers, int batch, const parameters<double>& values,
                             const std::vector<double>& input) {
  reference<double> backend;
  std::vector<std::vector<double>> memory{input};
  for (int i = 0; i < static_cast<int>(layers.size()); ++i) {
    const layer& item = layers.items[static_cast<std::size_t>(i)];
    const std::vector<double>& source = memory[static_cast<std::size_t>(item.input)];
    std::vector<double> result(static_cast<std::size_t>(batch * item.out.size()));
    if (item.kind == layer_kind::batch_norm) {
      const auto scale = values.of(i, parameter_role::scale), shift = values.of(i, parameter_role::shift);
      const auto mean = values.of(i, parameter_role::running_mean), variance = values.of(i, parameter_role::running_variance);
      for (std::size_t k = 0; k < result.size(); ++k) {
        const std::size_t c = k % scale.size();
        result[k] = (source[k] - mean[c]) / std::sqrt(variance[c] + item.norm.epsilon_millionths * 1e-6) * scale[c] + shift[c];
      }
    } else {
      const auto weights = values.of(i, parameter_role::weight), bias = values.of(i, parameter_role::bias);
      backend
          .make_inference(item, batch,
                          {.src = source.data(),
                           .other = item.other == no_value ? nullptr : memory[static_cast<std::size_t>(item.other)].data(),
                           .dst = result.data(),
                           .weights = weights.data(),
                           .bias = bias.empty() ? nullptr : bias.data()})
          .run();
    }
    memory.push_back(std::move(result));
  }
  return memory.back();
}

void check_folding(const layer_list& layers, std::uint64_t seed) {
  constexpr int batch = 2;
  const auto values = testing::random_parameters<double>(layers, seed);
  std::vector<double> input(static_cast<std::size_t>(batch * layers.input.size()));
  testing::fill(input.data(), static_cast<std::int64_t>(input.size()), seed + 1);
  const std::vector<double> expected = composed(layers, batch, values, input);

  reference<double> exact;
  inference_network<reference<double>> precise(exact, layers, batch, values);
  reference<float> backend;
  inference_network<reference<float>> net(backend, layers, batch, parameters<float>(values));
  for (std::size_t k = 0; k < input.size(); ++k) precise.input()[k] = input[k], net.input()[k] = static_cast<float>(input[k]);
  for (int twice = 0; twice < 2; ++twice) {  // the second run must find the input as it was
    precise.run(), net.run();
    for (std::size_t k = 0; k < expected.size(); ++k) {
      INFO("seed " << seed << ", output " << k);
      REQUIRE(precise.output()[k] == Approx(expected[k]).epsilon(1e-10).margin(1e-10));
      REQUIRE(net.output()[k] == Approx(expected[k]).epsilon(1e-4).margin(1e-4));
    }
  }
}
}  // namespace

TEST_CASE("a folded network computes what its unfused layers compute") {
  check_folding(testing::small_residual<layer_list>(), 1);
  check_folding(testing::small_residual<layer_list>(activation::hard_swish), 2);
  check_folding(testing::odd_shapes<layer_list>(), 3);
  check_folding(testing::mobile_blocks(), 4);
  check_folding(testing::joined_branches<layer_list>(), 5);
}

TEST_CASE("random networks compute what their unfused layers compute") {
  random_source random(11);
  for (std::uint64_t round = 0; round < 60; ++round) check_folding(testing::random_network(random, 14), 1000 + round);
}

TEST_CASE("a network takes other parameters") {
  const layer_list layers = testing::small_residual<layer_list>();
  reference<float> backend;
  const auto first = testing::random_parameters<float>(layers, 1), second = testing::random_parameters<float>(layers, 2);
  inference_network<reference<float>> fresh(backend, layers, 1, second), reloaded(backend, layers, 1, first);
  reloaded.load(second);
  testing::fill(fresh.input(), layers.input.size(), 3), testing::fill(reloaded.input(), layers.input.size(), 3);
  fresh.run(), reloaded.run();
  for (int k = 0; k < 5; ++k) REQUIRE(fresh.output()[k] == reloaded.output()[k]);
}

TEST_CASE("what cannot be a network is refused with a sentence") {
  reference<float> backend;
  const auto refusal = [&](const layer_list& layers, int batch = 1) -> std::string {
    try {
      inference_network<reference<float>>(backend, layers, batch, parameters<float>());
    } catch (const error& refused) {
      return refused.what();
    }
    return "accepted";
  };
  const layer_list sound = testing::small_residual<layer_list>();
  CHECK_THAT(refusal(sound), ContainsSubstring("belong to another layer list"));
  CHECK_THAT(refusal(sound, 0), ContainsSubstring("batch of 0"));
  CHECK_THAT(refusal({.input = {4, 4, 4}, .items = {}}), ContainsSubstring("without layers"));
  layer_list broken = sound;
  broken.items[1].input = 7;
  CHECK_THAT(refusal(broken), ContainsSubstring("layer 1, batch_norm") && ContainsSubstring("value 7"));
  broken = sound;
  broken.items[1].input = 1'000'000'000;
  CHECK_THAT(refusal(broken), ContainsSubstring("not computed before"));
  broken.items[1].input = -5;
  CHECK_THAT(refusal(broken), ContainsSubstring("not computed before"));
  broken = sound;
  broken.items[3].in.c = 99;
  CHECK_THAT(refusal(broken), ContainsSubstring("another input shape"));
  broken = sound;
  broken.items[0].stride = 0;
  CHECK_THAT(refusal(broken), ContainsSubstring("on backend reference"));
  broken = sound;
  broken.items.back().input = 0, broken.items.back().in = broken.input;
  CHECK_THAT(refusal(broken), ContainsSubstring("nobody reads"));
  broken = sound;
  broken.items[8].other = 0;
  CHECK_THAT(refusal(broken), ContainsSubstring("different shapes"));
  broken = testing::joined_branches<layer_list>();
  layer& joint =
      *std::find_if(broken.items.begin(), broken.items.end(), [](const layer& item) { return item.kind == layer_kind::concat; });
  const layer sound_joint = joint;
  joint.other = no_value;
  CHECK_THAT(refusal(broken), ContainsSubstring("a second operand"));
  joint.other = 0;
  CHECK_THAT(refusal(broken), ContainsSubstring("two operands side by side"));
  joint = sound_joint, ++joint.out.c;
  CHECK_THAT(refusal(broken), ContainsSubstring("two operands side by side"));

  parameters<float> foreign{std::span<const layer>(testing::odd_shapes<layer_list>())};
  CHECK_THROWS_AS(training_network<reference<float>>(backend, sound, 2, foreign), error);
}
