// What gates draw, and how they move: draws by their probabilities, steps that leave the others alone, rewards.
#include <array>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include <hasse/supernet/gates.hpp>
#include <hasse/supernet/latency_reward.hpp>

#include "gates.hpp"

using namespace hasse;
using namespace gates_test;

namespace {
/// Pearson's statistic of counts against probabilities.
double chi_square(const std::vector<std::pair<double, double>>& count_and_probability, double draws) {
  double sum = 0;
  for (const auto& [count, probability] : count_and_probability)
    sum += (count - draws * probability) * (count - draws * probability) / (draws * probability);
  return sum;
}
}  // namespace

TEST_CASE("paths are drawn by the probabilities", "[gates]") {
  const gate_parameters gates = gates_at({4, 2}, {0.5, 1.2, -1.0, 0.0, -0.4, 0.9});
  const numbers wanted = gates.probabilities();
  random_source random(7);
  gate_path path;
  std::map<gate_path, double> seen;
  constexpr double draws = 1e5;
  for (int i = 0; i < 100000; ++i) {
    gates.draw(random, path);
    seen[path] += 1;
  }
  std::vector<std::pair<double, double>> all;
  for (int first = 0; first < 4; ++first)
    for (int second = 0; second < 2; ++second)
      all.emplace_back(seen[{first, second}], wanted[gates.entry(0, first)] * wanted[gates.entry(1, second)]);
  CHECK(chi_square(all, draws) < 24.3);  // 7 degrees of freedom, 0.1 % level; the blocks are independent too
}

TEST_CASE("pairs are drawn without replacement, and the active one by its share", "[gates]") {
  const gate_parameters gates = gates_at({4}, {0.5, 1.2, -1.0, 0.0});
  const numbers p = gates.probabilities();
  random_source random(8);
  std::vector<gate_pair> pairs;
  std::map<std::pair<int, int>, double> seen;
  for (int i = 0; i < 100000; ++i) {
    gates.draw(random, pairs);
    REQUIRE(pairs.size() == 1);
    REQUIRE(pairs[0].active != pairs[0].idle);
    REQUIRE(pairs[0] == gates.pair(0, pairs[0].active, pairs[0].idle));
    seen[{pairs[0].active, pairs[0].idle}] += 1;
  }
  std::vector<std::pair<double, double>> all;
  for (int active = 0; active < 4; ++active)
    for (int idle = 0; idle < 4; ++idle) {
      if (active == idle) continue;
      const double one = p[static_cast<std::size_t>(active)], other = p[static_cast<std::size_t>(idle)];
      all.emplace_back(seen[{active, idle}], (one * other / (1 - one) + one * other / (1 - other)) * one / (one + other));
    }
  CHECK(chi_square(all, 1e5) < 31.3);  // 11 degrees of freedom, 0.1 % level
}

TEST_CASE("pairs are found where one candidate has all the probability", "[gates]") {
  const gate_parameters gates = gates_at({3}, {900, -900, -901});
  random_source random(9);
  std::vector<gate_pair> pairs;
  std::set<int> others;
  for (int i = 0; i < 200; ++i) {
    gates.draw(random, pairs);
    REQUIRE(pairs[0].active == 0);
    others.insert(pairs[0].idle);
  }
  CHECK(others == std::set<int>{1, 2});
}

TEST_CASE("a step of pairs leaves every other candidate as it was", "[gates]") {
  gate_parameters gates = gates_at({4, 3, 7}, {0.1, 0.2, -0.1, 0, 3, -2, 1, 0.3, -0.5, 0.2, 0.9, 0, -1, 2});
  gate_descent descent(gates, {.rate = 0.05});
  random_source random(10);
  std::vector<gate_pair> pairs;
  for (int i = 0; i < 500; ++i) {
    const gate_parameters before = gates;
    const numbers moments(descent.moments().begin(), descent.moments().end());
    const std::vector<std::int64_t> counts(descent.counts().begin(), descent.counts().end());
    numbers slopes(gates.size()), gradient(gates.size());
    for (double& each : slopes) each = random.normal();
    gates.draw(random, pairs);
    add_gate_gradient(gates, pairs, slopes, 1, gradient);
    descent.step(gates, pairs, gradient);
    const numbers was = before.probabilities(), is = gates.probabilities();
    for (int block = 0; block < gates.blocks(); ++block) {
      const gate_pair& two = pairs[static_cast<std::size_t>(block)];
      const std::size_t active = gates.entry(block, two.active), idle = gates.entry(block, two.idle);
      for (int candidate = 0; candidate < gates.candidates(block); ++candidate) {
        const std::size_t at = gates.entry(block, candidate);
        const bool took_part = at == active || at == idle;
        if (!took_part) REQUIRE(gates.alpha()[at] == before.alpha()[at]);
        if (!took_part) REQUIRE(descent.moments()[at] == moments[at]);
        if (!took_part) REQUIRE(is[at] == Approx(was[at]).epsilon(1e-12));
        REQUIRE(descent.counts()[at] == counts[at] + took_part);
      }
      REQUIRE(is[active] + is[idle] == Approx(was[active] + was[idle]).epsilon(1e-12));
      REQUIRE((is[active] - was[active]) * (is[idle] - was[idle]) < 0);
      REQUIRE((is[active] > was[active]) == (gradient[active] < 0));
    }
  }
}

TEST_CASE("Adam without a first moment takes the steps of its formula", "[gates]") {
  gate_parameters gates = gates_at({2}, {0, 0});
  gate_descent descent(gates, {.rate = 0.1});
  const numbers first{0.5, 0}, second{-0.2, 3};
  const std::vector<std::size_t> left{0};
  descent.step(gates, left, first);
  CHECK(gates.alpha()[0] == Approx(-0.1));
  descent.step(gates, second);
  const double moment = (0.999 * 0.001 * 0.25 + 0.001 * 0.04) / (1 - 0.999 * 0.999);
  CHECK(gates.alpha()[0] == Approx(-0.1 + 0.1 * 0.2 / std::sqrt(moment)));
  CHECK(gates.alpha()[1] == Approx(-0.1));  // its own first step
  CHECK(std::vector(descent.counts().begin(), descent.counts().end()) == std::vector<std::int64_t>{2, 1});
}

TEST_CASE("REINFORCE is unbiased", "[gates]") {
  const gate_parameters gates = gates_at({2, 3}, {0.3, -0.2, 0.5, 0.0, -0.6});
  const auto reward = [](const gate_path& path) {
    return std::array{0.1, 0.6, 0.3, 0.5, 0.9, 0.4}[static_cast<std::size_t>(path[0] * 3 + path[1])];
  };
  const auto minus_mean_reward = [&](const gate_parameters& at) {
    double sum = 0;
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 3; ++j) sum -= std::exp(at.log_probability({i, j})) * reward({i, j});
    return sum;
  };
  const numbers exact = differences(gates, minus_mean_reward);
  const double baseline = 0.45;
  numbers enumerated(5);  // the estimator of one path, averaged over all paths
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 3; ++j) {
      numbers one(5);
      add_reinforce_gradient(gates, std::vector<gate_path>{{i, j}}, numbers{reward({i, j})}, baseline, one);
      for (std::size_t k = 0; k < 5; ++k) enumerated[k] += std::exp(gates.log_probability({i, j})) * one[k];
    }
  check_near(enumerated, exact, 1e-9);

  random_source random(11);
  std::vector<gate_path> paths(10);
  numbers rewards(10), sum(5), squares(5);
  constexpr double batches = 10000;
  for (int batch = 0; batch < 10000; ++batch) {
    for (std::size_t m = 0; m < 10; ++m) {
      gates.draw(random, paths[m]);
      rewards[m] = reward(paths[m]);
    }
    numbers drawn(5);
    add_reinforce_gradient(gates, paths, rewards, baseline, drawn);
    for (std::size_t k = 0; k < 5; ++k) sum[k] += drawn[k], squares[k] += drawn[k] * drawn[k];
  }
  for (std::size_t k = 0; k < 5; ++k) {
    const double mean = sum[k] / batches, deviation = std::sqrt(squares[k] / batches - mean * mean);
    CHECK(std::abs(mean - exact[k]) < 3.5 * deviation / std::sqrt(batches));
    CHECK(deviation / std::sqrt(batches) < 0.05 * std::abs(exact[k]));  // so that the line above says something
  }
}

TEST_CASE("a baseline averages the batches before, or follows the published code", "[gates]") {
  reward_baseline usual{.decay = 0.9};
  CHECK(usual.next(0.5) == 0.5);
  CHECK(usual.next(0.8) == Approx(0.5));  // the correction of a single batch is that batch
  CHECK(usual.next(0.1) == Approx((0.9 * 0.5 + 0.8) / 1.9));
  reward_baseline constant;
  for (int i = 0; i < 20; ++i) CHECK(constant.next(0.3) == Approx(0.3));

  reward_baseline published_code{.reference_compat = true};
  CHECK(published_code.next(0.5) == 0.5);
  CHECK(published_code.next(0.8) == Approx(0.5 + 0.99 * 0.3));
  CHECK(published_code.next(0.1) == Approx(0.797 + 0.99 * (0.1 - 0.797)));
  CHECK_THROWS_WITH((reward_baseline{.decay = 1}.next(0.5)), ContainsSubstring("below 1"));
}
