// A backend behind any_backend: the same bits, refusals, choices and memory as without.
#include <hasse/kernel/any_backend.hpp>

#include <algorithm>
#include <string>
#include <vector>

#include <hasse/kernel/cpu.hpp>
#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/network.hpp>

#include "catch.hpp"
#include "networks.hpp"
#include "pretend_device.hpp"

using namespace hasse;
using testing::pretend_device;

static_assert(JoinsLayers<any_backend<float>> && JoinsLayers<any_backend<bfloat16>>);

namespace {
using device = basic_cuda<float, pretend_device>;
const auto on_processor = [] { return cpu({.threads = 1}); };

/// With a bottleneck that the processor's backend joins.
layer_list joined_layers() {
  layer_list list{.input = {16, 16, 3}, .items = {}};
  layer_builder<layer_list> build{list};
  const value_id from = build.conv_bn(0, 16, 3, 1, activation::relu, {});
  value_id value = build.conv_bn(from, 96, 1, 1, activation::relu6, {});
  value = build.conv_bn(value, 96, 3, 1, activation::relu6, {}, 96);
  build.linear(build.global_average_pool(build.add(build.conv_bn(value, 16, 1, 1, activation::none, {}), from)), 10);
  return list;
}

parameters<float> drawn(const layer_list& layers) {
  parameters<float> weights(layers);
  random_source random(3);
  initialise(weights, layers, random);
  return weights;
}

std::vector<float> drawn(std::int64_t size, std::uint64_t seed) {
  random_source random(seed);
  std::vector<float> values(static_cast<std::size_t>(size));
  for (float& value : values) value = static_cast<float>(random.normal());
  return values;
}

struct inferred {
  std::vector<float> answers;
  std::vector<int> ends;
  std::vector<std::string> codes;
  bool operator==(const inferred&) const = default;
};
template <class Engine>
inferred infer(Engine& backend, const layer_list& layers) {
  inference_network<Engine> network(backend, layers, 2, drawn(layers));
  network.write_input(drawn(2 * layers.input.size(), 5));
  network.run();
  network.run();
  inferred made{std::vector<float>(static_cast<std::size_t>(2 * network.output_shape().size())), {}, {}};
  network.read_output(made.answers);
  made.ends.assign(network.step_ends().begin(), network.step_ends().end());
  if constexpr (requires { network.steps().front().implementation(); })
    for (const auto& step : network.steps()) made.codes.emplace_back(step.implementation());
  return made;
}

/// Gradients and statistics after a step that computes again what it did not keep.
template <class Engine>
std::vector<float> trained(Engine& backend, const layer_list& layers) {
  parameters<float> weights = drawn(layers);
  training_network<Engine> network(backend, layers, 2, weights, {.recompute = hasse::recompute::activations});
  device_memory* const where = memory_of(backend);
  const std::vector<float> images = drawn(2 * layers.input.size(), 5);
  copy_in<float>(where, network.input(), images);
  network.forward();
  const std::vector<float> slopes = drawn(2 * network.output_shape().size(), 6);
  copy_in<float>(where, network.output_gradient(), slopes);
  network.backward();
  network.pull();
  std::vector<float> made(weights.values.size());
  copy_out<float>(where, made, network.gradients());
  made.insert(made.end(), weights.statistics.begin(), weights.statistics.end());
  return made;
}

template <class Call>
std::string sentence_of(Call&& call) {
  try {
    call();
  } catch (const error& refused) {
    return refused.what();
  }
  return "";
}
}  // namespace

TEST_CASE("a network gives the same bits behind any_backend, in inference and training", "[any_backend]") {
  for (const layer_list& layers : {testing::small_residual<layer_list>(), testing::odd_shapes<layer_list>(), joined_layers()}) {
    cpu plain = on_processor();
    any_backend<float> any(on_processor);
    const inferred found = infer(any, layers);
    CHECK(found == infer(plain, layers));
    CHECK(!found.codes.front().empty());
    CHECK(trained(any, layers) == trained(plain, layers));
  }
}

TEST_CASE("layers are joined behind any_backend where the backend joins them", "[any_backend]") {
  any_backend<float> joins(on_processor), does_not([] { return device(); });
  CHECK(infer(joins, joined_layers()).ends.size() < infer(does_not, joined_layers()).ends.size());
  CHECK(infer(does_not, joined_layers()).codes.front().empty());
}

TEST_CASE("steps outlive a move of the backend that made them", "[any_backend]") {
  any_backend<float> first(on_processor);
  const std::vector<float> source{1, -2, 3, -4};
  std::vector<float> found(4);
  auto step =
      first.make_inference({.kind = layer_kind::activation, .input = 0, .in = {1, 1, 4}, .out = {1, 1, 4}, .act = activation::relu},
                           1, {.src = source.data(), .dst = found.data()});
  const any_backend<float> second = std::move(first);
  step.run();
  CHECK(found == std::vector<float>{1, 0, 3, 0});
}

TEST_CASE("any_backend says what the held backend says", "[any_backend]") {
  cpu plain = on_processor();
  any_backend<float> any(on_processor);
  CHECK(std::string(name_of(any)) == "cpu");
  CHECK(std::string(name_of(any_backend<float>([] { return device(); }))) == device::name);
  layer_list pools{.input = {32, 32, 3}, .items = {}};
  layer_builder<layer_list>{pools}.max_pool(0, 17, 1, 8);
  const auto refusal = [&](auto& backend) { return sentence_of([&] { check(pools, 1, backend); }); };
  CHECK_THAT(refusal(any), ContainsSubstring("on backend cpu it has a window of more than 15x15"));
  CHECK(refusal(any) == refusal(plain));
  const auto making = [&](auto& backend) { return sentence_of([&] { backend.make_inference(pools.items.front(), 1, {}); }); };
  CHECK(making(any) == making(plain));
  CHECK(!making(any).empty());
  for (const layer& item : testing::small_residual<layer_list>().items)
    CHECK(any.saved_bytes(item, 3) == plain.saved_bytes(item, 3));
}

TEST_CASE("what was measured comes out of any_backend and goes into it", "[any_backend]") {
  any_backend<float> any([] { return cpu({.kernels = kernel_policy::by_measurement}); });
  infer(any, joined_layers());
  CHECK(any.choices().size() > 1);
  CHECK(&any.choices() == &any.as<cpu>()->choices());
  CHECK(any.as<device>() == nullptr);
  any_backend<float> measures_nothing([] { return device(); });
  measures_nothing.choices()["a layer"] = "a kernel";
  CHECK(measures_nothing.choices().size() == 1);
}

TEST_CASE("a device's memory is that of the held backend", "[any_backend]") {
  const layer_list layers = testing::small_residual<layer_list>();
  any_backend<float> processor(on_processor);
  CHECK(processor.memory() == nullptr);
  device plain;
  any_backend<float> any([] { return device(); });
  REQUIRE(any.memory() != nullptr);
  CHECK(any.memory() == any.as<device>()->memory());
  CHECK(memory_of(any) == any.memory());
  CHECK(infer(any, layers).answers == infer(plain, layers).answers);
  CHECK(any.as<device>()->stream().recordings == 1);
  CHECK(trained(any, layers) == trained(plain, layers));
}
