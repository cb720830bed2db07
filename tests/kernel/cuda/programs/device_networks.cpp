// Networks whose memory only the device may touch: they must give the bits of the same programs on open memory.
#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/training.hpp>

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

}  // namespace
