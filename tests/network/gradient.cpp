// The gradients of whole networks against central differences, in double, and the two halves of a step against each other.
#include <cmath>

#include <hasse/kernel/reference.hpp>
#include <hasse/network/training.hpp>

#include "../support/catch.hpp"
#include "every_family.hpp"
#include "networks.hpp"

using namespace hasse;

namespace {
/// loss = sum of c_i output_i with fixed random c, over the elements of all outputs.
double loss_of(training_network<reference<double>>& net) {
  net.forward();
  random_source random(77);
  double loss = 0;
  for (int output = 0; output < net.output_count(); ++output)
    for (std::int64_t i = 0; i < net.batch() * net.output_shape(output).size(); ++i)
      loss += net.output(output)[i] * (net.output_gradient(output)[i] = random.normal());
  return loss;
}

void check_gradients(const layer_list& layers, std::uint64_t seed, recompute again = recompute::nothing) {
  constexpr int batch = 3;
  reference<double> backend;
  auto values = testing::random_parameters<double>(layers, seed);
  training_network<reference<double>> net(backend, layers, batch, values, {.input_gradient = true, .recompute = again});
  testing::fill(net.input(), batch * layers.input.size(), seed + 1);
  loss_of(net);
  net.backward();
  const aligned_vector<double> gradients(net.gradients(), net.gradients() + values.values.size());
  const std::vector<double> input_gradient(net.input_gradient(), net.input_gradient() + batch * layers.input.size());

  const double step = 1e-6;
  const auto slope = [&](double& place) {
    const double kept = place;
    place = kept + step;
    const double above = loss_of(net);
    place = kept - step;
    const double below = loss_of(net);
    place = kept;
    return (above - below) / (2 * step);
  };
  const auto agrees = [](double given, double measured) { return std::abs(given - measured) <= 2e-5 * (1 + std::abs(measured)); };
  for (const parameter_tensor& tensor : values.layout.trainable) {
    INFO(tensor.name << ", seed " << seed);
    const std::size_t stride = tensor.size > 40 ? 7 : 1;
    for (std::size_t k = 0; k < tensor.size; k += stride) {
      const double measured = slope(values.values[tensor.offset + k]);
      INFO("element " << k << ": " << gradients[tensor.offset + k] << " given, " << measured << " measured");
      REQUIRE(agrees(gradients[tensor.offset + k], measured));
    }
  }
  for (std::size_t k = 0; k < input_gradient.size(); k += 5) {
    const double measured = slope(net.input()[k]);
    INFO("input " << k << ": " << input_gradient[k] << " given, " << measured << " measured, seed " << seed);
    REQUIRE(agrees(input_gradient[k], measured));
  }
}
}  // namespace

TEST_CASE("gradients of a residual network agree with central differences") {
  check_gradients(testing::small_residual<layer_list>(), 1);
  check_gradients(testing::small_residual<layer_list>(activation::hard_swish), 2);
}

TEST_CASE("gradients of a network of odd shapes agree with central differences") {
  check_gradients(testing::odd_shapes<layer_list>(), 3);
}

TEST_CASE("gradients of values that one layer reads twice agree with central differences") {
  check_gradients(testing::twice_read(), 4);
}

TEST_CASE("gradients of joined and padded branches agree with central differences") {
  check_gradients(testing::joined_branches<layer_list>(), 7);
  check_gradients(testing::joined_branches<layer_list>(), 8, recompute::activations);
}

TEST_CASE("gradients of a loss over several outputs, some of them read inside, agree with central differences") {
  for (const recompute again : {recompute::nothing, recompute::activations}) {
    check_gradients(testing::several_outputs<layer_list>(activation::swish), 9, again);
    random_source random(10);
    for (std::uint64_t round = 0; round < 6; ++round)
      check_gradients(testing::with_outputs(testing::random_network(random, 9), random), 200 + round, again);
  }
}

TEST_CASE("gradients of mobile blocks agree with central differences") { check_gradients(testing::mobile_blocks(), 6); }

TEST_CASE("gradients of random networks agree with central differences") {
  random_source random(5);
  for (std::uint64_t round = 0; round < 12; ++round)
    check_gradients(testing::random_network(random, 9), 100 + round, round % 2 ? recompute::activations : recompute::nothing);
}

TEST_CASE("gradients of every block of a catalogue agree with central differences") {
  testing::for_each_block_of<testing::every_family<7, 6>>([](const layer_list& layers, const std::string& name, std::uint64_t number) {
    INFO(name);
    check_gradients(layers, 400 + number);
  });
}
