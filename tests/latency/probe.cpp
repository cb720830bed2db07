#include <catch.hpp>

#include <hasse/catalogue/shard.hpp>
#include <hasse/latency/fit.hpp>

#include "fake_device.hpp"

using namespace hasse;
using namespace hasse::testing;

TEST_CASE("quantiles and medians are those of the definition") {
  CHECK(median({}) == 0);
  CHECK(median({7}) == 7);
  CHECK(median({9, 1, 5}) == 5);
  CHECK(median({9, 1, 5, 6}) == 5);  // (5 + 6) / 2, rounded down
  CHECK(quantile({10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110}, 0.1) == 20);
  CHECK(quantile({30, 10, 20}, 1) == 30);
}

TEST_CASE("runs that were disturbed are counted by cause and do not move the medians") {
  std::vector<std::vector<std::int64_t>> runs(20, {1000, 3000});
  runs[3] = {1000, 4'003'000};  // one tick of the scheduler
  runs[7] = {8'100'000, 3000};  // two ticks
  runs[11] = {1000, 9000};      // something else
  runs[12] = {1100, 3000};      // within the tolerance
  const visit found = detail::summarise(runs, 10);
  CHECK(found.laps == std::vector<std::int64_t>{1000, 3000});
  CHECK(found.total == 4000);
  CHECK(found.accepted == 17);
  CHECK(found.rejected == rejections{.quanta = 2, .disturbed = 1});
}

TEST_CASE("a visit warms up, samples, and gives every part its own lap") {
  fake_device device;
  device.world->cost = [](const layer& item) { return item.kind == layer_kind::convolution ? 1000 * item.out.c : 10; };
  auto backend = device.make_backend();
  auto watch = device.make_stopwatch(backend);
  layer_list layers{.input = {4, 4, 3}, .items = {}};
  layer_builder<layer_list> build{layers};
  const value_id first = build.conv_bn(0, 5, 3, 1, activation::relu, {});
  build.linear(build.global_average_pool(build.conv_bn(first, 7, 3, 1, activation::relu, {})), 2);
  random_source random(1);
  auto network = network_for_timing(backend, layers, random);
  const std::vector<int> ends{1, 2, 4};
  const visit found = measure(network, ends, {.warm_up = 3, .samples = 11}, watch);
  CHECK(device.world->runs == 14);
  CHECK(found.laps == std::vector<std::int64_t>{5000, 7000, 20});
  CHECK(found.total == 12'020);
  CHECK(found.accepted == 11);

  SECTION("a slow network ends its visit early, but not before the third sample") {
    device.world->cost = [](const layer&) { return std::int64_t{100'000'000}; };
    device.world->runs = 0;
    CHECK(measure(network, ends, {.warm_up = 10, .samples = 100, .visit_milliseconds = 250}, watch).accepted == 3);
    CHECK(device.world->runs == 5);  // two of them warm-up
  }
}

TEST_CASE("a whole network is reported from its quiet rounds") {
  fake_device device;
  int run = 0;
  const int runs_per_round = 2 + 5;
  device.world->on_start = [&] {
    if (run++ / runs_per_round == 1) device.world->now += 50'000;  // the second round is slow throughout
  };
  device.world->cost = [](const layer&) { return std::int64_t{10'000}; };
  const layer_list layers = layers_of(parse<small_space>("[(4),(8)]"));
  const measurement found = measure(layers, device, {.rounds = 4, .warm_up = 2, .samples = 5});
  const auto steps = static_cast<std::int64_t>(fold_for_inference(layers).layers.size());
  CHECK(found.median == 10'000 * steps);
  CHECK(found.latency() == ticks{100 * steps});
  CHECK(found.noise == 0);
  CHECK(found.samples == 15);
  CHECK(found.rejected == rejections{.quanta = 0, .disturbed = 5});
}

TEST_CASE("a protocol that cannot work is refused with its numbers") {
  CHECK_THAT(sentence_of([] { check(protocol{.rounds = 1}); }), ContainsSubstring("rounds = 1; it must be 2 to 100"));
  CHECK_THAT(sentence_of([] { check(protocol{.samples = 0}); }), ContainsSubstring("samples = 0; it must be 3 to 10000"));
  CHECK(sentence_of([] { check(protocol{}); }).empty());
}

TEST_CASE("rows are the non-negative numbers that fit sums and expectations best") {
  observed_sums sums{.unknowns = 3};
  const double truth[] = {5, 0, 2};
  for (const std::vector<double>& counts : {std::vector<double>{1, 1, 0}, {0, 1, 1}, {2, 0, 1}, {1, 2, 3}}) sums.add(counts, sum_of(counts, truth));
  const std::vector<double> far = fit_nonnegative(sums, std::vector<double>{1, 1, 1}, 1e-4);
  for (int row = 0; row < 3; ++row) CHECK(far[static_cast<std::size_t>(row)] == Approx(truth[row]).margin(1e-3));
  // What no sum has is what was expected; trust without end leaves all as expected.
  sums.unknowns = 1, sums.counts = {0, 0, 0, 0};
  CHECK(fit_nonnegative(sums, std::vector<double>{7}, 0.1) == std::vector<double>{7});
  sums.counts = {1, 1, 1, 1};
  CHECK(fit_nonnegative(sums, std::vector<double>{7}, 1e6)[0] == Approx(7));
  // A sum below what its other row alone takes: the row is nothing, not less.
  observed_sums apart{.unknowns = 2};
  apart.add(std::vector<double>{1, 0}, 10), apart.add(std::vector<double>{1, 1}, 8);
  CHECK(fit_nonnegative(apart, std::vector<double>{10, 1}, 1e-3)[1] == 0);
  CHECK_THROWS_WITH(apart.add(std::vector<double>{1}, 8), ContainsSubstring("give the counts of all 2 rows"));
  CHECK_THROWS_WITH(apart.add(std::vector<double>{1, 1}, 0), ContainsSubstring("a time above 0"));
}
