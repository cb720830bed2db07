// Networks whose memory only the device may touch: they must give the bits of the same programs on open memory.
#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/training.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "catch.hpp"
#include "mobile_network.hpp"
#include "pretend_device.hpp"

namespace {

using namespace hasse;
using detail::gpu::host_stream;
using testing::mobile_network;
using testing::pretend_device;
using testing::random_parameters;

constexpr int batch = 2;
using device = basic_cuda<float, pretend_device>;
using open_memory = basic_cuda<float, host_stream>;

std::vector<float> random_values(std::size_t size, std::uint64_t seed) {
  random_source random(seed);
  std::vector<float> made(size);
  for (float& value : made) value = static_cast<float>(random.normal());
  return made;
}

TEST_CASE("inference on a device is recorded once and gives the same bits as on open memory") {
  const layer_list list = mobile_network();
  const parameters<float> weights = random_parameters(list);
  device backend;
  open_memory plain;
  {
    inference_network found(backend, list, batch, weights);
    inference_network expected(plain, list, batch, weights);
    std::vector<float> answers(static_cast<std::size_t>(batch * found.output_shape().size()));
    const std::size_t size = static_cast<std::size_t>(batch * found.input_shape().size());
    for (std::uint64_t seed = 1; seed < 5; ++seed) {
      if (seed == 3) found.load(weights);
      const std::vector<float> images = random_values(size, seed);
      found.write_input(images), expected.write_input(images);
      found.run(), expected.run();
      found.read_output(answers);
      CHECK(answers == std::vector<float>(expected.output(), expected.output() + answers.size()));
    }
    CHECK(backend.stream().recordings == 2);  // loading makes new steps
    CHECK(backend.stream().replays == 2);
    CHECK_THROWS_AS(found.write_input(answers), error);
  }
  CHECK(backend.stream().held() == 1);  // the sums of the backend itself
}

TEST_CASE("a recording is made again when the scratch memory that it knew has moved") {
  const layer_list list = mobile_network();
  const parameters<float> weights = random_parameters(list);
  device backend;
  inference_network found(backend, list, batch, weights);
  std::vector<float> first(static_cast<std::size_t>(batch * found.output_shape().size())), second = first;
  found.write_input(random_values(static_cast<std::size_t>(batch * found.input_shape().size()), 1));
  found.run(), found.read_output(first);
  backend.stream().reserve(std::size_t{1} << 24);
  found.run(), found.read_output(second);
  CHECK(first == second);
  CHECK(backend.stream().recordings == 2);
  CHECK(backend.stream().replays == 0);
}

TEST_CASE("training on a device gives the same bits as on open memory, statistics and all") {
  const layer_list list = mobile_network();
  device backend;
  open_memory plain;
  parameters<float> mine = random_parameters(list), theirs = mine;
  training_network found(backend, list, batch, mine);
  training_network expected(plain, list, batch, theirs);
  const std::vector<float> images = random_values(static_cast<std::size_t>(batch * list.input.size()), 7),
                           slopes = random_values(static_cast<std::size_t>(batch * found.output_shape().size()), 8);
  for (int step = 0; step < 2; ++step) {
    copy_in<float>(found.device(), found.input(), images), copy_in<float>(expected.device(), expected.input(), images);
    found.forward(), expected.forward();
    std::vector<float> answers(slopes.size());
    copy_out<float>(found.device(), answers, found.output());
    CHECK(answers == std::vector<float>(expected.output(), expected.output() + slopes.size()));
    copy_in<float>(found.device(), found.output_gradient(), slopes);
    copy_in<float>(expected.device(), expected.output_gradient(), slopes);
    found.backward(), expected.backward();
    std::vector<float> gradients(mine.values.size());
    copy_out<float>(found.device(), gradients, found.gradients());
    CHECK(gradients == std::vector<float>(expected.gradients(), expected.gradients() + gradients.size()));
    CHECK((step > 0 || mine.statistics != theirs.statistics));  // they move where the device is, until they are brought
    found.pull();
    CHECK(mine.statistics == theirs.statistics);
    mine.values[3] += 1, theirs.values[3] += 1;
    found.push();
  }
}

TEST_CASE("every output is brought from a device, and its gradient taken there") {
  layer_list list = mobile_network();
  list.outputs = {{"raw", 1}, {"deep", static_cast<value_id>(list.size()) / 2}, {"scores", static_cast<value_id>(list.size())}};
  device backend;
  reference<float> readable;
  const parameters<float> weights = random_parameters(list);
  const std::vector<float> images = random_values(static_cast<std::size_t>(batch * list.input.size()), 7);
  const auto size_of = [&](int output) { return static_cast<std::size_t>(batch * list.output_shape(output).size()); };
  const auto agree = [](const std::vector<float>& given, const float* expected) {
    double worst = 0, largest = 1e-3;
    for (std::size_t i = 0; i < given.size(); ++i) {
      worst = std::max(worst, std::abs(static_cast<double>(given[i]) - static_cast<double>(expected[i])));
      largest = std::max(largest, std::abs(static_cast<double>(expected[i])));
    }
    return worst <= 1e-4 * largest;
  };
  {
    inference_network found(backend, list, batch, weights);
    inference_network expected(readable, list, batch, weights);
    found.write_input(images), expected.write_input(images);
    found.run(), expected.run();
    for (int i = 0; i < list.output_count(); ++i) {
      std::vector<float> answers(size_of(i));
      found.read_output(i, answers);
      CHECK(agree(answers, expected.output(i)));
    }
  }
  parameters<float> mine = weights, theirs = weights;
  training_network found(backend, list, batch, mine);
  training_network expected(readable, list, batch, theirs);
  copy_in<float>(found.device(), found.input(), images);
  std::copy(images.begin(), images.end(), expected.input());
  found.forward(), expected.forward();
  for (int i = 0; i < list.output_count(); ++i) {
    const std::vector<float> slopes = random_values(size_of(i), 20 + static_cast<std::uint64_t>(i));
    std::vector<float> answers(size_of(i));
    copy_out<float>(found.device(), answers, found.output(i));
    CHECK(agree(answers, expected.output(i)));
    copy_in<float>(found.device(), found.output_gradient(i), slopes);
    std::copy(slopes.begin(), slopes.end(), expected.output_gradient(i));
  }
  found.backward(), expected.backward();
  std::vector<float> gradients(mine.values.size());
  copy_out<float>(found.device(), gradients, found.gradients());
  for (const parameter_tensor& tensor : mine.layout.trainable) {
    INFO(tensor.name);
    const auto begin = gradients.begin() + static_cast<std::ptrdiff_t>(tensor.offset);
    CHECK(agree({begin, begin + static_cast<std::ptrdiff_t>(tensor.size)}, expected.gradients() + tensor.offset));
  }
}

}  // namespace
