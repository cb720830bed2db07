// Whole networks on the kernels of the GPU, run on the processor, against the readable backend: what the memory planner relies on
// (which values a backward pass reads, what may lie in one place) holds for all layers together.
#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/kernel/cuda/programs/descent.hpp>
#include <hasse/kernel/cuda/programs/loss.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/training.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "catch.hpp"
#include "distance.hpp"
#include "layer_fixture.hpp"
#include "mobile_network.hpp"

namespace {

using namespace hasse;
using namespace hasse::detail::gpu;
using testing::mobile_network;
using testing::random_parameters;

constexpr int batch = 2;

void compare_inference(bool joins) {
  INFO("joins " << joins);
  const layer_list list = mobile_network();
  const parameters<float> weights = random_parameters(list);
  basic_cuda<float, host_stream> backend;
  backend.join_layers(joins);
  reference<float> plain;
  inference_network found(backend, list, batch, weights);
  inference_network expected(plain, list, batch, weights);
  CHECK((found.steps().size() < expected.steps().size()) == joins);
  const ::buffer<float> image = random_values<float>(static_cast<std::size_t>(batch * list.input.size()), 5);
  for (std::size_t i = 0; i < image.size(); ++i) found.input()[i] = expected.input()[i] = image[i];
  found.run(), expected.run();
  CHECK(distance(found.output(), expected.output(), batch * 10) < 1e-5);
}

/// How far two backends may be apart in values, and in the gradients of a whole network.
struct tolerances {
  double values, gradients;
};

template <class Scalar>
void compare_training(recompute again, const tolerances& within) {
  INFO("recomputes " << (again == recompute::activations));
  const layer_list list = mobile_network();
  parameters<float> weights = random_parameters(list), other = weights;
  basic_cuda<Scalar, host_stream> backend;
  reference<float> plain;
  training_network found(backend, list, batch, weights, {.recompute = again});
  training_network expected(plain, list, batch, other);
  const ::buffer<Scalar> image = random_values<Scalar>(static_cast<std::size_t>(batch * list.input.size()), 5),
                         gradient = random_values<Scalar>(batch * 10, 6);
  for (std::size_t i = 0; i < image.size(); ++i) expected.input()[i] = found.input()[i] = image[i];
  found.forward(), expected.forward();
  CHECK(distance(found.output(), expected.output(), batch * 10) < within.values);
  for (std::size_t i = 0; i < gradient.size(); ++i) expected.output_gradient()[i] = found.output_gradient()[i] = gradient[i];
  found.backward(), expected.backward();
  CHECK(distance(weights.statistics.data(), other.statistics.data(), other.statistics.size()) < within.values);
  CHECK(distance(found.gradients(), expected.gradients(), other.values.size()) < within.gradients);
}

/// What a small network has learned after a few steps on one batch.
struct lesson {
  double first = 0, last = 0;  // the loss
  int skipped = 0;
  float loss_scale = 0;
};

template <class Scalar>
lesson learn(const loss_scaling& scaling, float loss_scale, int steps) {
  constexpr int images = 8, classes = 4;
  layer_list list{.input = {9, 9, 3}, .items = {}};
  layer_builder<layer_list> b{list};
  const value_id stem = b.conv_bn(0, 8, 3, 2, activation::hard_swish, {});
  b.linear(b.global_average_pool(b.conv_bn(stem, 16, 3, 1, activation::relu, {})), classes);
  parameters<float> weights = random_parameters(list);
  const auto size = static_cast<int>(weights.layout.trainable_size);
  basic_cuda<Scalar, host_stream> backend;
  training_network network(backend, list, images, weights);
  const ::buffer<Scalar> batch_of = random_values<Scalar>(static_cast<std::size_t>(images * list.input.size()), 5);
  std::copy(batch_of.begin(), batch_of.end(), network.input());
  const int labels[images] = {0, 1, 2, 3, 0, 1, 2, 3};
  float losses[images];
  std::uint8_t correct[images];
  std::vector<float> velocity(weights.layout.trainable_size), decay(weights.layout.trainable_size / 16);
  descent_step step{.rate = 0.1f, .loss_scale = loss_scale};
  lesson found;
  for (int at = 0; at < steps; ++at) {
    network.forward();
    loss_total total;
    run_on_host(softmax_loss<Scalar>{network.output(), labels, images, classes, 0, network.output_gradient(), losses, correct,
                                     &step.loss_scale});
    run_on_host(totals<batch_total>({losses, correct, &total}, images, images));
    network.backward();
    double squared = 0;
    run_on_host(totals<squares>({network.gradients(), &squared}, size, size));
    run_on_host(totals<gradient_scale>({&squared, 0, &step, scaling}, 1, 1));
    run_on_host(nesterov{&step, weights.values.data(), network.gradients(), velocity.data(), decay.data(), 0.9f, 0, size});
    (at == 0 ? found.first : found.last) = total.loss / images;
    found.skipped += step.skipped;
  }
  found.loss_scale = step.loss_scale;
  return found;
}

}  // namespace

TEST_CASE("whole networks infer on the GPU's kernels as on the readable ones, joined or not") {
  for (const bool joins : {false, true}) compare_inference(joins);
}

TEST_CASE("whole networks train on the GPU's kernels as on the readable ones, with and without computing again") {
  for (const recompute again : {recompute::nothing, recompute::activations}) {
    compare_training<float>(again, {1e-5, 1e-4});
    compare_training<float16>(again, {3e-3, 6e-2});  // two images: what rounds to the other side of a corner shows
  }
}

TEST_CASE("a network learns in half precision as in float, with the scale of its loss found on the way") {
  const lesson plain = learn<float>({}, 1, 40), half = learn<float16>({.on = true}, loss_scaling::most, 40);
  CHECK(plain.last < plain.first / 4);
  CHECK(half.first == Approx(plain.first).epsilon(1e-2));
  CHECK(half.last < half.first / 4);
  CHECK(half.skipped > 0);
  CHECK(half.skipped < 20);
  CHECK(half.loss_scale == std::ldexp(loss_scaling::most, -half.skipped));
}
