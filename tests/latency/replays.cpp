// Timing by replays, on a device whose every cost is known.
#include <hasse/catalogue/shard.hpp>
#include <hasse/latency/layer_table.hpp>

#include <set>

#include "catch.hpp"
#include "fake_gpu.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {

/// Two convolutions, a pool and a linear layer; `ends` are after the first, the second, and all.
layer_list four_layers() {
  layer_list layers{.input = {4, 4, 3}, .items = {}};
  layer_builder<layer_list> build{layers};
  const value_id first = build.conv_bn(0, 5, 3, 1, activation::relu, {});
  build.linear(build.global_average_pool(build.conv_bn(first, 7, 3, 1, activation::relu, {})), 2);
  return layers;
}
const std::vector<int> ends{1, 2, 4};
constexpr protocol rules{.warm_up = 3, .samples = 11};

/// 5, 7 and 2 x 3 microseconds.
std::int64_t cost_of(const layer& item) { return item.kind == layer_kind::convolution ? 1000 * item.out.c : 3000; }

visit measured(const fake_gpu& device, const protocol& by = rules) {
  auto backend = device.make_backend();
  auto watch = device.make_stopwatch(backend);
  random_source random(1);
  auto network = network_for_timing(backend, four_layers(), random);
  device.queue->watched = network.input();
  return measure(network, ends, by, watch);
}

TEST_CASE("a part on a device takes what the network takes longer with it") {
  fake_gpu device;
  device.queue->cost = cost_of;
  const visit found = measured(device);
  CHECK(found.laps == std::vector<std::int64_t>{5000, 7000, 6000});
  CHECK(found.total == 18'000);
  CHECK(found.p10 == 18'000);
  CHECK(found.accepted == 11);
  CHECK(found.rejected == rejections{});
  CHECK(device.queue->flushed == 0);
}

TEST_CASE("a recording holds so many copies that the gap before a replay hardly counts") {
  fake_gpu device;
  device.queue->cost = cost_of;
  device.queue->gap = 6400;
  SECTION("enough for 0.2 ms") {
    const visit found = measured(device);
    CHECK(device.queue->most_steps == 9 * 4);  // 9 x (18 + 6.4) us
    CHECK(found.total == 18'000 + 6400 / 9);
  }
  SECTION("but no more than 64") {
    device.queue->cost = [](const layer&) { return std::int64_t{10}; };
    device.queue->gap = 640;
    const visit found = measured(device);
    CHECK(device.queue->most_steps == 64 * 4);
    CHECK(found.laps == std::vector<std::int64_t>{20, 10, 20});
    CHECK(found.total == 50);
  }
  SECTION("and one of what is slow") {
    device.queue->cost = [](const layer&) { return std::int64_t{100'000'000}; };
    const visit found = measured(device, {.warm_up = 10, .samples = 100, .visit_milliseconds = 250});
    CHECK(device.queue->most_steps == 4);
    CHECK(found.accepted == 3);
    CHECK(device.queue->starts == 3 + 2 + 3);  // to count the copies, to warm up, to sample
  }
}

TEST_CASE("cold: caches are emptied before each copy, and what that takes is taken off") {
  fake_gpu device{.flushes = 50'000};
  device.queue->cost = cost_of;
  device.queue->cold = 900;
  const visit found = measured(device);
  CHECK(device.queue->flushed == 50'000);
  CHECK(found.laps == std::vector<std::int64_t>{5900, 7900, 7800});
  CHECK(found.total == 21'600);
  device.flushes = 0;
  CHECK(measured(device).total == 18'000);
}

TEST_CASE("inputs rotate between runs, are random, and are never written while time is taken") {
  fake_gpu device;
  measured(device);
  CHECK(device.queue->inputs.size() == 14);
  std::set<std::vector<float>> different(device.queue->inputs.begin(), device.queue->inputs.end());
  CHECK(different.size() == 4);
  for (const auto& input : different)
    for (const float value : input) CHECK(value != 0);
  for (std::size_t run = 4; run < 14; ++run) CHECK(device.queue->inputs[run] == device.queue->inputs[run - 4]);
}

TEST_CASE("a clock that wanders hits all parts alike") {
  fake_gpu device;
  device.queue->cost = [](const layer&) { return std::int64_t{40'000}; };
  device.queue->drift = 1e-7;  // slower by its first speed every 10 ms
  const visit found = measured(device, {.warm_up = 1, .samples = 3});
  CHECK(std::abs(found.laps[0] - found.laps[1]) * 50 < found.laps[0]);
  CHECK(std::abs(found.laps[2] - 2 * found.laps[1]) * 50 < found.laps[2]);
}

TEST_CASE("the device is busy when the clock starts") {
  fake_gpu device;
  device.queue->on_start = [&] { CHECK(device.queue->replays > device.queue->replays_timed); };
  measured(device);
}

TEST_CASE("runs in which the device slowed itself down are counted and left out, unless there are no others") {
  fake_gpu device;
  device.queue->cost = cost_of;
  int asked = 0;
  SECTION("some") {
    device.queue->disturbed = [&] {
      const bool bad = ++asked % 3 == 0;
      device.queue->cost =
          asked % 3 == 2 ? [](const layer& item) { return cost_of(item) + 200; } : cost_of;  // the next run, a little
      return bad;
    };
    const visit found = measured(device);
    CHECK(found.total == 18'000);
    CHECK(found.accepted == 8);
    CHECK(found.rejected == rejections{.quanta = 0, .disturbed = 3});
  }
  SECTION("all") {
    device.queue->disturbed = [] { return true; };
    const visit found = measured(device);
    CHECK(found.total == 18'000);
    CHECK(found.accepted == 11);
  }
}

TEST_CASE("no lap is negative, and what noise made so is its neighbour's loss") {
  std::vector<std::int64_t> laps{50, 10, -30, 5, -2};
  detail::settle(laps);
  CHECK(laps == std::vector<std::int64_t>{30, 0, 0, 3, 0});
  laps = {-4, 9};
  detail::settle(laps);
  CHECK(laps == std::vector<std::int64_t>{0, 9});
}

TEST_CASE("a table of parts made by replays sums up to whole networks") {
  const temporary_folder folder;
  const fake_gpu hot, cold{.flushes = 100'000};
  cold.queue->cold = 700;
  const auto table = latency_table<small_space>::load_or_measure(folder / "hot.json", hot, quick);
  for (const additivity_pair& each : table.additivity().networks) CHECK(each.sum == each.whole);
  const auto other = latency_table<small_space>::load_or_measure(folder / "cold.json", cold, quick);
  for (const additivity_pair& each : other.additivity().networks) CHECK(each.sum == each.whole);
  const auto choice = parse<small_space>("[(4),(8)]");
  const layer_list layers = layers_of(choice);
  const auto steps = static_cast<std::int64_t>(fold_for_inference(layers).layers.size());
  const measurement whole = measure(layers, hot, quick);
  CHECK(std::abs(table.estimate(choice).count * 100 - whole.median) < 100 * steps);
  CHECK(measure(layers, cold, quick).median == whole.median + 700 * steps);
  CHECK_THAT(sentence_of([&] { latency_table<small_space>::load_or_measure(folder / "hot.json", cold, quick); }),
             ContainsSubstring("\"hot\" and is \"cold\" here"));
}

TEST_CASE("a table of layers made by replays knows each piece") {
  const temporary_folder folder;
  fake_gpu device;
  device.queue->cost = cost_of;
  layer_table table = layer_table::load_or_begin(folder / "layers.json", device, quick);
  CHECK(table.latency_of(four_layers()).count == 180);
  CHECK(table.measured_whole(four_layers(), "four").median == 18'000);
}

}  // namespace
