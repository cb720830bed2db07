// space/count.hpp: dynamic programming against enumeration, and the sampler against exact counts.
#include <array>
#include <map>
#include <set>
#include <string>

#include <hasse/space/count.hpp>
#include <hasse/space/segmentation.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
/// 99.9 % point of the chi-square distribution (Wilson and Hilferty).
double chi_square_limit(double degrees) {
  const double part = 2.0 / (9.0 * degrees);
  return degrees * std::pow(1.0 - part + 3.09 * std::sqrt(part), 3.0);
}
/// So that windows hold some architectures of many parts, too.
template <class Space>
constexpr std::uint64_t most_latency = detail::head_facts<Space>.size() > 3 ? 25 : detail::head_facts<Space>.size() > 2 ? 40 : 60;
}  // namespace

TEST_CASE("the paper's space has the published number of architectures", "[count]") {
  REQUIRE(to_text(cardinality<df>()) == "6378129");
  // C(n + 4, 4) * C(n - 1, 2) codes of total depth n
  REQUIRE(to_text(counter<search_space<df::input_type, df::stem_type, df::stage_type<0>, df::stage_type<1>, df::stage_type<2>, df::head_type,
                                       total_depth<20, 20>>>().size()) == "1817046");
  REQUIRE(to_text(counter<search_space<df::input_type, df::stem_type, df::stage_type<0>, df::stage_type<1>, df::stage_type<2>, df::head_type,
                                       total_depth<8, 8>>>().size()) == "10395");
}

TEST_CASE("a space with a searched decoder is the product of backbones and decoders", "[count]") {
  REQUIRE(to_text(cardinality<dfseg>()) == "357175224");  // 6 378 129 * 56
  std::set<std::array<int, 3>> decoders;
  std::set<std::string> backbones;
  for (const auto& choice : all_architectures<decoded>()) {
    const std::string text = to_text(choice);
    backbones.insert(text.substr(0, text.find('+')));
    decoders.insert({decoded::head_widths[0][choice.head[0]], decoded::head_widths[1][choice.head[1]], decoded::head_widths[2][choice.head[2]]});
  }
  std::set<std::array<int, 3>> expected;
  for (const int shallow : {2, 6, 10})
    for (const int middle : {4, 6})
      for (const int deep : {4, 6, 8})
        if (shallow <= middle && middle <= deep) expected.insert({shallow, middle, deep});
  REQUIRE(decoders == expected);
  REQUIRE(cardinality<decoded>() == backbones.size() * expected.size());
}

TEST_CASE("spaces far beyond enumeration are counted exactly", "[count]") {
  using big_stage = stage<basic{.stride = 2}, widths<1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16>, depth<20, 20>>;
  using big = search_space<input<3, 64, 64>, stem<conv{.out = 8}>, big_stage, big_stage, head<global_average_pool, linear<10>>>;
  // 40 widths out of 16, not decreasing: C(55, 15)
  REQUIRE(to_text(cardinality<big>()) == "11899700525790");
}

TEMPLATE_TEST_CASE("windows, down-sets and cardinality agree with enumeration", "[count]", two_stages, three_stages, bounded, smallest, single, two_taps, three_taps, decoded, one_width, behind_one_width) {
  random_source random(5);
  const auto all = all_architectures<TestType>();
  REQUIRE(cardinality<TestType>() == all.size());
  for (int round = 0; round < 4; ++round) {
    const auto latencies = random_latencies<TestType>(random, most_latency<TestType>);
    const std::int64_t least = static_cast<std::int64_t>(random.below(150)), most = least + static_cast<std::int64_t>(random.below(200));
    const latency_window window{{least}, {most}};
    const counter<TestType> counted(latencies, window);
    std::size_t inside = 0;
    for (const auto& choice : all) inside += window.contains(latency_of<TestType>(choice, latencies));
    REQUIRE(counted.size() == inside);
    for (int i = 0; i < 20; ++i) {
      const auto& top = all[random.below(all.size())];
      std::size_t strict = 0, embedded = 0;
      for (const auto& choice : all) {
        if (choice == top || !window.contains(latency_of<TestType>(choice, latencies))) continue;
        strict += precedes(choice, top);
        embedded += precedes<TestType, embedding_order>(choice, top);
      }
      INFO(to_text(top));
      REQUIRE(counted.precedents(top) == strict);
      REQUIRE(counted.template precedents<embedding_order>(top) == embedded);
    }
  }
}

TEMPLATE_TEST_CASE("unions of down-sets agree with enumeration", "[count]", two_stages, three_stages, bounded, smallest, single, two_taps, three_taps, decoded, one_width, behind_one_width) {
  random_source random(7);
  const auto all = all_architectures<TestType>();
  std::size_t counted = 0;
  for (int round = 0; round < 15; ++round) {
    const auto latencies = random_latencies<TestType>(random, most_latency<TestType>);
    const auto least = static_cast<std::int64_t>(random.below(100));
    const latency_window window{{least}, {least + static_cast<std::int64_t>(random.below(300))}};
    const counter<TestType> counter_of(latencies, window);
    std::vector<down_set<architecture<TestType>>> sets(random.below(6));
    for (auto& [top, within] : sets) {
      const auto from = static_cast<std::int64_t>(random.below(250));
      top = all[random.below(all.size())], within = {{from}, {from + static_cast<std::int64_t>(random.below(200)) - 20}};
    }
    const auto check = [&](const auto& order) {
      std::size_t expected = 0;
      for (const auto& x : all) {
        const ticks own = latency_of<TestType>(x, latencies);
        expected += window.contains(own) && std::any_of(sets.begin(), sets.end(), [&](const auto& set) {
                      return set.within.contains(own) && order.signature(x).below(order.signature(set.top));
                    });
      }
      const auto found = counter_of.count_below(std::span<const down_set<architecture<TestType>>>(sets), order);
      REQUIRE(found.has_value());
      REQUIRE(*found == expected);
      counted += expected;
    };
    check(strict_order{}), check(embedding_order{}), check(chosen_order("embedding"));
  }
  REQUIRE(counted > 0);
}

TEMPLATE_TEST_CASE("sampling is uniform over the window", "[count]", two_stages, bounded, single, one_width) {
  random_source random(17);
  const auto latencies = random_latencies<TestType>(random, 40);
  latency_window window{{40}, {180}};
  const counter<TestType> counted(latencies, window);
  const auto admitted = static_cast<std::size_t>(counted.size());
  REQUIRE(admitted > 3);
  std::map<architecture<TestType>, int> drawn;
  const std::size_t draws = 60 * admitted;
  for (std::size_t i = 0; i < draws; ++i) {
    const auto choice = counted.sample(random);
    REQUIRE(window.contains(latency_of<TestType>(choice, latencies)));
    ++drawn[choice];
  }
  double chi = 0;
  for (const auto& choice : all_architectures<TestType>())
    if (window.contains(latency_of<TestType>(choice, latencies))) chi += std::pow(drawn[choice] - 60.0, 2) / 60.0;
  REQUIRE(chi < chi_square_limit(static_cast<double>(admitted - 1)));
}

TEST_CASE("depths of the paper's space are drawn in proportion to their codes", "[count]") {
  random_source random(23);
  const counter<df> all;
  std::map<int, int> drawn;
  for (int i = 0; i < 20'000; ++i) ++drawn[all.sample(random).blocks()];
  double chi = 0, degrees = -1, expected_rest = 0, drawn_rest = 0;
  const auto choose = [](double n, int k) {
    double value = 1;
    for (int i = 0; i < k; ++i) value = value * (n - i) / (i + 1);
    return value;
  };
  for (int n = 3; n <= 20; ++n) {
    const double expected = 20'000.0 * choose(n + 4, 4) * choose(n - 1, 2) / 6'378'129.0;
    if (expected < 5) {
      expected_rest += expected, drawn_rest += drawn[n];
    } else {
      chi += std::pow(drawn[n] - expected, 2) / expected, ++degrees;
    }
  }
  chi += std::pow(drawn_rest - expected_rest, 2) / expected_rest, ++degrees;
  REQUIRE(chi < chi_square_limit(degrees));
}

TEST_CASE("latencies in a common unit give the same counts with less work", "[count]") {
  random_source random(3);
  auto latencies = random_latencies<two_stages>(random, 30);
  const auto before = counter<two_stages>(latencies, {{20}, {90}}).size();
  for (ticks& latency : latencies) latency.count *= 100;
  REQUIRE(counter<two_stages>(latencies, {{1951}, {9099}}).size() == before);
}

TEST_CASE("an empty window, a negative latency and a foreign table are refused or empty", "[count]") {
  std::vector<ticks> latencies(static_cast<std::size_t>(part_count<two_stages>), ticks{10});
  const counter<two_stages> none(latencies, {{100'000}, {200'000}});
  REQUIRE(none.size() == 0);
  random_source random;
  REQUIRE_THROWS_WITH(none.sample(random), ContainsSubstring("widen the window"));
  REQUIRE(counter<two_stages>(latencies, {{50}, {20}}).size() == 0);
  latencies[3].count = -1;
  REQUIRE_THROWS_AS(counter<two_stages>(latencies, {}), error);
  latencies.pop_back();
  REQUIRE_THROWS_WITH(counter<two_stages>(latencies, {}), ContainsSubstring("table of the same space"));
}

TEST_CASE("counts are printed in full", "[count]") {
  REQUIRE(to_text(count_type{0}) == "0");
  REQUIRE(to_text(static_cast<count_type>(-1)) == "340282366920938463463374607431768211455");
}
