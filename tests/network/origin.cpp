// Layers keep where they come from, so that an engine may run bodies of its own in place of blocks: same numbers, called for its entries only.
#include <hasse/catalogue/shard.hpp>
#include <hasse/kernel/any_backend.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/static_network.hpp>
#include <hasse/network/training.hpp>
#include <hasse/train/trainer.hpp>

#include "../support/bodied.hpp"
#include "../support/catch.hpp"
#include "../support/spaces.hpp"
#include "networks.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
using space = bodied_space;
using net = network<space, "[(4,8),(8,16)]">;
constexpr auto choice = net::choice;
const std::vector<std::string> blocks{"basic s2 4>4 @16x16", "basic s1 4>8 @8x8", "lateral + tap maps 6>6 @4x4 with 8 @8x8"};
constexpr int batch = 2;

template <class Network>
std::vector<std::vector<float>> answers_of(Network& network, const layer_list& layers, int images) {
  fill(network.input(), images * layers.input.size(), 7);
  network.run();
  std::vector<std::vector<float>> answers;
  for (int i = 0; i < layers.output_count(); ++i) answers.emplace_back(network.output(i), network.output(i) + images * layers.output_shape(i).size());
  return answers;
}
}  // namespace

TEST_CASE("every stretch of an architecture's layers names its entry", "[origin]") {
  const layer_list layers = layers_of(choice);
  int first = 0;
  std::size_t next = 0;
  for_each_part(choice, [&](part_id part) {
    const stretch& each = layers.stretches[next++];
    CHECK(each.origin == &catalogue<space>::at(part));
    CHECK(each.first == first);
    first += each.count;
  });
  CHECK(next == layers.stretches.size());
  CHECK(first == static_cast<int>(layers.size()));
  CHECK(net::stretches.size() == next);

  const auto folded = fold_for_inference(layers);
  for (std::size_t i = 0; i < next; ++i) {
    const stretch here = detail::fused_stretch(layers, folded, layers.stretches[i]);
    if (!here.origin->joins()) CHECK(here.count == static_cast<int>(fold_for_inference(layers_of(*here.origin)).layers.size()));
    CHECK(here.first == net::stretches[i].first);
    CHECK(here.count == net::stretches[i].count);
  }
}

TEST_CASE("an engine runs its own bodies for the blocks that have one, with the same numbers", "[origin]") {
  const layer_list layers = layers_of(choice);
  const auto values = random_parameters<float>(layers, 3);
  reference<float> readable;
  inference_network<reference<float>> expected(readable, layers, batch, values);
  const auto answers = answers_of(expected, layers, batch);

  bodied engine;
  inference_network<bodied> dynamic(engine, layers, batch, values);
  CHECK(engine.inferred == blocks);
  CHECK(dynamic.steps().size() < expected.steps().size());
  CHECK(answers_of(dynamic, layers, batch) == answers);

  bodied other;
  static_inference<net, bodied, batch> fixed(other, values);
  CHECK(other.inferred == blocks);
  CHECK(fixed.arena_bytes() == dynamic.arena_bytes());
  CHECK(answers_of(fixed, layers, batch) == answers);

  // The same behind a type that says nothing of the engine.
  any_backend<float> erased([] { return bodied{}; });
  inference_network<any_backend<float>> handed_on(erased, layers, batch, values);
  CHECK(erased.as<bodied>()->inferred == blocks);
  CHECK(handed_on.steps().size() == dynamic.steps().size());
  CHECK(answers_of(handed_on, layers, batch) == answers);
  any_backend<float> other_engine([] { return reference<float>{}; });
  CHECK(inference_network<any_backend<float>>(other_engine, layers, batch, values).steps().size() == expected.steps().size());

  bodied refusing;
  refusing.refuses = true;
  inference_network<bodied> layer_by_layer(refusing, layers, batch, values);
  CHECK(layer_by_layer.steps().size() == expected.steps().size());
  CHECK(answers_of(layer_by_layer, layers, batch) == answers);
}

TEST_CASE("layers without an origin, or that were changed since, run one by one", "[origin]") {
  layer_list nameless = layers_of(choice);
  nameless.stretches.clear();
  CHECK(nameless == layers_of(choice));
  bodied engine;
  inference_network<bodied> plain(engine, nameless, 1, random_parameters<float>(nameless, 3));
  CHECK(engine.inferred.empty());

  layer_list changed = layers_of(choice);
  const auto first = static_cast<std::size_t>(changed.stretches[1].first);
  for (std::size_t i = first; i < first + static_cast<std::size_t>(changed.stretches[1].count); ++i)
    if (changed.items[i].act == activation::relu) changed.items[i].act = activation::relu6;
  inference_network<bodied> other(engine, changed, 1, random_parameters<float>(changed, 3));
  CHECK(engine.inferred == std::vector(blocks.begin() + 1, blocks.end()));

  // The value between the two convolutions of the first block is handed out: no body may leave it unwritten.
  layer_list tapped = layers_of(choice);
  tapped.append_output("inner", tapped.stretches[1].first + 3);
  engine.inferred.clear();
  inference_network<bodied> third(engine, tapped, 1, random_parameters<float>(tapped, 3));
  CHECK(engine.inferred == std::vector(blocks.begin() + 1, blocks.end()));
}

TEST_CASE("a training runs bodies forward and backward, with the same numbers", "[origin]") {
  const layer_list layers = layers_of(choice);
  const auto steps_of = [&](auto& engine, const training_options& options) {
    auto values = random_parameters<float>(layers, 3);
    training_network network(engine, layers, batch, values, options);
    fill(network.input(), batch * layers.input.size(), 7);
    network.forward();
    std::vector<std::vector<float>> all;
    for (int i = 0; i < layers.output_count(); ++i) {
      const auto size = batch * layers.output_shape(i).size();
      all.emplace_back(network.output(i), network.output(i) + size);
      fill(network.output_gradient(i), size, 8);
    }
    network.backward();
    all.emplace_back(network.gradients(), network.gradients() + values.values.size());
    all.emplace_back(values.statistics.begin(), values.statistics.end());
    if (options.input_gradient) all.emplace_back(network.input_gradient(), network.input_gradient() + batch * layers.input.size());
    return all;
  };
  for (const training_options options : {training_options{}, training_options{.input_gradient = true}, training_options{.recompute = recompute::activations}}) {
    reference<float> readable;
    bodied engine, refusing;
    refusing.refuses = true;
    const auto expected = steps_of(readable, options);
    CHECK(steps_of(engine, options) == expected);
    CHECK(engine.trained == (options.recompute == recompute::nothing ? blocks : std::vector<std::string>{}));
    CHECK(steps_of(refusing, options) == expected);
    any_backend<float> erased([] { return bodied{}; });
    CHECK(steps_of(erased, options) == expected);
    CHECK(erased.as<bodied>()->trained == engine.trained);
  }
}

TEST_CASE("whose training it is says which blocks run as bodies", "[origin]") {
  const layer_list layers = layers_of(choice);
  layer_list nameless = layers;
  nameless.stretches.clear();
  bodied engine;
  any_backend<float> erased([] { return bodied{}; });
  reference<float> plain;
  CHECK(bodies_text(engine, nameless).empty());
  CHECK(bodies_text(plain, layers).empty());
  const std::string text = bodies_text(engine, layers);
  CHECK_THAT(text, ContainsSubstring("inference of basic s2 4>4 @16x16 at layer 1;") && ContainsSubstring("training of lateral + tap maps 6>6 @4x4 with 8 @8x8 at layer "));
  CHECK(bodies_text(erased, layers) == text);
  image_set images = empty_images("one", layers.input, {"a", "b", "c"});
  for (std::int64_t i = 0; i < layers.input.size(); ++i) images.pixels.push_back(static_cast<std::uint8_t>(i % 256));
  images.labels.push_back(0);
  const auto configuration = [&](const auto& backend, const layer_list& list) {
    return detail::identity_of(backend, "one", list, training_data<>{classification{}, images, images}, recipe{}, 1).configuration;
  };
  CHECK(configuration(engine, layers) != configuration(engine, nameless));
  CHECK(configuration(engine, layers) == configuration(erased, layers));
  CHECK(configuration(plain, layers) == configuration(engine, nameless));
}
