// One-shot networks whose tensors lie where only the device may touch them, beside the same on the readable backend.
#include <hasse/kernel/reference.hpp>
#include <hasse/supernet/gated_search.hpp>
#include <hasse/supernet/slimmable_trainer.hpp>
#include <hasse/task/super_resolution.hpp>

#include <cstddef>
#include <string>
#include <vector>

#include "../../../train/edges.hpp"
#include "../../../train/problem.hpp"
#include "../device_under_test.hpp"
#include "catch.hpp"
#include "distance.hpp"

namespace {

using namespace hasse;
using guarded = device_under_test<float>;
using guarded_half = device_under_test<float16>;

const image_set easy_train = problem::quadrants(96, 1, 60), easy_validation = problem::quadrants(48, 2, 60);

/// A stem, two blocks of two kernel sizes or none, a classifier.
gated_list small_supernet() {
  gated_list made{.input = {8, 8, 3}, .blocks = {}};
  const auto candidate = [&](gated_block& block, const std::string& text, auto&& lower) {
    gated_candidate one{text, {.input = made.output(), .items = {}}};
    lower(layer_builder<layer_list>{one.layers});
    block.candidates.push_back(std::move(one));
  };
  gated_block stem{"stem", -1, {}};
  candidate(stem, "conv", [](auto list) { list.conv_bn(0, 8, 3, 2, activation::relu, {}); });
  made.blocks.push_back(stem);
  for (int i = 0; i < 2; ++i) {
    gated_block block{"block " + std::to_string(i), 0, {}};
    for (const int kernel : {3, 5})
      candidate(block, "k" + std::to_string(kernel), [&](auto list) {
        list.activate(list.add(list.conv_bn(0, 8, kernel, 1, activation::none, {}), 0), activation::relu);
      });
    block.candidates.push_back({"zero", {.input = made.output(), .items = {}}});
    made.blocks.push_back(block);
  }
  gated_block head{"head", -1, {}};
  candidate(head, "linear", [](auto list) { list.linear(0, 4); });
  made.blocks.push_back(head);
  return made;
}

TEST_CASE(
    "a search through gates on a device learns the gates of the readable backend, by every method, and goes on after a kill") {
  if (!has_device()) return skip("no CUDA device answers");
  const training_data data(classification{.label_smoothing = 0.1}, easy_train, easy_validation);
  const gated_list list = small_supernet();
  const gated_costs costs{.fixed = 1, .blocks = {{1, 3, 0}, {1, 3, 0}}};
  guarded backend;
  reference<float> plain;
  for (const gate_method method : {gate_method::gradient_full, gate_method::gradient_two, gate_method::reinforce}) {
    INFO(name_of(method));
    const gated_recipe how{.warmup_epochs = 1,
                           .epochs = 2,
                           .batch = 16,
                           .rate = 0.03,
                           .method = method,
                           .gates = {.rate = 0.05},
                           .period = 2,
                           .paths = 3,
                           .loss = additive_latency{0.1},
                           .target = 4,
                           .seed = 3};
    gated_search<guarded> found(backend, "toy", list, costs, data, how);
    gated_search<reference<float>> expected(plain, "toy", list, costs, data, how);
    const gated_outcome mine = found.run(), theirs = expected.run();
    CHECK(mine.curve.back().training.loss == Approx(theirs.curve.back().training.loss).epsilon(2e-3));
    const std::vector<double> here = found.gates().probabilities(), there = expected.gates().probabilities();
    for (std::size_t i = 0; i < here.size(); ++i) CHECK(here[i] == Approx(there[i]).margin(2e-3));
    CHECK(distance(found.weights().values, expected.weights().values) < 2e-3);
    CHECK(distance(found.weights().statistics, expected.weights().statistics) < 2e-3);

    const problem::scratch_folder folder("device-gates");
    const checkpoint_policy saving{.folder = folder.path, .every_seconds = 0};
    {
      gated_search<guarded> first(backend, "toy", list, costs, data, how, saving);
      CHECK_THROWS_AS(first.run(problem::stop_after(15)), problem::interrupted);
    }
    gated_search<guarded> second(backend, "toy", list, costs, data, how, saving);
    CHECK(second.position().epoch == 2);
    second.run();
    CHECK(second.weights() == found.weights());
    CHECK(second.gates().probabilities() == here);
  }
}

TEST_CASE("gates that learn by gradients are not searched in half precision, where those would vanish") {
  if (!has_device()) return skip("no CUDA device answers");
  const training_data data(classification{.label_smoothing = 0.1}, easy_train, easy_validation);
  const gated_list list = small_supernet();
  const gated_costs costs{.fixed = 1, .blocks = {{1, 3, 0}, {1, 3, 0}}};
  guarded_half backend;
  gated_recipe how{.warmup_epochs = 1, .epochs = 2, .batch = 16, .period = 2};
  using search = gated_search<guarded_half>;
  CHECK_THROWS_WITH((search(backend, "toy", list, costs, data, how)), ContainsSubstring("in bfloat16 or float, or by REINFORCE"));
  how.method = gate_method::reinforce;
  CHECK_NOTHROW(search(backend, "toy", list, costs, data, how));
}

TEST_CASE("one network at many widths trains on a device as on the readable backend, shared or switched norms") {
  if (!has_device()) return skip("no CUDA device answers");
  const training_data data(classification{.label_smoothing = 0.1}, easy_train, easy_validation);
  const width_family family(problem::network(16));
  const recipe how{.epochs = 2, .batch = 16, .learning_rate = 0.05, .augment = augmentation{.pad = 1}};
  guarded backend;
  reference<float> plain;
  const auto compare = [&](const auto& rule) {
    using rule_type = std::remove_cvref_t<decltype(rule)>;
    slimmable_trainer<guarded, rule_type> found(backend, "net", family, rule, data, how, 5);
    slimmable_trainer<reference<float>, rule_type> expected(plain, "net", family, rule, data, how, 5);
    const training_outcome mine = found.run(), theirs = expected.run();
    CHECK(mine.curve.back().loss == Approx(theirs.curve.back().loss).epsilon(2e-3));
    CHECK(distance(found.weights().values, expected.weights().values) < 2e-3);
    if (!expected.weights().statistics.empty()) CHECK(distance(found.weights().statistics, expected.weights().statistics) < 2e-3);
    slimmable<guarded> here(backend, found.result(), data, {.batches = 2, .batch = 32});
    slimmable<reference<float>> there(plain, expected.result(), data, {.batches = 2, .batch = 32});
    here.set_width(500), there.set_width(500);
    here.calibrate(), there.calibrate();
    CHECK(here.evaluate(*data.validation).loss == Approx(there.evaluate(*data.validation).loss).epsilon(5e-3));
  };
  compare(sandwich{.least = 250});
  compare(predefined_widths{.list = {family.at(1000), family.at(500)}, .distils = false});
  guarded_half half;
  using halved = slimmable_trainer<guarded_half, sandwich>;
  CHECK_THROWS_WITH((halved(half, "net", family, sandwich{}, data, how, 5)), ContainsSubstring("take bfloat16 or float"));
}

TEST_CASE("enlarging networks train on a device as on the readable backend") {
  if (!has_device()) return skip("no CUDA device answers");
  const image_set train_edges = problem::edges(16, 1, 16), validation_edges = problem::edges(6, 2, 16);
  const training_data data(super_resolution{}, train_edges, validation_edges);
  const width_family family(problem::enlarging(problem::tiny, 8));
  const recipe how{.epochs = 1, .batch = 4, .learning_rate = 0.1, .decay = 0.01, .largest_gradient = 1};
  guarded backend;
  reference<float> plain;
  const sandwich rule{.least = 500, .passes = 3, .distils = false};
  slimmable_trainer<guarded, sandwich, super_resolution> found(backend, "wdsr", family, rule, data, how, 7);
  slimmable_trainer<reference<float>, sandwich, super_resolution> expected(plain, "wdsr", family, rule, data, how, 7);
  const training_outcome mine = found.run(), theirs = expected.run();
  CHECK(mine.score == Approx(theirs.score).margin(1e-2));
  CHECK(distance(found.weights().values, expected.weights().values) < 2e-3);
  const evaluation cut =
      evaluate(backend, data.task, found.result().extract(family.at(1000)), validation_edges, data.scale, 3);
  CHECK(cut.score == Approx(mine.score).margin(1e-2));
}

}  // namespace
