// Trainings whose tensors lie where only the device may touch them: the same curve as on the readable backend, the same bits after a
// kill, and half precision with a scaled loss.
#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/train/trainer.hpp>

#include <cstddef>
#include <vector>

#include "../../../train/problem.hpp"
#include "catch.hpp"
#include "pretend_device.hpp"

namespace {

using namespace hasse;
using testing::pretend_device;
using guarded = basic_cuda<float, pretend_device>;
using guarded_half = basic_cuda<float16, pretend_device>;

const image_set easy_train = problem::quadrants(96, 1), easy_validation = problem::quadrants(40, 2);
const recipe short_recipe{.epochs = 3,
                          .batch = 16,
                          .learning_rate = 0.1,
                          .label_smoothing = 0.1,
                          .largest_gradient = 1,
                          .warmup_epochs = 0.5,
                          .augment = augmentation{.pad = 1, .flip = true}};

template <class Engine>
void goes_on_to_the_same_bits() {
  Engine backend;
  const training_data data(easy_train, easy_validation);
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

TEST_CASE("a training on a device has the loss curve of the readable backend, and replays its steps") {
  const training_data data(easy_train, easy_validation);
  guarded backend;
  reference<float> plain;
  trainer<guarded> found(backend, "net", problem::network(), data, short_recipe, 7);
  trainer<reference<float>> expected(plain, "net", problem::network(), data, short_recipe, 7);
  const training_outcome mine = found.run(), theirs = expected.run();
  REQUIRE(mine.curve.size() == theirs.curve.size());
  for (std::size_t i = 0; i < mine.curve.size(); ++i) {
    INFO("epoch " << i);
    CHECK(mine.curve[i].loss == Approx(theirs.curve[i].loss).epsilon(1e-3));
    CHECK(mine.curve[i].train_accuracy == Approx(theirs.curve[i].train_accuracy).margin(0.02));
    CHECK(mine.curve[i].validation_accuracy == Approx(theirs.curve[i].validation_accuracy).margin(0.03));
  }
  // 18 steps and 9 batches that are judged; loading makes the judge anew every epoch.
  CHECK(backend.stream().replays >= 16 + 6);
}

TEST_CASE("a training on a device that was killed anywhere goes on to the same bits") {
  goes_on_to_the_same_bits<guarded>();
  goes_on_to_the_same_bits<guarded_half>();
}

TEST_CASE("half precision learns with a scaled loss, whose scale a checkpoint keeps") {
  const training_data data(easy_train, easy_validation);
  guarded_half backend;
  trainer<guarded_half> training(backend, "net", problem::network(), data,
                                 {.epochs = 6, .batch = 16, .augment = augmentation{}}, 7);
  const training_outcome outcome = training.run();
  CHECK_FALSE(outcome.diverged);
  CHECK(outcome.accuracy > 0.95);
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
  const training_data data(easy_train, easy_validation);
  guarded backend;
  recipe wild = short_recipe;
  wild.learning_rate = 1e30, wild.largest_gradient = 0, wild.warmup_epochs = 0;
  trainer<guarded> training(backend, "net", problem::network(), data, wild, 7);
  const training_outcome outcome = training.run();
  CHECK(outcome.diverged);
  CHECK_THAT(outcome.note, ContainsSubstring("lower the learning rate"));
}

}  // namespace
