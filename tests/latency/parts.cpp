// A network that is of no space, measured whole and part by part.
#include <catch.hpp>

#include <hasse/latency/parts.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/space/layer_builder.hpp>

#include "fake_device.hpp"
#include "restless_device.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
layer_list anybodys(int side, int width) {
  layer_list layers{.input = {side, side, 3}, .items = {}};
  layer_builder<layer_list> build{layers};
  const value_id wide = build.conv_bn(0, width, 3, 2, activation::relu, {}), deep = build.conv_bn(wide, 3 * width, 1, 1, activation::relu, {});
  build.linear(build.global_average_pool(deep), 5);
  return layers;
}
}  // namespace

TEST_CASE("the parts of a network are its folded layers, and each takes its own time") {
  const fake_device device;
  const layer_list layers = anybodys(12, 8);
  const timed_parts found = measure_parts(layers, device);
  const layer_list folded = fold_for_inference(layers).layers;
  REQUIRE(found.parts.size() == folded.size());
  std::int64_t sum = 0;
  for (std::size_t at = 0; at < found.parts.size(); ++at) {
    CHECK(found.parts[at].time.median == device.world->cost(folded.items[at]));
    CHECK(found.parts[at].time.noise == 0);
    CHECK(found.parts[at].implementation == "imagined");
    sum += found.parts[at].time.median;
  }
  CHECK(found.parts.front().text.starts_with("convolution 3x3 stride 2"));
  CHECK(found.whole.median == sum);
  CHECK(found.slowdown == 1);
  CHECK(found.whole.samples == 4);  // certain at once
}

TEST_CASE("on a restless device parts and whole are those of the quiet one") {
  const layer_list layers = anybodys(256, 48);  // some milliseconds, as long as the speed stays
  const fake_world calm;
  double truth = 0;
  for (const layer& item : fold_for_inference(layers).layers) truth += static_cast<double>(calm.cost(item));
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const fake_device device = restless_device(seed);
    const timed_parts found = measure_parts(layers, device);
    CHECK(static_cast<double>(found.whole.median) == Approx(truth).epsilon(0.15));
    CHECK(found.slowdown >= 1);
    double sum = 0;
    for (const timed_part& each : found.parts) sum += static_cast<double>(each.time.median);
    CHECK(sum == Approx(static_cast<double>(found.whole.median)).epsilon(0.1));
  }
}
