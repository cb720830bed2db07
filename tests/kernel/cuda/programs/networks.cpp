// Whole networks on the kernels of the GPU, run on the processor, against the readable backend: what the memory planner relies on
// (which values a backward pass reads, what may lie in one place) holds for all layers together.
#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/training.hpp>

#include <cmath>
#include <cstddef>

#include "catch.hpp"
#include "layer_fixture.hpp"
#include "mobile_network.hpp"

namespace {

using namespace hasse;
using detail::gpu::host_stream;
using testing::mobile_network;
using testing::random_parameters;

/// |found - expected| / |expected|, Euclidean; a NaN anywhere makes it infinite.
double distance(const float* found, const float* expected, std::size_t size) {
  double error = 0, norm = 1e-20;
  for (std::size_t i = 0; i < size; ++i) {
    error += std::pow(static_cast<double>(found[i]) - static_cast<double>(expected[i]), 2);
    norm += std::pow(static_cast<double>(expected[i]), 2);
  }
  return std::isfinite(error) ? std::sqrt(error / norm) : 1e300;
}

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

void compare_training(recompute again) {
  INFO("recomputes " << (again == recompute::activations));
  const layer_list list = mobile_network();
  parameters<float> weights = random_parameters(list), other = weights;
  basic_cuda<float, host_stream> backend;
  reference<float> plain;
  training_network found(backend, list, batch, weights, {.recompute = again});
  training_network expected(plain, list, batch, other);
  const ::buffer<float> image = random_values<float>(static_cast<std::size_t>(batch * list.input.size()), 5),
                        gradient = random_values<float>(batch * 10, 6);
  for (std::size_t i = 0; i < image.size(); ++i) found.input()[i] = expected.input()[i] = image[i];
  found.forward(), expected.forward();
  CHECK(distance(found.output(), expected.output(), batch * 10) < 1e-5);
  for (std::size_t i = 0; i < gradient.size(); ++i) found.output_gradient()[i] = expected.output_gradient()[i] = gradient[i];
  found.backward(), expected.backward();
  CHECK(distance(weights.statistics.data(), other.statistics.data(), other.statistics.size()) < 1e-5);
  CHECK(distance(found.gradients(), expected.gradients(), other.values.size()) < 1e-4);
}

}  // namespace

TEST_CASE("whole networks infer on the GPU's kernels as on the readable ones, joined or not") {
  for (const bool joins : {false, true}) compare_inference(joins);
}

TEST_CASE("whole networks train on the GPU's kernels as on the readable ones, with and without computing again") {
  for (const recompute again : {recompute::nothing, recompute::activations}) compare_training(again);
}
