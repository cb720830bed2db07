// A folded network against the plain composition of its unfused layers, on lists that exercise every fusion.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/training.hpp>

#include "../support/catch.hpp"
#include "networks.hpp"

using namespace hasse;

namespace {
/// Every value of an unfused list, layer by layer; batch norm written out here, the rest one backend step each.
std::vector<std::vector<double>> composed(const layer_list& layers, int batch, const parameters<double>& values,
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
  return memory;
}

void check_folding(const layer_list& layers, std::uint64_t seed) {
  constexpr int batch = 2;
  const auto values = testing::random_parameters<double>(layers, seed);
  std::vector<double> input(static_cast<std::size_t>(batch * layers.input.size()));
  testing::fill(input.data(), static_cast<std::int64_t>(input.size()), seed + 1);
  const std::vector<std::vector<double>> all = composed(layers, batch, values, input);

  reference<double> exact;
  inference_network<reference<double>> precise(exact, layers, batch, values);
  reference<float> backend;
  inference_network<reference<float>> net(backend, layers, batch, parameters<float>(values));
  for (std::size_t k = 0; k < input.size(); ++k) precise.input()[k] = input[k], net.input()[k] = static_cast<float>(input[k]);
  for (int twice = 0; twice < 2; ++twice) {  // the second run must find the input as it was
    precise.run(), net.run();
    for (int i = 0; i < layers.output_count(); ++i) {
      const std::vector<double>& expected = all[static_cast<std::size_t>(layers.output(i))];
      REQUIRE(expected.size() == static_cast<std::size_t>(batch * net.output_shape(i).size()));
      for (std::size_t k = 0; k < expected.size(); ++k) {
        INFO("seed " << seed << ", output " << layers.output_name(i) << ", element " << k);
        REQUIRE(precise.output(i)[k] == Approx(expected[k]).epsilon(1e-10).margin(1e-10));
        REQUIRE(net.output(i)[k] == Approx(expected[k]).epsilon(1e-4).margin(1e-4));
      }
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
  for (std::uint64_t round = 0; round < 60; ++round) {
    layer_list layers = testing::random_network(random, 14);
    check_folding(layers, 1000 + round);
    check_folding(testing::with_outputs(std::move(layers), random), 2000 + round);
  }
}

TEST_CASE("a network hands out every value that is named, folded as the layers around allow") {
  const layer_list layers = testing::several_outputs<layer_list>();
  check_folding(layers, 6);
  const layer_list folded = fold_for_inference(layers).layers;
  REQUIRE(folded.output_count() == layers.output_count());
  for (int i = 0; i < layers.output_count(); ++i) {
    CHECK(folded.output_name(i) == layers.output_name(i));
    CHECK(folded.output_shape(i) == layers.output_shape(i));
  }
  const auto maker = [&](int output) { return folded.items[static_cast<std::size_t>(folded.output(output)) - 1]; };
  CHECK((maker(0).act == activation::none && maker(1).act == activation::relu));  // the batch norm between them stands alone
  CHECK((maker(3).groups == 12 && maker(3).act == activation::relu));             // all of it is in the convolution
  layer_list bare = layers;
  bare.outputs = {{"scores", layers.outputs.back().value}, {"boxes", layers.outputs[2].value}};
  CHECK(fold_for_inference(bare).layers.size() == folded.size() - 1);

  reference<float> backend;
  const auto values = testing::random_parameters<float>(layers, 3);
  inference_network<reference<float>> net(backend, layers, 2, values);
  testing::fill(net.input(), 2 * layers.input.size(), 4);
  net.run();
  std::vector<float> boxes(2 * 4 * 3 * 2);
  net.read_output(2, boxes);
  CHECK(std::equal(boxes.begin(), boxes.end(), net.output(2)));
  CHECK_THROWS_WITH(net.read_output(0, boxes), ContainsSubstring("has 144 values and room for 48 was given"));
}

TEST_CASE("a folded network computes what training computed, at every output") {
  // With the statistics of the batch. A running variance is that of the population, so it is taken back to the batch's.
  const layer_list layers = [] {
    layer_list made = testing::several_outputs<layer_list>(activation::hard_swish);
    for (layer& item : made.items) item.norm.keep_percent = 0;
    return made;
  }();
  constexpr int batch = 3;
  reference<double> backend;
  auto values = testing::random_parameters<double>(layers, 12);
  training_network<reference<double>> trained(backend, layers, batch, values);
  testing::fill(trained.input(), batch * layers.input.size(), 13);
  trained.forward();
  for (const parameter_tensor& tensor : values.layout.statistics)
    if (tensor.role == parameter_role::running_variance)
      for (double& variance : values.of(tensor)) {
        const auto count = static_cast<double>(batch * layers.items[static_cast<std::size_t>(tensor.layer)].out.pixels());
        variance *= (count - 1) / count;
      }
  inference_network<reference<double>> net(backend, layers, batch, values);
  std::copy_n(trained.input(), batch * layers.input.size(), net.input());
  net.run();
  for (int i = 0; i < layers.output_count(); ++i)
    for (std::int64_t k = 0; k < batch * layers.output_shape(i).size(); ++k) {
      INFO(layers.output_name(i) << ", element " << k);
      REQUIRE(net.output(i)[k] == Approx(trained.output(i)[k]).epsilon(1e-10).margin(1e-10));
    }
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

TEST_CASE("parameters that are not finite, or fold to such, are no network's") {
  const layer_list layers = testing::small_residual<layer_list>();
  const auto sound = testing::random_parameters<float>(layers, 1);
  const float infinity = std::numeric_limits<float>::infinity(), none = std::numeric_limits<float>::quiet_NaN();
  reference<float> backend;
  inference_network<reference<float>> net(backend, layers, 1, sound);
  for (const auto* tensors : {&sound.layout.trainable, &sound.layout.statistics})
    for (const parameter_tensor& tensor : *tensors)
      for (const auto& [value, text] : {std::pair{none, "nan"}, {-none, "nan"}, {infinity, "inf"}, {-infinity, "-inf"}}) {
        parameters<float> spoilt = sound;
        spoilt.of(tensor).back() = value;
        CHECK_THROWS_WITH(net.load(spoilt), ContainsSubstring("the parameters hold " + std::string(text) + " in " + tensor.name + ",") &&
                                                ContainsSubstring("train again with a lower learning rate"));
      }
  for (const auto& [role, value, text] :
       {std::tuple{parameter_role::running_variance, -1.0f, "too small a variance in 001.batch_norm.running_variance,"},
        {parameter_role::scale, 3e38f, "numbers too large to be folded in 001.batch_norm.scale,"},
        {parameter_role::shift, 3e38f, "numbers too large to be folded in 001.batch_norm.scale,"}}) {
    parameters<float> spoilt = sound;
    std::ranges::fill(spoilt.of(1, role), value);
    if (role == parameter_role::shift)
      std::ranges::fill(spoilt.of(1, parameter_role::running_mean), -3e38f), std::ranges::fill(spoilt.of(1, parameter_role::scale), 1e9f);
    else
      std::ranges::fill(spoilt.of(0, parameter_role::weight), 100.0f);
    CHECK_THROWS_WITH(net.load(spoilt), ContainsSubstring(text));
  }
  CHECK_NOTHROW(net.load(sound));
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

  const auto named = [&](std::vector<named_value> outputs) {
    layer_list list = testing::several_outputs<layer_list>();
    for (named_value& each : outputs) list.outputs.push_back(std::move(each));
    return refusal(list);
  };
  CHECK_THAT(named({{"", 1}}), ContainsSubstring("the output \"\" has no name that files could use"));
  CHECK_THAT(named({{"1st", 1}}), ContainsSubstring("\"1st\" has no name") && ContainsSubstring("begin it with a letter"));
  CHECK_THAT(named({{"a/b", 1}}), ContainsSubstring("\"a/b\" has no name"));
  CHECK_THAT(named({{"c4", 1}}), ContainsSubstring("\"c4\" stands for two values"));
  CHECK_THAT(named({{"c5", 1}, {"again", 1}}), ContainsSubstring("\"again\" is the same value as the output \"c5\""));
  CHECK_THAT(named({{"far", 99}}), ContainsSubstring("\"far\" is value 99 of a network that has values 0 to 23"));
  CHECK_THAT(named({{"none", no_value}}), ContainsSubstring("\"none\" is value -1"));
  broken = testing::several_outputs<layer_list>();
  broken.outputs.erase(broken.outputs.begin() + 2);
  CHECK_THAT(refusal(broken), ContainsSubstring("nobody reads its value") && ContainsSubstring("name it as an output"));
  broken.outputs.pop_back();
  CHECK_THAT(refusal(broken), ContainsSubstring("nobody reads its value"));

  const layer_list several = testing::several_outputs<layer_list>();
  inference_network<reference<float>> ready(backend, several, 1, parameters<float>(std::span<const layer>(several)));
  parameters<float> trainable{std::span<const layer>(several)};
  training_network<reference<float>> trained(backend, several, 2, trainable);
  const std::string many = "has 5 outputs, \"raw\", \"c4\", \"boxes\", \"spatial\" and \"scores\"";
  CHECK_THROWS_WITH(ready.output(), ContainsSubstring(many) && ContainsSubstring("was asked for its only output"));
  CHECK_THROWS_WITH(trained.output_gradient(), ContainsSubstring(many));
  CHECK_THROWS_WITH(trained.output_shape(), ContainsSubstring(many));
  CHECK_THROWS_WITH(ready.output(5), ContainsSubstring("output 5 was asked for") && ContainsSubstring("count from 0"));
  CHECK_THROWS_WITH(trained.output(-1), ContainsSubstring("output -1 was asked for"));

  parameters<float> foreign{std::span<const layer>(testing::odd_shapes<layer_list>())};
  CHECK_THROWS_AS(training_network<reference<float>>(backend, sound, 2, foreign), error);
}
