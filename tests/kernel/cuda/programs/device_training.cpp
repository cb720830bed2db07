// Networks and trainings whose tensors lie where only the device may touch them: the same values and curves as on the readable
// backend, the same bits after a kill, and half precision with a scaled loss.
#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/training.hpp>
#include <hasse/train/trainer.hpp>

#include <cstddef>
#include <span>
#include <vector>

#include "../../../train/problem.hpp"
#include "../device_under_test.hpp"
#include "catch.hpp"
#include "distance.hpp"
#include "mobile_network.hpp"

namespace {

using namespace hasse;
using guarded = device_under_test<float>;
using guarded_half = device_under_test<float16>;

const image_set easy_train = problem::quadrants(96, 1), easy_validation = problem::quadrants(40, 2);
const recipe short_recipe{.epochs = 3,
                          .batch = 16,
                          .learning_rate = 0.1,
                          .largest_gradient = 1,
                          .warmup_epochs = 0.5,
                          .augment = augmentation{.pad = 1, .flip = true}};

template <class Engine>
void goes_on_to_the_same_bits() {
  Engine backend;
  const training_data data(classification{.label_smoothing = 0.1}, easy_train, easy_validation);
  trainer<Engine> whole(backend, "net", problem::network(), data, short_recipe, 7);
  const training_outcome expected = whole.run();
  for (const int killed_after : {1, 8, 12}) {
    INFO("killed after " << killed_after);
    const problem::scratch_folder folder("device");
    const checkpoint_policy saving{.folder = folder.path, .every_seconds = 0};
    {
      trainer<Engine> first(backend, "net", problem::network(), data, short_recipe, 7, saving);
      CHECK_THROWS_AS(first.run(problem::stop_after(killed_after)), problem::interrupted);
    }
    trainer<Engine> second(backend, "net", problem::network(), data, short_recipe, 7, saving);
    CHECK(second.position().epoch * 6 + second.position().batch == killed_after);
    const training_outcome outcome = second.run();
    CHECK(second.weights() == whole.weights());
    REQUIRE(outcome.curve.size() == expected.curve.size());
    for (std::size_t i = 0; i < outcome.curve.size(); ++i) CHECK(outcome.curve[i].loss == expected.curve[i].loss);
  }
}

/// What lies on the device, here.
template <class Scalar>
std::vector<Scalar> brought(device_memory* where, const Scalar* from, std::int64_t size) {
  std::vector<Scalar> values(static_cast<std::size_t>(size));
  copy_out<Scalar>(where, values, from);
  return values;
}

template <class Scalar>
void compares_with_the_readable(double values, double gradients) {
  constexpr int batch = 2;
  const layer_list list = testing::mobile_network();
  device_under_test<Scalar> backend;
  reference<float> plain;
  parameters<float> mine = testing::random_parameters(list), theirs = mine;
  random_source random(5);
  std::vector<Scalar> images(static_cast<std::size_t>(batch * list.input.size())), slopes(batch * 10);
  for (auto* each : {&images, &slopes})
    for (Scalar& value : *each) value = static_cast<Scalar>(static_cast<float>(random.normal()));
  const auto give = [](auto* to, const std::vector<Scalar>& from) {
    for (std::size_t i = 0; i < from.size(); ++i) to[i] = static_cast<float>(from[i]);
  };

  inference_network answering(backend, list, batch, mine);
  inference_network readable(plain, list, batch, theirs);
  answering.write_input(images), give(readable.input(), images);
  readable.run();
  for (int run = 0; run < 2; ++run) {  // recorded, replayed
    answering.run();
    CHECK(distance(brought(answering.memory(), answering.output(), batch * 10).data(), readable.output(), batch * 10) < values);
  }

  training_network found(backend, list, batch, mine);
  training_network expected(plain, list, batch, theirs);
  copy_in<Scalar>(found.device(), found.input(), images), give(expected.input(), images);
  found.forward(), expected.forward();
  CHECK(distance(brought(found.device(), found.output(), batch * 10).data(), expected.output(), batch * 10) < values);
  copy_in<Scalar>(found.device(), found.output_gradient(), slopes), give(expected.output_gradient(), slopes);
  found.backward(), expected.backward();
  found.pull();
  CHECK(distance(mine.statistics, theirs.statistics) < values);
  const auto size = static_cast<std::int64_t>(mine.values.size());
  CHECK(distance(brought<float>(found.device(), found.gradients(), size).data(), expected.gradients(), mine.values.size()) <
        gradients);
}

TEST_CASE("networks infer and train on a device as on the readable backend") {
  if (!has_device()) return skip("no CUDA device answers");
  compares_with_the_readable<float>(1e-4, 1e-4);
  compares_with_the_readable<float16>(3e-3, 6e-2);  // two images: what rounds to the other side of a corner shows
}

TEST_CASE("a training on a device has the loss curve of the readable backend, and replays its steps") {
  if (!has_device()) return skip("no CUDA device answers");
  const training_data data(classification{.label_smoothing = 0.1}, easy_train, easy_validation);
  guarded backend;
  reference<float> plain;
  trainer<guarded> found(backend, "net", problem::network(), data, short_recipe, 7);
  trainer<reference<float>> expected(plain, "net", problem::network(), data, short_recipe, 7);
  const training_outcome mine = found.run(), theirs = expected.run();
  REQUIRE(mine.curve.size() == theirs.curve.size());
  for (std::size_t i = 0; i < mine.curve.size(); ++i) {
    INFO("epoch " << i);
    CHECK(mine.curve[i].loss == Approx(theirs.curve[i].loss).epsilon(1e-3));
    CHECK(mine.curve[i].train_correct == Approx(theirs.curve[i].train_correct).margin(0.02));
    CHECK(mine.curve[i].validation_score == Approx(theirs.curve[i].validation_score).margin(0.03));
  }
#if !defined(HASSE_TEST_ON_GPU)
  // 18 steps and 9 batches that are judged; loading makes the judge anew every epoch.
  CHECK(backend.stream().replays >= 16 + 6);
#endif
}

TEST_CASE("a training on a device that was killed anywhere goes on to the same bits") {
  if (!has_device()) return skip("no CUDA device answers");
  goes_on_to_the_same_bits<guarded>();
  goes_on_to_the_same_bits<guarded_half>();
}

TEST_CASE("half precision learns with a scaled loss, whose scale a checkpoint keeps") {
  if (!has_device()) return skip("no CUDA device answers");
  const training_data data(classification{.label_smoothing = 0.1}, easy_train, easy_validation);
  guarded_half backend;
  trainer<guarded_half> training(backend, "net", problem::network(), data, {.epochs = 6, .batch = 16, .augment = augmentation{}},
                                 7);
  const training_outcome outcome = training.run();
  CHECK_FALSE(outcome.diverged);
  CHECK(outcome.score > 0.95);
  CHECK(outcome.curve.back().loss < 0.5 * outcome.curve.front().loss);
  const parameter_layout layout = layout_of(problem::network());
  nesterov_descent<float> descent(layout, {}, backend.memory());
  REQUIRE(descent.loss_scale() != nullptr);
  CHECK(descent.scaling() == std::vector<double>{65536, 0});
  const double kept[] = {1024, 17};
  descent.restore_scaling(kept);
  CHECK(descent.scaling() == std::vector<double>{1024, 17});
  const double impossible[] = {0.5, 17};
  CHECK_THROWS_AS(descent.restore_scaling(impossible), error);
}

TEST_CASE("a loss that is not a number ends a training on a device and leaves its weights alone") {
  if (!has_device()) return skip("no CUDA device answers");
  const training_data data(classification{.label_smoothing = 0.1}, easy_train, easy_validation);
  guarded backend;
  recipe wild = short_recipe;
  wild.learning_rate = 1e30, wild.largest_gradient = 0, wild.warmup_epochs = 0;
  trainer<guarded> training(backend, "net", problem::network(), data, wild, 7);
  const training_outcome outcome = training.run();
  CHECK(outcome.diverged);
  CHECK_THAT(outcome.note, ContainsSubstring("lower the learning rate"));
}

}  // namespace
