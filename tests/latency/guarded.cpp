// Latency on the programs of the GPU, run on the processor in memory that only they may touch: whatever measures must not look.
#include <hasse/kernel/cuda/programs/backend.hpp>
#include <hasse/latency/any_device.hpp>
#include <hasse/latency/whole.hpp>

#include "catch.hpp"
#include "pretend_device.hpp"

namespace {

using namespace hasse;
using backend_type = basic_cuda<float, testing::pretend_device>;

/// The clock is that of the processor, which computes.
struct pretended_stopwatch : steady_stopwatch {
  std::size_t flushes = 0;
  bool disturbed() const { return flushes > 0; }
  std::size_t flushed_bytes() const { return flushes; }
};
struct on_pretended {
  std::size_t flushes = 0;
  device_facts facts() const { return host_facts(); }
  backend_type make_backend() const { return backend_type(); }
  pretended_stopwatch make_stopwatch(backend_type&) const {
    pretended_stopwatch made;
    made.flushes = flushes;
    return made;
  }
};
static_assert(DevicePolicy<on_pretended>);

layer_list two_convolutions() {
  layer_list layers{.input = {4, 4, 3}, .items = {}};
  layer_builder<layer_list> build{layers};
  build.linear(
      build.global_average_pool(build.conv_bn(build.conv_bn(0, 4, 3, 1, activation::relu, {}), 6, 3, 1, activation::relu, {})), 2);
  return layers;
}

TEST_CASE("programs are timed in memory that nobody else may touch") {
  const on_pretended device;
  auto backend = device.make_backend();
  auto watch = device.make_stopwatch(backend);
  random_source random(1);
  const protocol quick{.rounds = 2, .warm_up = 1, .samples = 5, .disturbed_percent = 1000};
  {
    auto network = network_for_timing(backend, two_convolutions(), random);
    const int before = backend.stream().launches;
    const std::vector<int> ends{1, 2, 4};
    const visit found = measure(network, ends, quick, watch);
    CHECK(found.accepted + found.rejected.all() == 5);
    CHECK(found.laps.size() == 3);
    for (const std::int64_t lap : found.laps) CHECK(lap >= 0);
    CHECK(found.total > 0);
    CHECK(backend.stream().recordings >= 3);
    CHECK(backend.stream().replays >= 3 * (1 + 1) + 6 * (1 + 2 * 3));
    CHECK(backend.stream().launches > before);
  }
  CHECK(backend.stream().held() == 1);  // the backend's own
  CHECK(measure(two_convolutions(), device, quick).median > 0);
}

TEST_CASE("a device that is chosen at run time flushes and is disturbed as the one that it holds") {
  for (const std::size_t flushes : {std::size_t{0}, std::size_t{4096}}) {
    const any_device device(on_pretended{flushes});
    auto backend = device.make_backend();
    auto watch = device.make_stopwatch(backend);
    CHECK(flushed_bytes(watch) == flushes);
    CHECK(is_disturbed(watch) == (flushes > 0));
    CHECK(measure(two_convolutions(), device, {.rounds = 2, .warm_up = 1, .samples = 3}).median > 0);
  }
}

}  // namespace
