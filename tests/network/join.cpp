// Which layers may run as one step, and that the memory plan leaves them room to.
#include "catch.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include <hasse/kernel/reference.hpp>
#include <hasse/network.hpp>
#include <hasse/space/layer_list.hpp>

using namespace hasse;

namespace {
struct bottleneck_form {
  bool expands = true, excites = false, residual = true;
};

/// An inverted bottleneck behind a convolution: 8x8x8 to 8x8x8.
layer_list network_with(bottleneck_form form) {
  layer_list list{.input = {8, 8, 3}, .items = {}};
  layer_builder<layer_list> build{list};
  const value_id from = build.conv_bn(0, 8, 3, 1, activation::relu, {});
  const value_id wide = form.expands ? build.conv_bn(from, 32, 1, 1, activation::relu6, {}) : from;
  const int channels = build.shape_of(wide).c;
  value_id value = build.conv_bn(wide, channels, 3, 1, activation::relu6, {}, channels);
  if (form.excites) {
    const value_id squeezed = build.convolution(build.global_average_pool(value), 8, 1, 1, 0, 1, true);
    const value_id gate = build.convolution(build.activate(squeezed, activation::relu), channels, 1, 1, 0, 1, true);
    value = build.scale(value, build.activate(gate, activation::hard_sigmoid));
  }
  value = build.conv_bn(value, 8, 1, 1, activation::none, {});
  if (form.residual) value = build.add(value, from);
  build.linear(build.global_average_pool(value), 10);
  return list;
}

std::vector<int> runs_of(const layer_list& list) {
  const auto folded = fold_for_inference(list);
  const auto runs = joined_runs(folded.layers);
  return {runs.begin(), runs.end()};
}

/// The reference backend, joining whatever it may: a step that runs the layers of a run one after the other, into fresh memory
/// between them, as a fused kernel would.
struct joining_reference {
  using scalar = float;
  static constexpr const char* name = "joining reference";
  std::string identity() const { return name; }
  reference<float> plain;
  int joined = 0;

  struct step {
    std::vector<decltype(std::declval<reference<float>&>().make_inference(layer{}, 1, {}))> parts;
    std::vector<std::vector<float>> memory;
    void run() {
      for (auto& part : parts) part.run();
    }
  };
  std::string supports(const layer& item) const { return plain.supports(item); }
  step make_inference(const layer& item, int batch, const inference_operands<float>& at) {
    step made;
    made.parts.push_back(plain.make_inference(item, batch, at));
    return made;
  }
  auto make_training(const layer& item, int batch, const training_operands<float>& at) {
    return plain.make_training(item, batch, at);
  }
  std::size_t saved_bytes(const layer& item, int batch) { return plain.saved_bytes(item, batch); }
  backward_operands backward_reads(const layer& item) { return plain.backward_reads(item); }
  std::optional<step> make_joined(std::span<const layer> run, int batch, std::span<const inference_operands<float>> operands) {
    ++joined;
    step made;
    std::vector<inference_operands<float>> own(operands.begin(), operands.end());
    for (std::size_t i = 0; i + 1 < run.size(); ++i) {
      made.memory.emplace_back(static_cast<std::size_t>(batch * run[i].out.size()));
      for (std::size_t later = i + 1; later < run.size(); ++later) {
        if (operands[later].src == operands[i].dst) own[later].src = made.memory.back().data();
        if (operands[later].other == operands[i].dst) own[later].other = made.memory.back().data();
      }
      own[i].dst = made.memory.back().data();
    }
    for (std::size_t i = 0; i < run.size(); ++i) made.parts.push_back(plain.make_inference(run[i], batch, own[i]));
    return made;
  }
};
}  // namespace

TEST_CASE("an inverted bottleneck is a run, with its parts or without", "[network]") {
  CHECK(runs_of(network_with({})) == std::vector{1, 3, 0, 0, 1, 1});
  CHECK(runs_of(network_with({.expands = false})) == std::vector{1, 2, 0, 1, 1});
  CHECK(runs_of(network_with({.excites = true})) == std::vector{1, 7, 0, 0, 0, 0, 0, 0, 1, 1});
  CHECK(runs_of(network_with({.expands = false, .excites = true, .residual = false})) == std::vector{1, 6, 0, 0, 0, 0, 0, 1, 1});
}

TEST_CASE("a tensor that others read ends a run", "[network]") {
  layer_list list{.input = {8, 8, 8}, .items = {}};
  layer_builder<layer_list> build{list};
  const value_id wide = build.convolution(0, 32, 1);
  const value_id middle = build.convolution(wide, 32, 3, 1, 1, 32);
  build.convolution(build.add(middle, wide), 8, 1);
  CHECK(runs_of(list) == std::vector{1, 1, 1});
}

TEST_CASE("an output is the last value of its run, whichever value it is", "[network]") {
  for (const bool excites : {false, true}) {
    layer_list list = network_with({.excites = excites});
    const auto last = static_cast<value_id>(list.size());
    for (value_id value = 1; value < last; ++value) {
      list.outputs = {{"inner", value}, {"scores", last}};
      const layer_list folded = fold_for_inference(list).layers;
      const std::vector<int> runs = runs_of(list);
      CAPTURE(excites, value);
      CHECK(runs[static_cast<std::size_t>(folded.output(0))] != 0);
    }
  }
}

TEST_CASE("a dense convolution is no part of a run", "[network]") {
  layer_list list{.input = {8, 8, 8}, .items = {}};
  layer_builder<layer_list> build{list};
  build.convolution(build.convolution(build.convolution(0, 32, 1), 32, 3, 1, 1), 8, 1);
  CHECK(runs_of(list) == std::vector{1, 1, 1});
}

TEST_CASE("a joined run gives the numbers of its layers, and the same bits twice in a row", "[network]") {
  for (const bool expands : {true, false})
    for (const bool excites : {true, false})
      for (const bool residual : {true, false}) {
        CAPTURE(expands, excites, residual);
        const layer_list list = network_with({expands, excites, residual});
        parameters<float> values(list.items);
        random_source random(7);
        initialise(values, std::span<const layer>(list.items), random);
        reference<float> plain;
        joining_reference joining;
        inference_network separate(plain, list, 2, values);
        inference_network together(joining, list, 2, values);
        CHECK(joining.joined == 1);
        CHECK(together.steps().size() + static_cast<std::size_t>((expands ? 2 : 1) + (excites ? 4 : 0)) == separate.steps().size());
        CHECK(together.steps_until(static_cast<int>(list.size())) == static_cast<int>(together.steps().size()));
        for (std::int64_t i = 0; i < 2 * list.input.size(); ++i)
          separate.input()[i] = together.input()[i] = static_cast<float>(random.normal());
        separate.run();
        // The layers are the library's, the joined run is compiled here: the compiler need not fuse the same products with sums.
        together.run();
        const std::vector<float> first(together.output(), together.output() + 20);
        for (int i = 0; i < 20; ++i) CHECK(std::abs(first[static_cast<std::size_t>(i)] - separate.output()[i]) <= 1e-5f);
        together.run();
        CHECK(std::equal(first.begin(), first.end(), together.output()));
      }
}
