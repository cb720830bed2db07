// The laws of a device: what ships keeps them, and each is broken once.
#include <hasse/laws/device.hpp>

#include <string>
#include <utility>
#include <vector>

#include <hasse/latency/on_cpu.hpp>

#include "../support/catch.hpp"
#include "fake_device.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
layer_list network_of(int width) {
  layer_list net{.input = {16, 16, 3}, .items = {}};
  layer_builder<layer_list> build{net};
  build.linear(build.global_average_pool(build.conv_bn(build.conv_bn(0, width, 3, 1, activation::relu, {}), width, 3, 1, activation::relu, {})), 4);
  return net;
}

/// A device whose time is computed, with one fault.
enum class flaw { none, nameless, unsteady, threadless, other_scalar, backwards, forgetful, stopped };
struct flawed_stopwatch : fake_stopwatch {
  flaw how;
  std::int64_t reads = 0;
  flawed_stopwatch(fake_world& world, flaw of) : fake_stopwatch(world), how(of) {}
  std::int64_t nanoseconds(std::size_t lap) {
    const std::int64_t read = fake_stopwatch::nanoseconds(lap);
    return how == flaw::backwards ? -1 - read : how == flaw::forgetful ? read + ++reads : how == flaw::stopped ? 1 : read;
  }
};
struct flawed_device : fake_device {
  flaw how = flaw::none;
  device_facts facts() const {
    static int calls = 0;
    device_facts facts = fake_device::facts();
    if (how == flaw::nameless) facts.library = "";
    if (how == flaw::unsteady) facts.features = std::to_string(++calls);
    if (how == flaw::threadless) facts.threads = 0;
    if (how == flaw::other_scalar) facts.scalar = scalar_name<double>;
    return facts;
  }
  flawed_stopwatch make_stopwatch(fake_backend&) const { return {*world, how}; }
};
static_assert(DevicePolicy<flawed_device>);
}  // namespace

TEST_CASE("devices keep their laws", "[laws]") {
  CHECK(broken_law(on_cpu{}, network_of(8), network_of(64)) == "");
  CHECK(broken_law(on_cpu_bf16{}, network_of(8), network_of(64)) == "");
  CHECK(broken_law(fake_device{}, network_of(4), network_of(16)) == "");
}

TEST_CASE("a device that breaks a law is told which", "[laws]") {
  const std::vector<std::pair<flaw, const char*>> flaws{{flaw::none, ""}, {flaw::nameless, "facts: name, backend and library"}, {flaw::unsteady, "facts: they are others"},
      {flaw::threadless, "0 threads"}, {flaw::other_scalar, "facts: activations are float64"}, {flaw::backwards, "time does not run back"},
      {flaw::forgetful, "another time when asked again"}, {flaw::stopped, "see that laps span the work"}};
  for (const auto& [how, sentence] : flaws) {
    flawed_device device;
    device.how = how;
    const std::string broken = broken_law(device, network_of(4), network_of(16));
    INFO(static_cast<int>(how));
    if (how == flaw::none) CHECK(broken == "");
    else CHECK_THAT(broken, ContainsSubstring(sentence));
  }
  fake_device refusing;
  refusing.world->refuses = [](const layer&) { return "no room"; };
  CHECK_THROWS_WITH(broken_law(refusing, network_of(4), network_of(16)), ContainsSubstring("a layer cannot be had: no room"));
}
