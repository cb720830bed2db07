// The search through gates on tasks whose answer is known: the best candidate, the cheapest one, resume, what stays untouched.
#include <hasse/supernet/gated_search.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <vector>

#include <hasse/data/open_detection.hpp>
#include <hasse/kernel/cpu.hpp>
#include <hasse/network/ssdlite.hpp>
#include <hasse/space/mobile.hpp>
#include <hasse/task/detection.hpp>
#include "../support/catch.hpp"
#include "../train/problem.hpp"

using namespace hasse;

namespace {
const image_set weights_split = problem::quadrants(192, 1, 40), gates_split = problem::quadrants(96, 2, 40);

/// Two searched blocks in front of a classifier of whole images. One candidate sees the image, the others average it away: only the
/// first can tell the quadrants. With `zero`, the last candidate of each block is none.
gated_list lame_and_able(bool zero, int depth = 2) {
  gated_list made{.input = {8, 8, 3}, .blocks = {}};
  const auto add = [&](gated_block& block, const std::string& text, auto&& lower) {
    gated_candidate one{text, {.input = made.output(), .items = {}}};
    lower(layer_builder<layer_list>{one.layers});
    block.candidates.push_back(std::move(one));
  };
  gated_block stem{"stem", -1, {}};
  add(stem, "conv", [](auto list) { list.conv_bn(0, 8, 3, 2, activation::relu, {}); });
  made.blocks.push_back(stem);
  for (int i = 0; i < depth; ++i) {
    gated_block block{"block " + std::to_string(i), 0, {}};
    add(block, "able", [](auto list) { list.conv_bn(0, 8, 3, 1, activation::relu, {}); });
    for (int k = 0; k < 2; ++k)
      add(block, "lame" + std::to_string(k), [](auto list) {
        list.resize(list.batch_norm(list.convolution(list.global_average_pool(0), 8, 1)), 4, 4);  // one colour everywhere
      });
    if (zero) block.candidates.push_back({"zero", {.input = made.output(), .items = {}}});
    made.blocks.push_back(block);
  }
  gated_block head{"head", -1, {}};
  add(head, "linear", [](auto list) { list.linear(0, 4); });
  made.blocks.push_back(head);
  return made;
}
gated_costs costs_of(const gated_list& list, double able, double lame) {
  gated_costs made{.fixed = 1, .blocks = {}};
  for (const int block : list.searched()) {
    made.blocks.emplace_back();
    for (const gated_candidate& each : list.block(block).candidates)
      made.blocks.back().push_back(each.text == "able" ? able : each.is_zero() ? 0 : lame);
  }
  return made;
}
gated_recipe short_search(gate_method method) {
  return {.warmup_epochs = 1,
          .epochs = 6,
          .batch = 16,
          .rate = 0.03,
          .method = method,
          .gates = {.rate = 0.15},
          .period = 2,
          .paths = 8,
          .seed = 3};
}
/// Gates get a loss or slopes that are no numbers, and the quality of who is always right.
struct spoilt_for_gates : classification {
  bool of_gates = false, hides = false;
  double worth = 1;
  spoilt_for_gates plain() const {
    spoilt_for_gates other = *this;
    other.of_gates = true;
    return other;
  }
  double quality(const batch_loss&, int) const { return worth; }
  template <class Scalar>
  batch_loss loss(answers<Scalar> found, std::span<const int> wanted, slopes<Scalar> gradient) const {
    constexpr Scalar none = std::numeric_limits<Scalar>::quiet_NaN();
    batch_loss result = classification::loss(found, wanted, gradient);
    if (of_gates && hides && !gradient.empty()) std::fill_n(gradient[0].data, found[0].count * found[0].shape.size(), none);
    if (of_gates && !hides) result.loss = static_cast<double>(none);
    return result;
  }
};
constexpr gate_method methods[] = {gate_method::gradient_full, gate_method::gradient_two, gate_method::reinforce};
}  // namespace

TEST_CASE("the one candidate that works is found, by every method", "[gated][search]") {
  cpu backend;
  const training_data data(weights_split, gates_split);
  const gated_list list = lame_and_able(false, 1);
  for (const gate_method method : methods) {
    CAPTURE(name_of(method));
    gated_recipe how = short_search(method);
    how.epochs = 24;
    gated_search<cpu> search(backend, "toy", list, costs_of(list, 1, 1), data, how);
    const gated_outcome outcome = search.run();
    CHECK(list.text(outcome.choice) == "able");
    std::vector<double> p(3);
    search.gates().probabilities(0, p);
    CHECK(p[0] > 0.9);
    // Entropy is that of a coin with as many sides before the gates move, and less afterwards.
    REQUIRE(outcome.curve.size() == static_cast<std::size_t>(how.warmup_epochs + how.epochs));
    CHECK(outcome.curve.front().entropy == Approx(std::log(3.0)).margin(1e-4));
    CHECK(outcome.curve[1].entropy == outcome.curve[0].entropy);  // no gate steps in the first epoch behind the warm-up
    CHECK(outcome.curve.back().entropy < 0.6 * outcome.curve.front().entropy);
  }
}

TEST_CASE("a search whose last step spoils the weights has diverged", "[gated][search]") {
  cpu backend;
  const gated_list list = lame_and_able(false, 1);
  gated_recipe how = short_search(gate_method::gradient_full);
  how.batch = static_cast<int>(gates_split.size()), how.period = 1, how.warmup_rate = 1e39;  // one step: its loss is that of the first weights
  const image_set few = problem::quadrants(gates_split.size(), 1, 40);
  const gated_outcome outcome = gated_search<cpu>(backend, "toy", list, costs_of(list, 1, 1), training_data(few, gates_split), how).run();
  CHECK(outcome.diverged);
  CHECK_THAT(outcome.note, Catch::Matchers::Contains("the parameters in 0") && Catch::Matchers::Contains(" in epoch 1 after 1 of 1 steps"));
  CHECK(outcome.curve.size() == 1);
}

TEST_CASE("a search whose gates get what is no number has diverged, by every method", "[gated][search]") {
  cpu backend;
  const gated_list list = lame_and_able(false, 1);
  for (const gate_method method : methods)
    for (const bool hides : {false, true}) {
      if (hides && method == gate_method::reinforce) continue;  // which has no slopes
      CAPTURE(name_of(method), hides);
      spoilt_for_gates task;
      task.hides = hides;
      const training_data data(task, weights_split, gates_split);
      const gated_outcome outcome =
          gated_search<cpu, spoilt_for_gates>(backend, "toy", list, costs_of(list, 1, 1), data, short_search(method)).run();
      CHECK(outcome.diverged);
      CHECK_THAT(outcome.note, Catch::Matchers::Contains("the loss or the gradient of the gates became nan in epoch 3 after"));
    }
}

TEST_CASE("a search whose gates cannot move by their gradient has diverged, by every method", "[gated][search]") {
  cpu backend;
  const gated_list list = lame_and_able(false, 1);
  const training_data data(weights_split, gates_split);
  const auto diverges = [&](const gated_outcome& outcome) {
    CHECK(outcome.diverged);
    CHECK_THAT(outcome.note, Catch::Matchers::Contains("the loss or the gradient of the gates became ") && Catch::Matchers::Contains(" in epoch 3 after"));
  };
  for (const gate_method method : {gate_method::gradient_full, gate_method::gradient_two}) {
    gated_recipe how = short_search(method);
    how.target = 10;
    for (const double lambda : {1e308, 1e200}) {  // no gradient, and none that has a square
      how.loss = additive_latency{lambda};
      diverges(gated_search<cpu>(backend, "toy", list, costs_of(list, 1000, 5), data, how).run());
    }
  }
  spoilt_for_gates task;
  task.hides = true, task.worth = std::numeric_limits<double>::infinity();
  diverges(gated_search<cpu, spoilt_for_gates>(backend, "toy", list, costs_of(list, 1, 1), training_data(task, weights_split, gates_split),
                                               short_search(gate_method::reinforce)).run());
}

TEST_CASE("with a large weight on the cost the cheapest network is found, and more weight is never slower", "[gated][search]") {
  cpu backend;
  const training_data data(weights_split, gates_split);
  const gated_list list = lame_and_able(true);
  for (const gate_method method : {gate_method::gradient_full, gate_method::gradient_two}) {
    double before = 1e9;
    for (const double lambda : {0.0, 1000.0}) {
      gated_recipe how = short_search(method);
      how.loss = additive_latency{lambda};
      how.target = 2;
      gated_search<cpu> search(backend, "toy", list, costs_of(list, 10, 5), data, how);
      std::string said;
      const gated_outcome outcome = search.run([&](const progress_event& event) { said = event.doing; });
      CHECK(outcome.cost <= before);
      before = outcome.cost;
      if (lambda > 1) {
        CHECK(list.text(outcome.choice) == "zero zero");
        CHECK(outcome.cost == 1);
        CHECK_THAT(said, Catch::Matchers::Contains(" expected, 1 likeliest, of 2"));
        CHECK_THAT(outcome.note, Catch::Matchers::Contains("-50.0 % off the target of 2; search longer, or weigh the cost less"));
      }
    }
  }
}

TEST_CASE("a search that was killed anywhere goes on to the same bits", "[gated][search]") {
  cpu backend;
  const training_data data(weights_split, gates_split);
  const gated_list list = lame_and_able(true);
  const gated_costs costs = costs_of(list, 2, 1);
  for (const gate_method method : methods) {
    CAPTURE(name_of(method));
    gated_recipe how = short_search(method);
    how.epochs = 2, how.target = 3, how.loss = additive_latency{0.5};
    gated_search<cpu> whole(backend, "toy", list, costs, data, how);
    const gated_outcome expected = whole.run();
    for (const int killed_after : {1, 13, 24, 27, 30, 35}) {
      CAPTURE(killed_after);
      const problem::scratch_folder folder("gated");
      const checkpoint_policy saving{.folder = folder.path, .every_seconds = 0};
      {
        gated_search<cpu> first(backend, "toy", list, costs, data, how, saving);
        CHECK_THROWS_AS(first.run(problem::stop_after(killed_after)), problem::interrupted);
      }
      gated_search<cpu> second(backend, "toy", list, costs, data, how, saving);
      CHECK(second.position().epoch * 12 + second.position().batch == killed_after);
      const gated_outcome outcome = second.run();
      CHECK(second.weights() == whole.weights());
      CHECK(std::equal(second.gates().alpha().begin(), second.gates().alpha().end(), whole.gates().alpha().begin()));
      CHECK(std::equal(second.gate_state().moments().begin(), second.gate_state().moments().end(),
                       whole.gate_state().moments().begin()));
      CHECK(std::equal(second.gate_state().counts().begin(), second.gate_state().counts().end(),
                       whole.gate_state().counts().begin()));
      CHECK(outcome.choice == expected.choice);
      REQUIRE(outcome.curve.size() == expected.curve.size());
      for (std::size_t i = 0; i < expected.curve.size(); ++i) {
        CHECK(outcome.curve[i].probabilities == expected.curve[i].probabilities);
        CHECK(outcome.curve[i].training.loss == expected.curve[i].training.loss);
        CHECK(outcome.curve[i].expected == expected.curve[i].expected);
      }
      CHECK(folder.files() == 0);
    }
    // Another target, other costs or another method are another search.
    const problem::scratch_folder folder("gated-foreign");
    const checkpoint_policy saving{.folder = folder.path, .every_seconds = 0};
    {
      gated_search<cpu> first(backend, "toy", list, costs, data, how, saving);
      CHECK_THROWS_AS(first.run(problem::stop_after(3)), problem::interrupted);
    }
    gated_recipe other = how;
    other.target = 4;
    CHECK_THROWS_AS(gated_search<cpu>(backend, "toy", list, costs, data, other, saving), error);
    other = how;
    other.gates.decay = 0.99;
    CHECK_THROWS_AS(gated_search<cpu>(backend, "toy", list, costs, data, other, saving), error);
    other = how;
    other.reference_compat = true;
    CHECK_THROWS_AS(gated_search<cpu>(backend, "toy", list, costs, data, other, saving), error);
    CHECK_THROWS_AS(gated_search<cpu>(backend, "toy", list, costs_of(list, 2, 1.5), data, how, saving), error);
    cpu two({.threads = 2});
    CHECK_THROWS_WITH(gated_search<cpu>(two, "toy", list, costs, data, how, saving), ContainsSubstring("which gives other bits"));
  }
}

TEST_CASE("a candidate that took no part in a step keeps its every bit", "[gated][search]") {
  cpu backend;
  const training_data data(weights_split, gates_split);
  const gated_list list = lame_and_able(false);
  gated_recipe how = short_search(gate_method::gradient_two);
  how.decay = 0.01;
  gated_search<cpu> search(backend, "toy", list, costs_of(list, 1, 1), data, how);
  std::set<int> drawn;
  for (int step = 0; step < 11; ++step) {  // all but the last step of the warm-up: those that moved before have momentum
    CAPTURE(step);
    const parameters<float> before = search.weights();
    CHECK_THROWS_AS(search.run(problem::stop_after(1)), problem::interrupted);
    int layer = 0, place = 0;
    for (const gated_block& block : list.blocks) {
      int changed = 0;
      for (const gated_candidate& each : block.candidates) {
        bool differs = false;
        for (std::size_t i = 0; i < each.layers.size(); ++i, ++layer)
          for (const auto role : {parameter_role::weight, parameter_role::bias, parameter_role::scale, parameter_role::shift,
                                  parameter_role::running_mean, parameter_role::running_variance}) {
            const auto now = search.weights().of(layer, role), then = before.of(layer, role);
            differs |= !std::equal(now.begin(), now.end(), then.begin());
          }
        changed += differs;
        if (differs) drawn.insert(place);
        ++place;
      }
      CHECK(changed == 1);
    }
  }
  CHECK(drawn.size() == 8);  // every candidate has moved, and so had momentum where another was drawn
}

namespace {
/// Begins what reads the image with one number, and leaves it so. Only in a network is it known what that is.
struct leaves_the_stem : classification {
  static bool reads_image(const layer_list& layers, int layer) { return layers.items[static_cast<std::size_t>(layer)].input == 0; }
  template <class Scalar>
  void initialise(parameters<Scalar>& made, const layer_list& layers) const {
    for (const parameter_tensor& tensor : made.layout.trainable)
      if (reads_image(layers, tensor.layer)) std::ranges::fill(made.of(tensor), Scalar(0.25));
  }
  bool is_fixed(const layer_list& layers, const parameter_tensor& tensor) const { return reads_image(layers, tensor.layer); }
};
}  // namespace

TEST_CASE("what a task begins and leaves so is the network's, not that of every candidate", "[gated][search]") {
  cpu backend;
  const training_data data(leaves_the_stem{}, weights_split, gates_split);
  const gated_list list = lame_and_able(false);
  gated_recipe how = short_search(gate_method::gradient_two);
  how.epochs = 2, how.decay = 0.01;
  gated_search<cpu, leaves_the_stem> search(backend, "toy", list, costs_of(list, 1, 1), data, how);
  const parameters<float> first = search.weights();
  const auto is_even = [](const parameters<float>& weights, const parameter_tensor& tensor) {
    return std::ranges::all_of(weights.of(tensor), [](float each) { return each == 0.25f; });
  };
  for (const parameter_tensor& tensor : first.layout.trainable) CHECK(is_even(first, tensor) == (tensor.layer == 0));
  CHECK(!search.run().diverged);
  for (const parameter_tensor& tensor : first.layout.trainable) {
    CAPTURE(tensor.name);
    CHECK(std::ranges::equal(search.weights().of(tensor), first.of(tensor)) == (tensor.layer == 0));
  }
}

TEST_CASE("gates of detectors learn with heads on several maps, begin as the task wants, and go on after a kill", "[gated][search]") {
  cpu backend;
  const detection_splits pictures = open_detection("scenes", {.height = 32, .width = 32, .scenes_train = 24, .scenes_validation = 16, .scenes_test = 1});
  const anchor_plan plan = anchor_plan_of("0.3:1 0.5:1 | 0.6:1");
  gated_list list{.input = {32, 32, 3}, .blocks = {}};
  const auto block = [&](const std::string& name, int out, int stride, std::initializer_list<int> kernels, bool zero) {
    gated_block made{name, kernels.size() > 1 ? 0 : -1, {}};
    for (const int kernel : kernels) {
      gated_candidate one{"k" + std::to_string(kernel), {.input = list.output(), .items = {}}};
      mbconv{.out = out, .stride = stride, .kernel = kernel, .expand = 2}.lower(layer_builder<layer_list>{one.layers}, 0);
      made.candidates.push_back(std::move(one));
    }
    if (zero) made.candidates.push_back({"zero", {.input = list.output(), .items = {}}});
    list.blocks.push_back(std::move(made));
  };
  const auto head = [&](std::size_t map, int from) {
    ssdlite_head part = head_for(plan, pictures.train);
    for (std::size_t i = 0; i < part.anchors.size(); ++i) part.anchors[i] = i == map ? part.anchors[i] : 0;
    gated_candidate made{"map", {.input = list.out_of(from), .items = {}}};
    part.lower(layer_builder<layer_list>{made.layers}, std::vector<value_id>(map + 1, 0));
    list.blocks.push_back({"head of map " + std::to_string(map), -1, {std::move(made)}, from});
  };
  block("stem", 8, 2, {3}, false);
  block("down", 8, 2, {3, 5}, false), block("on", 8, 1, {3, 5}, true);
  block("further", 16, 2, {3, 5}, false);
  head(0, 2), head(1, 3);
  const gated_costs costs{.fixed = 1, .blocks = {{1, 2}, {1, 2, 0}, {1, 2}}};
  const training_data data(detection{.anchors = plan}, pictures.train, pictures.validation);
  for (const gate_method method : methods) {
    CAPTURE(name_of(method));
    gated_recipe how{.warmup_epochs = 1, .epochs = 5, .batch = 8, .rate = 0.03, .method = method, .gates = {.rate = 0.15}, .period = 2, .paths = 2, .target = 4};
    how.loss = absolute_latency{.lambda = 3};
    gated_search<cpu, detection> whole(backend, "boxes", list, costs, data, how);
    const model begun = whole.network_of(whole.likeliest());
    REQUIRE(begun.layers.output_count() == 4);
    for (const int output : {1, 3})
      for (const float bias : begun.weights.of(begun.layers.output(output) - 1, parameter_role::bias)) CHECK(bias == -4.6f);
    const gated_outcome wanted = whole.run();
    CHECK_FALSE(wanted.diverged);
    CHECK(wanted.curve.back().training.loss < wanted.curve.front().training.loss);
    CHECK(wanted.curve.back().entropy < wanted.curve.front().entropy);

    const problem::scratch_folder folder("gated-boxes");
    const checkpoint_policy saving{.folder = folder.path};
    {
      gated_search<cpu, detection> first(backend, "boxes", list, costs, data, how, saving);
      CHECK_THROWS_AS(first.run(problem::stop_after(11)), problem::interrupted);
    }
    gated_search<cpu, detection> again(backend, "boxes", list, costs, data, how, saving);
    CHECK(again.run().choice == wanted.choice);
    CHECK(again.weights() == whole.weights());
    CHECK(std::ranges::equal(again.gates().alpha(), whole.gates().alpha()));
  }
}

TEST_CASE("what cannot be searched is refused in a sentence", "[gated][search]") {
  cpu backend;
  const training_data data(weights_split, gates_split);
  const gated_list list = lame_and_able(false);
  using search = gated_search<cpu>;
  using Catch::Matchers::Contains;
  const gated_recipe how = short_search(gate_method::gradient_two);
  CHECK_THROWS_WITH(search(backend, "toy", list, {1, {{1, 2}}}, data, how), Contains("costs of another supernet"));
  gated_recipe large = how;
  large.batch = 128;
  CHECK_THROWS_WITH(search(backend, "toy", list, costs_of(list, 1, 1), data, large), Contains("fewer than one batch of 128"));
  gated_recipe none = how;
  none.batch = 0;
  CHECK_THROWS_WITH(search(backend, "toy", list, costs_of(list, 1, 1), data, none), Contains("the batch is 0"));
  none = how;
  none.rate = -1;
  CHECK_THROWS_WITH(search(backend, "toy", list, costs_of(list, 1, 1), data, none), Contains("the learning rate is -1"));
  none = how;
  none.momentum = 1;
  CHECK_THROWS_WITH(search(backend, "toy", list, costs_of(list, 1, 1), data, none), Contains("the momentum is 1"));
  none = how;
  none.epochs = 1;
  CHECK_THROWS_WITH(search(backend, "toy", list, costs_of(list, 1, 1), data, none), Contains("gates begin with the second"));
  none = how;
  none.period = 13;
  CHECK_THROWS_WITH(search(backend, "toy", list, costs_of(list, 1, 1), data, none), Contains("never do in epochs of 12"));
  none = how;
  none.loss = multiplicative_latency{}, none.target = 0.5;
  const gated_costs small{0.1, {{0.1, 0.5, 0.5}, {0.1, 0.5, 0.5}}};
  CHECK_THROWS_WITH(search(backend, "toy", list, small, data, none), Contains("both above 1 ms"));
  none.method = gate_method::reinforce;  // whose reward takes no logarithm
  CHECK_NOTHROW(search(backend, "toy", list, small, data, none));
  gated_list fixed = list;
  for (gated_block& block : fixed.blocks) block.candidates.resize(1);
  CHECK_THROWS_WITH(search(backend, "toy", fixed, {1, {}}, data, how), Contains("no block of the supernet has a choice"));
}
