// The search through masks on tiny images: it meets its target and learns, warms up as it should, and goes on from any step.
#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include <hasse/data/open_detection.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/price/macs.hpp>
#include <hasse/supernet/masked_costs.hpp>
#include <hasse/supernet/masked_search.hpp>
#include <hasse/supernet/mobiledet_space.hpp>
#include <hasse/task/detection.hpp>

#include "../support/catch.hpp"
#include "../train/problem.hpp"

using namespace hasse;

namespace {
const image_set weights_split = problem::quadrants(128, 1, 60), policy_split = problem::quadrants(64, 2, 60);

/// A stem and two blocks of two layers on images of 8 x 8, with every operation.
masked_space tiny() {
  masked_layer layer{.options = {{masked_operation::inverted, {3, 5}, {2, 4}}, {masked_operation::fused, {3}, {2}}, {masked_operation::tucker, {3}, {50}, {50, 100}},
                                 {masked_operation::skip}},
                     .residual = true};
  masked_design made{.input = {8, 8, 3}, .blocks = {}, .head = {}};
  made.blocks.push_back({.name = "stem", .filters = {8}, .layers = {detail::dense_layer({3}, 1, activation::relu6)}});
  made.blocks.push_back(detail::masked_block_of("first", {8, 16}, layer, 2, 2));
  made.head = [](layer_builder<layer_list> list, std::span<const value_id> ends) { list.linear(ends.back(), 4); };
  return masked_space(std::move(made));
}
masked_recipe short_search(const masked_costs& costs) {
  return {.epochs = 24, .batch = 16, .rate = 0.02, .codes = 2, .target = 0.5 * (costs.of(costs.cheapest()) + costs.of(costs.dearest())), .seed = 2};
}
}  // namespace

TEST_CASE("a search through masks learns, stands still until a quarter, and comes near its target", "[masked][search]") {
  cpu backend;
  const training_data data(weights_split, policy_split);
  const masked_space space = tiny();
  const masked_costs costs(space, mac_price{});
  masked_recipe how = short_search(costs);
  how.policy.rate = 0.15, how.reward = absolute_reward{.weight = -0.5};
  for (const masked_quality quality : {masked_quality::loss, masked_quality::metric}) {
    how.quality = quality;
    masked_search<cpu> search(backend, "tiny", space, costs, data, how);
    bool moved_early = false;
    const masked_outcome outcome = search.run([&](const progress_event& report) {
      if (report.fraction >= 0.25) return;
      for (const double each : search.policy().logits().alpha()) moved_early = moved_early || each != 0;
    });
    INFO(space.text(outcome.code) << ", " << outcome.note);
    CHECK(!outcome.diverged);
    CHECK(!moved_early);
    REQUIRE(outcome.curve.size() == 24);
    CHECK(outcome.curve.front().entropy(space.decisions()) > outcome.curve.back().entropy(space.decisions()));
    CHECK(outcome.curve.back().quality > outcome.curve.front().quality);
    CHECK(outcome.curve.back().training.validation_score > 0.6);
    CHECK(outcome.cost == costs.of(outcome.code));
    CHECK(std::abs(outcome.cost / how.target - 1) < 0.15);
    CHECK(outcome.curve.back().likeliest == outcome.cost);
    const model network = search.network_of(outcome.code);
    CHECK(network.weights.layout == layout_of(network.layers.items));
  }
}

TEST_CASE("a search that was stopped anywhere ends as if it had not been", "[masked][search]") {
  cpu backend;
  const training_data data(weights_split, policy_split);
  const masked_space space = tiny();
  const masked_costs costs(space, mac_price{});
  masked_recipe how = short_search(costs);
  how.epochs = 6, how.codes = 3;
  masked_search<cpu> whole(backend, "tiny", space, costs, data, how);
  const masked_outcome wanted = whole.run();
  const problem::scratch_folder folder("masked");
  const checkpoint_policy saving{.folder = folder.path};
  for (const int stop : {3, 20, 31}) {
    masked_search<cpu> search(backend, "tiny", space, costs, data, how, saving);
    int reports = 0;
    CHECK_THROWS_AS(search.run([&](const progress_event&) {
                      if (++reports == stop) throw std::runtime_error("enough");
                    }),
                    std::runtime_error);
    masked_recipe other = how;
    other.policy.start = other.policy.warm_up = 0.5;
    CHECK_THROWS_WITH((masked_search<cpu>(backend, "tiny", space, costs, data, other, saving)), ContainsSubstring("belongs to a training with"));
    masked_search<cpu> again(backend, "tiny", space, costs, data, how, saving);
    const masked_outcome found = again.run();
    CHECK(found.code == wanted.code);
    CHECK(again.policy().state() == whole.policy().state());
    CHECK(again.weights() == whole.weights());
    for (std::size_t i = 0; i < wanted.curve.size(); ++i) {
      CHECK(found.curve[i].reward == wanted.curve[i].reward);
      CHECK(found.curve[i].probabilities == wanted.curve[i].probabilities);
    }
  }
}

namespace {
/// Leaves the stem, which reads the image, and whatever looks through a window of five.
struct leaves_some : classification {
  static bool leaves(const layer& item) { return item.kernel == 5 || (item.kind == layer_kind::convolution && item.in.c == 3); }
  bool is_fixed(const layer_list& layers, const parameter_tensor& tensor) const {
    const layer& item = layers.items[static_cast<std::size_t>(tensor.layer)];
    return leaves(item) && (item.in.c != 3 || item.input == 0);
  }
};
}  // namespace

TEST_CASE("no step and no decay moves what a task leaves as it begins", "[masked][search]") {
  cpu backend;
  const training_data data(leaves_some{}, weights_split, policy_split);
  const masked_space space = tiny();
  const masked_costs costs(space, mac_price{});
  masked_recipe how = short_search(costs);
  how.epochs = 6, how.decay = 0.01;
  masked_search<cpu, leaves_some> search(backend, "tiny", space, costs, data, how);
  const parameters<float> first = search.weights();
  CHECK(!search.run().diverged);
  const masked_shared shared(space);
  int left = 0;
  for (const parameter_tensor& tensor : first.layout.trainable) {
    const bool stays = leaves_some::leaves(shared.layers().items[static_cast<std::size_t>(tensor.layer)]);
    CAPTURE(tensor.name);
    CHECK(std::ranges::equal(search.weights().of(tensor), first.of(tensor)) == stays);
    left += stays;
  }
  CHECK(left == 3);  // the stem, and a depthwise layer in each of two
}

TEST_CASE("a search of detectors begins with the head that the task wants, at every width", "[masked][search]") {
  cpu backend;
  const detection_splits pictures = open_detection("scenes", {.height = 32, .width = 32, .scenes_train = 16, .scenes_validation = 8, .scenes_test = 1});
  const anchor_plan plan = anchor_plan_of("0.3:1 0.5:1 | 0.6:1");
  masked_design design = mobiledet_space(mobiledet_micro(mobiledet_target::dsp, mobiledet_operations::and_tucker, {32, 32, 3}),
                                         [head = head_for(plan, pictures.train)](layer_builder<layer_list> list, std::span<const value_id> ends) {
                                           head.lower(list, std::vector<value_id>{ends[3], ends[5]});
                                         });
  design.blocks.resize(6);
  const masked_space space(design);
  const masked_costs costs(space, mac_price{});
  const training_data data(detection{.anchors = plan}, pictures.train, pictures.validation);
  masked_search<cpu, detection> search(backend, "boxes", space, costs, data, {.epochs = 8, .batch = 8, .codes = 2});
  random_source random(1);
  for (int draw = 0; draw < 5; ++draw) {
    const model network = search.network_of(space.any_code(random));
    REQUIRE(network.layers.output_count() == 4);
    for (const int output : {1, 3})
      for (const float bias : network.weights.of(network.layers.output(output) - 1, parameter_role::bias)) CHECK(bias == -4.6f);
    for (const int output : {0, 2}) {
      double squares = 0;
      const auto weights = network.weights.of(network.layers.output(output) - 1, parameter_role::weight);
      for (const float each : weights) squares += static_cast<double>(each) * static_cast<double>(each);
      CHECK(std::sqrt(squares / static_cast<double>(weights.size())) == Approx(0.03).margin(0.01));
    }
  }
  const masked_outcome outcome = search.run();
  CHECK(!outcome.diverged);
  CHECK(outcome.curve.back().training.loss < outcome.curve.front().training.loss);
}

TEST_CASE("searches through masks say what they cannot do", "[masked][search]") {
  cpu backend;
  const training_data data(weights_split, policy_split);
  const masked_space space = tiny();
  const masked_costs costs(space, mac_price{});
  const auto refused = [&](auto change) {
    masked_recipe how = short_search(costs);
    change(how);
    return masked_search<cpu>(backend, "tiny", space, costs, data, how).likeliest();
  };
  CHECK_THROWS_WITH(refused([](auto& how) { how.target *= 10; }), ContainsSubstring("choose a target in between"));
  CHECK_THROWS_WITH(refused([](auto& how) { how.target = -1; }), ContainsSubstring("not a number of at least 0"));
  CHECK_THROWS_WITH(refused([](auto& how) { how.codes = 0; }), ContainsSubstring("at least 1 of each"));
  CHECK_THROWS_WITH(refused([](auto& how) { how.codes = 1000; }), ContainsSubstring("never does"));
  CHECK_THROWS_WITH(refused([](auto& how) { how.climb = 1; }), ContainsSubstring("a share of all steps"));
  CHECK_THROWS_WITH(refused([](auto& how) { how.policy.warm_up = 0.5; }), ContainsSubstring("no earlier than its warm-up ends"));
  CHECK_THROWS_WITH(refused([](auto& how) { how.batch = 100; }), ContainsSubstring("fewer than one batch"));
  CHECK_THROWS_WITH(refused([](auto& how) { how.tolerance = 2; }), ContainsSubstring("share of the target"));
}
