// The trainer learns what can be learnt, repeats itself exactly, goes on exactly after a kill, and reports divergence.
#include <hasse/train/rmsprop.hpp>
#include <hasse/train/trainer.hpp>

#include <cmath>
#include <stdexcept>
#include <vector>

#include <hasse/kernel/cpu.hpp>
#include "../support/bf16.hpp"
#include "../support/catch.hpp"
#include "problem.hpp"

using namespace hasse;

namespace {
const image_set easy_train = problem::quadrants(160, 1), easy_validation = problem::quadrants(75, 2);
const recipe short_recipe{.epochs = 3,
                          .batch = 32,
                          .learning_rate = 0.1,
                          .warmup_epochs = 0.5,
                          .augment = augmentation{.pad = 1}};

/// The network with a second answer, from the stem that it reads on.
layer_list answers_twice() {
  layer_list layers = problem::network();
  layer_builder<layer_list> list{layers};
  const auto last = static_cast<value_id>(layers.size());
  const value_id stem = 3;
  list.output("early", list.linear(list.output("stem", stem), 4));
  list.output("late", last);
  return layers;
}

/// The mean loss of both answers; the stem is read by nobody, and its gradient is zero.
struct answered_twice : image_task {
  static constexpr metric measure = classification::measure;
  classification one{};
  std::string text() const { return "answered twice"; }
  void check(const image_set& set, const layer_list& layers) const { check_shape(set, layers.input); }
  template <class Scalar>
  batch_loss loss(answers<Scalar> found, std::span<const int> wanted, slopes<Scalar> gradient) const {
    batch_loss both;
    if (!gradient.empty()) std::fill_n(gradient[0].data, found[0].count * found[0].shape.size(), Scalar{});
    for (std::size_t i = 1; i < 3; ++i) {
      const batch_loss part = one.loss(found.subspan(i, 1), wanted, gradient.empty() ? gradient : gradient.subspan(i, 1));
      both.loss += part.loss, both.correct = part.correct;
    }
    return both;
  }
  struct tally_type {
    classification::tally_type of_one{};
    template <class Scalar>
    void add(answers<Scalar> found, std::span<const int> wanted) { of_one.add(found.subspan(2), wanted); }
    evaluation result() const { return of_one.result(); }
  };
  tally_type tally(const normalisation&) const { return {}; }
};
static_assert(Task<answered_twice>);
}  // namespace

TEST_CASE("a task whose loss reads several outputs is learnt at each of them", "[train][trainer]") {
  cpu backend;
  const training_data data(answered_twice{}, easy_train, easy_validation);
  trainer training(backend, "net", answers_twice(), data, {.epochs = 6, .batch = 16, .augment = augmentation{}}, 7);
  const training_outcome outcome = training.run();
  CHECK(outcome.score > 0.97);
  model early{"early", answers_twice(), training.weights()};
  early.layers.outputs = {{"late", early.layers.output(2)}, {"stem", 3}, {"early", early.layers.output(1)}};
  CHECK(evaluate(backend, data.task, early, easy_validation, data.scale).score > 0.9);
  // A task of one answer says so.
  CHECK_THROWS_WITH(trainer<cpu>(backend, "net", answers_twice(), training_data(easy_train, easy_validation), short_recipe, 1),
                    ContainsSubstring("has 3 outputs, \"stem\", \"early\" and \"late\""));
}

TEST_CASE("a separable problem is learnt, and the validation accuracy says so", "[train][trainer]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  trainer<cpu> training(backend, "net", problem::network(), data, {.epochs = 6, .batch = 16, .augment = augmentation{}}, 7);
  const training_outcome outcome = training.run();
  CHECK(outcome.score > 0.97);
  CHECK_FALSE(outcome.diverged);
  REQUIRE(outcome.curve.size() == 6);
  CHECK(outcome.curve.back().loss < 0.5 * outcome.curve.front().loss);
  CHECK(outcome.score == outcome.curve.back().validation_score);
  CHECK(outcome.curve.back().epoch == 6);
  CHECK(outcome.curve.front().learning_rate > outcome.curve.back().learning_rate);
  CHECK(outcome.seconds > 0);
}

TEST_CASE("activations in bfloat16 learn the same, on weights in float", "[train][trainer]") {
  if (testing::bf16_is_refused()) return;
  cpu_bf16 backend({.threads = 2});
  const training_data data(easy_train, easy_validation);
  const problem::scratch_folder folder("bf16");
  const recipe how{.epochs = 6, .batch = 16, .augment = augmentation{}};
  const checkpoint_policy saving{.folder = folder.path};
  {
    trainer<cpu_bf16> first(backend, "net", problem::network(), data, how, 7, saving);
    CHECK_THROWS_AS(first.run(problem::stop_after(15)), problem::interrupted);
  }
  trainer<cpu_bf16> training(backend, "net", problem::network(), data, how, 7, saving);
  CHECK(training.position().epoch == 1);
  const training_outcome outcome = training.run();
  CHECK(outcome.score > 0.97);
  CHECK(outcome.curve.back().loss < 0.5 * outcome.curve.front().loss);
  trainer<cpu_bf16> whole(backend, "net", problem::network(), data, how, 7);
  whole.run();
  CHECK(training.weights() == whole.weights());
}

TEST_CASE("a tiny set is learnt by heart, and what was learnt does not carry over", "[train][trainer]") {
  cpu backend;
  const image_set train = problem::noise(32, 3), validation = problem::noise(200, 4);
  const training_data data(train, validation);
  trainer<cpu> training(backend, "net", problem::network(16), data,
                        {.epochs = 60, .batch = 16, .decay = 0, .augment = augmentation{}}, 1);
  const training_outcome outcome = training.run();
  CHECK(outcome.curve.back().train_correct == 1.0);
  CHECK(outcome.score < 0.45);
}

TEST_CASE("one seed gives one result to the last bit, another seed another", "[train][trainer]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  const auto trained = [&](std::uint64_t seed) {
    trainer<cpu> training(backend, "net", problem::network(), data, short_recipe, seed);
    const training_outcome outcome = training.run();
    return std::make_pair(training.weights(), outcome.curve.back().loss);
  };
  const auto first = trained(5), again = trained(5), other = trained(6);
  CHECK(first.first == again.first);
  CHECK(first.second == again.second);
  CHECK_FALSE(first.first.values == other.first.values);
}

TEST_CASE("a training that was killed anywhere goes on to the same bits", "[train][trainer]") {
  cpu backend;
  const training_data data(classification{.label_smoothing = 0.1}, easy_train, easy_validation);
  trainer<cpu> whole(backend, "net", problem::network(), data, short_recipe, 5);
  const training_outcome expected = whole.run();
  for (const double every_seconds : {0.0, std::numeric_limits<double>::infinity()})  // after every step; only after epochs
    for (const int killed_after : {1, 3, 5, 6, 9, 10, 14}) {
      CAPTURE(every_seconds, killed_after);
      const problem::scratch_folder folder("trainer");
      const checkpoint_policy saving{.folder = folder.path, .every_epochs = 1, .every_seconds = every_seconds};
      {
        trainer<cpu> first(backend, "net", problem::network(), data, short_recipe, 5, saving);
        CHECK_THROWS_AS(first.run(problem::stop_after(killed_after)), problem::interrupted);
      }
      CHECK(folder.files() == 1);  // what a sink throws ends a training that is saved first, however rarely it saves
      trainer<cpu> second(backend, "net", problem::network(), data, short_recipe, 5, saving);
      const std::int64_t steps = second.position().epoch * 5 + second.position().batch;
      CHECK(steps == killed_after);
      const training_outcome outcome = second.run();
      CHECK(second.weights() == whole.weights());
      CHECK(std::equal(second.momentum().begin(), second.momentum().end(), whole.momentum().begin()));
      REQUIRE(outcome.curve.size() == expected.curve.size());
      for (std::size_t i = 0; i < expected.curve.size(); ++i) {
        CHECK(outcome.curve[i].loss == expected.curve[i].loss);
        CHECK(outcome.curve[i].train_correct == expected.curve[i].train_correct);
        CHECK(outcome.curve[i].validation_score == expected.curve[i].validation_score);
      }
      CHECK(folder.files() == 0);
    }
}

TEST_CASE("a mean of the weights is that of its formula, is judged and handed over, and goes on after a kill", "[train][trainer]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  recipe how = short_recipe;
  trainer<cpu> plain(backend, "net", problem::network(), data, how, 7);
  plain.run();
  how.average = 0.4;
  trainer<cpu> training(backend, "net", problem::network(), data, how, 7);
  const auto all = [](const parameters<float>& from) {
    std::vector<double> values(from.values.begin(), from.values.end());
    values.insert(values.end(), from.statistics.begin(), from.statistics.end());
    return values;
  };
  std::vector<double> mean = all(training.weights());
  int step = 0;
  const training_outcome outcome = training.run([&](const progress_event&) {
    const std::vector<double> now = all(training.weights());
    const double keep = std::min(0.4, (1 + step) / (10.0 + step));
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = keep * mean[i] + (1 - keep) * now[i];
    ++step;
  });
  REQUIRE(step == 15);
  CHECK(training.weights() == plain.weights());  // they learn as without it
  const model result = training.result();
  const std::vector<double> found = all(result.weights);
  CHECK(result.weights != plain.weights());
  for (std::size_t i = 0; i < mean.size(); ++i) REQUIRE(found[i] == static_cast<double>(static_cast<float>(mean[i])));
  CHECK(outcome.score == evaluate(backend, data.task, result, easy_validation, data.scale).score);

  const problem::scratch_folder folder("mean");
  const checkpoint_policy saving{.folder = folder.path};
  {
    trainer<cpu> first(backend, "net", problem::network(), data, how, 7, saving);
    CHECK_THROWS_AS(first.run(problem::stop_after(7)), problem::interrupted);
    CHECK_THROWS_WITH(trainer<cpu>(backend, "net", problem::network(), data, short_recipe, 7, saving), ContainsSubstring("belongs to a training with"));
  }
  trainer<cpu> again(backend, "net", problem::network(), data, how, 7, saving);
  again.run();
  CHECK(again.result().weights == result.weights);
}

TEST_CASE("a training whose folder goes away says so in the epoch in which it went, and goes on once it is back", "[train][trainer]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  trainer<cpu> whole(backend, "net", problem::network(), data, short_recipe, 5);
  whole.run();
  for (const int every_epochs : {0, 1})
    for (const int last : {2, 7, 12}) {  // a step of the first, the second and the third epoch
      CAPTURE(every_epochs, last);
      const problem::scratch_folder folder("gone");
      trainer<cpu> training(backend, "net", problem::network(), data, short_recipe, 5, {.folder = folder.path, .every_epochs = every_epochs});
      int steps = 0;
      CHECK_THROWS_WITH(training.run([&](const progress_event&) {
                          if (++steps == last) std::filesystem::remove_all(folder.path);
                        }),
                        ContainsSubstring(folder.path.string() + ": is gone, removed or renamed while a training wrote to it; put it back"));
      CHECK(steps == (last / 5 + 1) * 5);
      CHECK_FALSE(std::filesystem::exists(folder.path));
      training.run();
      CHECK(training.weights() == whole.weights());
    }
}

TEST_CASE("a checkpoint of other data, another recipe or another network is refused", "[train][trainer]") {
  cpu backend;
  const problem::scratch_folder folder("foreign");
  const checkpoint_policy saving{.folder = folder.path, .every_seconds = 0};
  const training_data data(easy_train, easy_validation), swapped(easy_validation, easy_train);
  {
    trainer<cpu> first(backend, "net", problem::network(), data, short_recipe, 5, saving);
    CHECK_THROWS_AS(first.run(problem::stop_after(2)), problem::interrupted);
  }
  using training = trainer<cpu>;
  recipe hotter = short_recipe;
  hotter.learning_rate = 0.2;
  CHECK_THROWS_WITH(training(backend, "net", problem::network(), data, hotter, 5, saving),
                    ContainsSubstring("belongs to a training with configuration"));
  CHECK_THROWS_WITH(training(backend, "net", problem::network(), swapped, short_recipe, 5, saving),
                    ContainsSubstring("configuration"));
  CHECK_THROWS_WITH(training(backend, "net", problem::network(9), data, short_recipe, 5, saving),
                    ContainsSubstring("configuration"));
  layer_list renamed = problem::network();
  renamed.append_output("scores", static_cast<value_id>(renamed.size()));
  CHECK_THROWS_WITH(training(backend, "net", renamed, data, short_recipe, 5, saving), ContainsSubstring("configuration"));
  CHECK_THROWS_WITH(training(backend, "net", problem::network(), data, short_recipe, 6, saving), ContainsSubstring("seed \"5\""));
  const auto on = [&](const cpu_options& options) {
    cpu other(options);
    training(other, "net", problem::network(), data, short_recipe, 5, saving);
  };
  CHECK_THROWS_WITH(on({.threads = 2}), ContainsSubstring("was begun with \"1 thread\" and this is \"2 threads\"") &&
                                            ContainsSubstring("go on there, with the same number of threads"));
  CHECK_THROWS_WITH(on({.kernels = kernel_policy::library}),
                    ContainsSubstring("was begun with \"kernels by rule\" and this is \"kernels of the library\""));
  if (best_simd_level() != simd_level::plain && has_simd_level(simd_level::plain))
    CHECK_THROWS_WITH(on({.simd = simd_level::plain}), ContainsSubstring("which gives other bits"));
  CHECK_NOTHROW(training(backend, "net", problem::network(), data, short_recipe, 5, saving));
}

static_assert(!std::is_constructible_v<training_data<classification>, image_set, const image_set&> && !std::is_constructible_v<training_data<classification>, const image_set&, image_set> &&
              !std::is_constructible_v<training_data<classification>, classification, const image_set&, image_set> && !std::is_constructible_v<training_data<classification>, classification, image_set, image_set>);
static_assert(std::is_constructible_v<training_data<classification>, classification, image_set&, const image_set&>);

TEST_CASE("an absurd learning rate ends in a record, not in an exception", "[train][trainer]") {
  cpu backend;
  const problem::scratch_folder folder("diverged");
  const training_data data(easy_train, easy_validation);
  recipe absurd = short_recipe;
  absurd.learning_rate = 1e30, absurd.warmup_epochs = 0;
  trainer<cpu> training(backend, "net", problem::network(), data, absurd, 5, {.folder = folder.path, .every_seconds = 0});
  const training_outcome outcome = training.run();
  CHECK(outcome.diverged);
  CHECK(outcome.score == 0);
  CHECK_THAT(outcome.note, ContainsSubstring("in epoch 1 after") && ContainsSubstring("lower the learning rate (1e+30)") && !ContainsSubstring("-nan"));
  REQUIRE(outcome.curve.size() == 1);
  CHECK_FALSE(std::isfinite(outcome.curve[0].loss));
  CHECK(folder.files() == 0);
}

TEST_CASE("a training whose last step spoils the weights has diverged", "[train][trainer]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  recipe absurd = short_recipe;
  absurd.batch = static_cast<int>(easy_train.size()), absurd.epochs = 1;  // one step: its loss is that of the first weights
  absurd.warmup_epochs = 0, absurd.largest_gradient = 0;
  for (const double rate : {1e39, 1e37}) {  // no numbers; numbers that are none once batch norms are folded
    absurd.learning_rate = rate;
    trainer<cpu> training(backend, "net", problem::network(), data, absurd, 5);
    const training_outcome outcome = training.run();
    CAPTURE(rate, outcome.note);
    CHECK(outcome.diverged);
    CHECK(not_finite(training.weights()).has_value() == (rate == 1e39));
    CHECK_THAT(outcome.note, ContainsSubstring("the parameters in 0") && ContainsSubstring(" in epoch 1 after 1 of 1 steps"));
    REQUIRE(outcome.curve.size() == 1);
    CHECK_FALSE(std::isfinite(outcome.curve[0].loss));
  }
}

TEST_CASE("progress goes up to one and foretells the end", "[train][trainer]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  trainer<cpu> training(backend, "net", problem::network(), data, short_recipe, 5);
  std::vector<progress_event> events;
  training.run([&](const progress_event& event) { events.push_back(event); });
  REQUIRE(events.size() == 15);
  for (std::size_t i = 1; i < events.size(); ++i) {
    CHECK(events[i].fraction > events[i - 1].fraction);
    CHECK(events[i].seconds_left >= 0);
  }
  CHECK(events.back().fraction == 1);
  CHECK_THAT(events[7].doing, ContainsSubstring("epoch 2 of 3, loss ") && ContainsSubstring("validation"));
}

TEST_CASE("a step takes no memory for tensors: three times as many ask for it exactly as often", "[train][trainer]") {
  cpu backend;
  const auto allocations_of = [&](std::size_t images) {
    const image_set train = problem::quadrants(images, 1);
    const training_data data(train, easy_validation);
    trainer<cpu> training(backend, "net", problem::network(), data, {.epochs = 2, .batch = 16}, 3);
    const long before = problem::large_allocations();
    training.run();
    return problem::large_allocations() - before;
  };
  allocations_of(64);  // the first training fills the backend's caches
  const long few = allocations_of(64), many = allocations_of(192);
  CHECK(few > 0);
  CHECK(few == many);
}

TEST_CASE("data and recipes that do not suit are refused with a sentence", "[train][trainer]") {
  cpu backend;
  using training = trainer<cpu>;
  const training_data data(easy_train, easy_validation);
  const image_set few = problem::quadrants(20, 1);
  CHECK_THROWS_WITH(training(backend, "net", problem::network(), training_data(few, easy_validation), short_recipe, 1),
                    "the image set 'quadrants' has 20 training images, fewer than one batch of 32; make the batch smaller");
  layer_list other{.input = {16, 16, 3}};
  layer_builder<layer_list>{other}.linear(0, 4);
  CHECK_THROWS_WITH(training(backend, "net", other, data, short_recipe, 1),
                    ContainsSubstring("8x8x3 but the network reads 16x16x3"));
  layer_list wide{.input = {8, 8, 3}};
  layer_builder<layer_list>{wide}.linear(0, 10);
  CHECK_THROWS_WITH(training(backend, "net", wide, data, short_recipe, 1),
                    ContainsSubstring("has 4 classes but the network answers with 10 numbers"));
  image_set mislabelled = easy_train;
  mislabelled.labels[3] = 4;
  CHECK_THROWS_WITH(training(backend, "net", problem::network(), training_data(mislabelled, easy_validation), short_recipe, 1),
                    ContainsSubstring("has the label 4 but only 4 classes"));
  recipe none = short_recipe;
  none.epochs = 0;
  CHECK_THROWS_WITH(training(backend, "net", problem::network(), data, none, 1),
                    "the number of epochs is 0, but it must be between 1 and 100000");
}

TEST_CASE("another optimiser is a policy of the training: it learns, goes on after a kill, and is not mistaken", "[train][trainer]") {
  cpu backend;
  const training_data data(easy_train, easy_validation);
  using by_rmsprop = trainer<cpu, classification, rmsprop_descent>;
  by_rmsprop whole(backend, "net", problem::network(), data, short_recipe, 5);
  CHECK(whole.run().score > 0.5);
  const problem::scratch_folder folder("rmsprop");
  const checkpoint_policy saving{.folder = folder.path};
  {
    by_rmsprop first(backend, "net", problem::network(), data, short_recipe, 5, saving);
    CHECK_THROWS_AS(first.run(problem::stop_after(7)), problem::interrupted);
  }
  CHECK_THROWS_WITH(trainer<cpu>(backend, "net", problem::network(), data, short_recipe, 5, saving), ContainsSubstring("configuration"));
  by_rmsprop second(backend, "net", problem::network(), data, short_recipe, 5, saving);
  second.run();
  CHECK(second.weights() == whole.weights());
}
