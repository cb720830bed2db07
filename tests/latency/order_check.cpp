#include <catch.hpp>

#include <hasse/catalogue/shard.hpp>
#include <hasse/core/random.hpp>

#include "fake_device.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {

template <class Space = small_space>
std::vector<std::int64_t> latencies_of_macs() {
  std::vector<std::int64_t> result;
  for (const cost& each : part_costs<Space>) result.push_back(each.macs / 10 + 100);
  return result;
}

template <class Space>
std::int64_t sum_of(const architecture<Space>& choice, std::span<const std::int64_t> latency) {
  std::int64_t sum = 0;
  for_each_part(choice, [&](part_id part) { sum += latency[static_cast<std::size_t>(part)]; });
  return sum;
}

/// Pairs of the whole space, ordered by `Order`, whose sums go the other way.
template <class Order, class Space = small_space>
int inversions(std::span<const std::int64_t> latency) {
  std::vector<architecture<Space>> all;
  for_each_architecture<Space>([&](const auto& choice) { all.push_back(choice); });
  int count = 0;
  for (const auto& x : all)
    for (const auto& y : all) count += precedes<Space, Order>(x, y) && sum_of(x, latency) > sum_of(y, latency);
  return count;
}

double change(std::span<const std::int64_t> from, std::span<const std::int64_t> to) {
  double sum = 0;
  for (std::size_t at = 0; at < from.size(); ++at) {
    const double difference = static_cast<double>(to[at] - from[at]);
    sum += difference * difference / static_cast<double>(from[at]);
  }
  return sum;
}

/// Small enough to look at every pair.
using narrow_decoder = search_space<input<3, 16, 16>, stem<conv{.out = 4}>, stage<basic{}, widths<4, 8>, depth<1, 1>>, stage<basic{.stride = 2}, widths<8, 12>, depth<1, 2>>,
                                    head<controller<4, 6, 8>, with_stage<1, fusion_node, controller<2, 6>>, fixed_layer<pixel_scores{.classes = 3}>>>;
}  // namespace

TEMPLATE_TEST_CASE("elementary moves find an inversion exactly when the space has one", "", small_space, two_taps, three_taps, one_width, narrow_decoder) {
  const auto moves = elementary_moves<TestType>(embedding_order{});
  const std::vector<std::int64_t> noise(static_cast<std::size_t>(part_count<TestType>), 0);
  const std::vector<std::int64_t> calm = latencies_of_macs<TestType>();
  CHECK(violations_of<std::int64_t>(moves, calm, noise).empty());
  CHECK(inversions<embedding_order, TestType>(calm) == 0);

  random_source random(5);
  const auto most = static_cast<std::uint64_t>(*std::max_element(calm.begin(), calm.end()));
  int with = 0;
  for (int trial = 0; trial < 60; ++trial) {
    std::vector<std::int64_t> latency = calm;
    latency[random.below(latency.size())] = static_cast<std::int64_t>(1 + random.below(2 * most));
    const auto found = violations_of<std::int64_t>(moves, latency, noise);
    const bool strict = !violations_of<std::int64_t>(elementary_moves<TestType>(strict_order{}), latency, noise).empty();
    INFO("trial " << trial);
    CHECK(strict == (inversions<strict_order, TestType>(latency) > 0));
    CHECK(found.empty() == (inversions<embedding_order, TestType>(latency) == 0));
    with += !found.empty();
  }
  CHECK(with > 10);
}

TEST_CASE("a violation names the move, its size and the noise") {
  const auto moves = elementary_moves<small_space>(embedding_order{});
  std::vector<std::int64_t> latency = latencies_of_macs();
  std::vector<std::int64_t> noise(latency.size(), 3);
  const part_id slow = detail::find_part<small_space>({part_kind::first_block, 0, 0, 0});
  latency[static_cast<std::size_t>(slow)] += 5000;
  const auto found = violations_of<std::int64_t>(moves, latency, noise);
  REQUIRE(!found.empty());
  CHECK_THAT(found.front().move.text, ContainsSubstring("stage 1: first block 4 -> 8 (after the stem, before "));
  CHECK(found.front().beyond_noise());
  for (const auto& each : found) {
    std::int64_t gain = 0, floor = 0;
    for (const auto& [part, sign] : each.move.terms) gain += sign * latency[static_cast<std::size_t>(part)], floor += 3;
    CHECK(each.size == -gain);
    CHECK(each.noise == floor);
  }
  noise.assign(noise.size(), 1'000'000);
  CHECK_FALSE(violations_of<std::int64_t>(moves, latency, noise).front().beyond_noise());
}

TEST_CASE("isotonic repair closes every violation with the least change") {
  const auto moves = elementary_moves<small_space>(embedding_order{});
  const std::vector<std::int64_t> calm = latencies_of_macs(), noise(calm.size(), 0);
  CHECK(isotonic(moves, calm) == calm);
  random_source random(9);
  for (int trial = 0; trial < 20; ++trial) {
    std::vector<std::int64_t> latency = calm;
    for (auto& each : latency) each = std::max<std::int64_t>(1, each + static_cast<std::int64_t>(random.below(600)) - 300);
    const std::vector<std::int64_t> repaired = isotonic(moves, latency);
    INFO("trial " << trial);
    CHECK(violations_of<std::int64_t>(moves, repaired, noise).empty());
    CHECK(inversions<embedding_order>(repaired) == 0);
    // Nearest: no monotone table between the repaired and the measured one, nor between it and any other monotone table, is nearer.
    const double least = change(latency, repaired);
    for (int other = 0; other < 50; ++other) {
      std::vector<std::int64_t> near = repaired;
      for (auto& each : near) each = std::max<std::int64_t>(1, each + static_cast<std::int64_t>(random.below(81)) - 40);
      near = isotonic(moves, near);
      CHECK(change(latency, near) >= least - 0.02 * least - 1);
    }
  }
}

TEST_CASE("repair leaves rows without a latency alone") {
  const auto moves = elementary_moves<small_space>(embedding_order{});
  std::vector<std::int64_t> latency = latencies_of_macs();
  latency[3] = -1;
  latency[2] += 5000;
  CHECK(isotonic(moves, latency)[3] == -1);
}
