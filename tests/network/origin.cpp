// Layers keep where they come from, so that an engine may run bodies of its own in place of blocks: same numbers, called for its entries only.
#include <limits>
#include <optional>

#include <hasse/catalogue/shard.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/static_network.hpp>
#include <hasse/network/training.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"
#include "networks.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
constexpr float nothing = std::numeric_limits<float>::quiet_NaN();

/// The readable backend; its bodies run the layers of a block with it, after they have written over all memory that is theirs alone.
struct bodied {
  using scalar = float;
  static constexpr const char* name = "bodied";
  std::string identity() const { return name; }
  reference<float> plain;
  std::vector<std::string> inferred, trained;  ///< blocks, in the order in which bodies were asked for
  bool refuses = false;

  struct inference_step {
    std::vector<decltype(std::declval<reference<float>&>().make_inference(layer{}, 1, {}))> parts;
    std::vector<std::span<float>> cleared;
    void run() {
      for (const auto memory : cleared) std::ranges::fill(memory, nothing);
      for (auto& part : parts) part.run();
    }
  };
  struct training_step {
    std::vector<decltype(std::declval<reference<float>&>().make_training(layer{}, 1, {}))> parts;
    std::vector<std::span<float>> before_forward, before_backward;
    void forward() {
      for (const auto memory : before_forward) std::ranges::fill(memory, nothing);
      for (auto& part : parts) part.forward();
    }
    void backward() {
      for (const auto memory : before_backward) std::ranges::fill(memory, nothing);
      for (std::size_t i = parts.size(); i-- > 0;) parts[i].backward();
    }
    void recompute() { parts.front().recompute(); }
  };
  std::string supports(const layer& item) const { return plain.supports(item); }
  inference_step make_inference(const layer& item, int batch, const inference_operands<float>& at) {
    inference_step made;
    made.parts.push_back(plain.make_inference(item, batch, at));
    return made;
  }
  training_step make_training(const layer& item, int batch, const training_operands<float>& at) {
    training_step made;
    made.parts.push_back(plain.make_training(item, batch, at));
    return made;
  }
  std::size_t saved_bytes(const layer& item, int batch) { return plain.saved_bytes(item, batch); }
  backward_operands backward_reads(const layer& item) { return plain.backward_reads(item); }
};

template <class Spec>
inline constexpr bool has_own_body = std::is_same_v<Spec, basic> || std::is_same_v<Spec, joining_sequence<lateral, tap<"maps">>>;
}  // namespace

template <auto BlockSpec, feature_shape In, feature_shape Second>
  requires(has_own_body<std::remove_const_t<decltype(BlockSpec)>>)
struct hasse::block_body<bodied, block<BlockSpec, In, Second>> {
  using made = block<BlockSpec, In, Second>;

  static std::optional<bodied::inference_step> inference(bodied& engine, std::span<const layer> folded, int batch,
                                                         std::span<const inference_operands<float>> operands) {
    engine.inferred.push_back(made::text());
    if (engine.refuses) return std::nullopt;
    CHECK(folded.size() == fold_for_inference(made::layers).layers.size());
    bodied::inference_step step;
    for (std::size_t i = 0; i < folded.size(); ++i) {
      step.parts.push_back(engine.plain.make_inference(folded[i], batch, operands[i]));
      step.cleared.emplace_back(operands[i].dst, static_cast<std::size_t>(batch * folded[i].out.size()));
    }
    return step;
  }
  static std::optional<bodied::training_step> training(bodied& engine, std::span<const layer> fused, int batch,
                                                       std::span<const training_operands<float>> operands) {
    engine.trained.push_back(made::text());
    if (engine.refuses) return std::nullopt;
    bodied::training_step step;
    const auto memory = [&](float* first, feature_shape shape) { return std::span<float>(first, static_cast<std::size_t>(batch * shape.size())); };
    for (std::size_t i = 0; i < fused.size(); ++i) {
      const training_operands<float>& at = operands[i];
      step.parts.push_back(engine.plain.make_training(fused[i], batch, at));
      step.before_forward.push_back(memory(at.dst, fused[i].out));
      const auto is_written_outside = [&](const float* gradient) {  // another reader of the block's input wrote it before
        for (std::size_t later = i + 1; later < fused.size(); ++later)
          if (operands[later].d_src == gradient || operands[later].d_other == gradient) return false;
        return true;
      };
      if (at.d_src && !(at.accumulate_d_src && is_written_outside(at.d_src))) step.before_backward.push_back(memory(at.d_src, fused[i].in));
      if (at.d_other && !(at.accumulate_d_other && is_written_outside(at.d_other)))
        step.before_backward.push_back(memory(at.d_other, fused[i].other_shape()));
    }
    return step;
  }
};

namespace {
using space = search_space<input<3, 16, 16>, stem<conv{.out = 4}>, stage<basic{.stride = 2}, widths<4, 8>, depth<1, 2>>,
                           stage<bottleneck{.stride = 2}, widths<8, 16>, depth<1, 2>>,
                           head<fixed_layer<conv{.out = 6, .kernel = 1}>, with_stage<1, lateral>, tap<"maps">, from_stage<2>, global_average_pool,
                                linear<3>, tap<"classes">>>;
}  // namespace
template <>
inline constexpr hasse::engines<bodied> hasse::engines_of<space>{};

namespace {
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
  }
}
