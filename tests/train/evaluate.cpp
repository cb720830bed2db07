// Evaluation counts every image once, whatever the batch, and judges the network that was asked about.
#include <hasse/train/evaluate.hpp>

#include <algorithm>
#include <vector>

#include <hasse/kernel/reference.hpp>
#include <hasse/train/trainer.hpp>
#include "../support/catch.hpp"
#include "problem.hpp"

using namespace hasse;

TEST_CASE("accuracy and logits do not depend on the batch, the last one part-filled or not", "[train][evaluate]") {
  reference<double> backend;
  const image_set images = problem::quadrants(37, 8);
  const normalisation scale = measure(images);
  const layer_list layers = problem::network();
  parameters<double> weights(layers);
  random_source random(2);
  initialise(weights, layers, random);
  const std::vector<double> expected = logits(backend, layers, weights, images, scale, 1);
  REQUIRE(expected.size() == 37 * 4);
  int correct = 0;
  for (std::size_t n = 0; n < images.size(); ++n)
    correct += std::max_element(expected.begin() + static_cast<std::ptrdiff_t>(4 * n),
                                expected.begin() + static_cast<std::ptrdiff_t>(4 * n + 4)) -
                   (expected.begin() + static_cast<std::ptrdiff_t>(4 * n)) ==
               images.labels[n];
  for (const int batch : {1, 7, 37, 64}) {
    CAPTURE(batch);
    CHECK(accuracy(backend, layers, weights, images, scale, batch) == Approx(correct / 37.0).epsilon(1e-15));
    const std::vector<double> got = logits(backend, layers, weights, images, scale, batch);
    REQUIRE(got.size() == expected.size());
    for (std::size_t i = 0; i < got.size(); ++i) REQUIRE(got[i] == Approx(expected[i]).margin(1e-12));
  }
}

TEST_CASE("a classifier built by hand is judged as it must be", "[train][evaluate]") {
  reference<double> backend;
  const image_set images = problem::quadrants(50, 9, 150);
  layer_list layers{.input = {8, 8, 3}};
  layer_builder<layer_list>{layers}.linear(0, 4);
  parameters<double> weights(layers);
  auto linear = weights.of(0, parameter_role::weight);
  for (int label = 0; label < 4; ++label)
    for (int i = 0; i < 192; ++i)
      linear[static_cast<std::size_t>(label * 192 + i)] = ((i / 3 / 8 >= 4) * 2 + (i / 3 % 8 >= 4) == label) ? 1.0 : 0.0;
  CHECK(accuracy(backend, layers, weights, images, measure(images)) == 1.0);
  for (double& value : linear) value = -value;
  CHECK(accuracy(backend, layers, weights, images, measure(images)) == 0.0);
}

TEST_CASE("images of another shape or without a label in range are refused", "[train][evaluate]") {
  reference<double> backend;
  const image_set images = problem::quadrants(5, 9);
  layer_list layers{.input = {8, 8, 1}};
  layer_builder<layer_list>{layers}.linear(0, 4);
  const parameters<double> weights(layers);
  CHECK_THROWS_WITH(accuracy(backend, layers, weights, images, measure(images)),
                    ContainsSubstring("are 8x8x3 but the network reads 8x8x1"));
}

TEST_CASE("a training in double precision learns and is judged in double precision", "[train][evaluate]") {
  reference<double> backend;
  const image_set train = problem::quadrants(160, 1), validation = problem::quadrants(75, 2);
  const training_data data(train, validation);
  trainer<reference<double>> training(backend, "net", problem::network(), data,
                                      {.epochs = 4, .batch = 16, .augment = augmentation{}}, 7);
  const training_outcome outcome = training.run();
  CHECK(outcome.score > 0.9);
  CHECK(accuracy(backend, problem::network(), training.weights(), validation, data.scale) == outcome.score);
}
