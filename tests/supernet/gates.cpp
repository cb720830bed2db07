// The numbers of a gated supernet: published fixtures, derivatives, draws, what stays untouched, and searches on toys without
// network.
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numeric>
#include <set>
#include <utility>
#include <vector>

#include <hasse/supernet/gates.hpp>
#include <hasse/supernet/latency_loss.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
using numbers = std::vector<double>;

gate_parameters gates_at(const std::vector<int>& candidates, const numbers& alpha) {
  gate_parameters gates(candidates, 1);
  gates.restore(alpha);
  return gates;
}
gate_parameters published() { return gates_at({4}, {0.1, 0.2, -0.1, 0.0}); }

void check_near(std::span<const double> found, const numbers& wanted, double margin) {
  REQUIRE(found.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(found[i] == Approx(wanted[i]).epsilon(0).margin(margin));
}

/// What costs come to on average over paths.
double expected_cost(const gate_parameters& gates, const numbers& costs) {
  const numbers shares = gates.probabilities();
  return std::inner_product(shares.begin(), shares.end(), costs.begin(), 0.0);
}
double expected_cost(const gate_parameters& gates, const std::vector<gate_pair>& pairs, const numbers& costs) {
  const numbers shares = gates.probabilities(pairs);
  return std::inner_product(shares.begin(), shares.end(), costs.begin(), 0.0);
}

/// d(value)/d(alpha) by central differences.
numbers differences(gate_parameters gates, const std::function<double(const gate_parameters&)>& value, double step = 1e-5) {
  numbers found;
  for (double& each : gates.alpha()) {
    const double kept = std::exchange(each, each + step), above = value(gates);
    each = kept - step;
    found.push_back((above - value(gates)) / (2 * step));
    each = kept;
  }
  return found;
}

/// Pearson's statistic of counts against probabilities.
double chi_square(const std::vector<std::pair<double, double>>& count_and_probability, double draws) {
  double sum = 0;
  for (const auto& [count, probability] : count_and_probability)
    sum += (count - draws * probability) * (count - draws * probability) / (draws * probability);
  return sum;
}

/// One block of a toy: candidates with outputs in R^3, of which the last is zero; the loss of their mixture is smooth and not
/// linear.
struct mixture {
  std::vector<std::array<double, 3>> outputs{{0.7, -0.2, 1.1}, {-0.4, 0.9, 0.3}, {0.2, 0.5, -0.8}, {0, 0, 0}};
  std::array<double, 3> input{0.3, -0.6, 0.2};  // of the shortcut

  std::array<double, 3> output(const numbers& gate) const {
    std::array<double, 3> y = input;
    for (std::size_t j = 0; j < gate.size(); ++j)
      for (std::size_t k = 0; k < 3; ++k) y[k] += gate[j] * outputs[j][k];
    return y;
  }
  double loss(const numbers& gate) const {
    double sum = 0;
    const std::array<double, 3> y = output(gate);
    for (std::size_t k = 0; k < 3; ++k) sum += static_cast<double>(k + 1) * std::log(std::cosh(y[k] - 0.5));
    return sum;
  }
  /// <dL/dy, o_j> at the path `active`: what a network computes at the block.
  numbers slopes(int active) const {
    numbers gate(outputs.size()), found;
    gate[static_cast<std::size_t>(active)] = 1;
    const std::array<double, 3> y = output(gate);
    for (const auto& each : outputs) {
      double sum = 0;
      for (std::size_t k = 0; k < 3; ++k) sum += static_cast<double>(k + 1) * std::tanh(y[k] - 0.5) * each[k];
      found.push_back(sum);
    }
    return found;
  }
};
}  // namespace

TEST_CASE("probabilities, pair, steps and latency have the published numbers", "[gates]") {
  gate_parameters gates = published();
  check_near(gates.probabilities(), {0.261183, 0.288651, 0.213838, 0.236328}, 5e-7);

  const std::vector<gate_pair> pairs{gates.pair(0, 0, 2)};
  CHECK(pairs[0].active_share == Approx(0.549834).epsilon(0).margin(5e-7));
  CHECK(pairs[0].idle_share == Approx(0.450166).epsilon(0).margin(5e-7));
  numbers gradient(4);
  add_gate_gradient(gates, pairs, numbers{0.5, 1e9, -0.25, -1e9}, 1, gradient);
  check_near(gradient, {0.185637, 0, -0.185637, 0}, 5e-7);
  CHECK(gradient[0] == -gradient[2]);

  gate_descent descent(gates);
  descent.step(gates, pairs, gradient);
  CHECK(-(gates.alpha()[0] + gates.alpha()[2]) / 2 == Approx(-9.91729e-5).epsilon(0).margin(5e-11));  // v is (0.099, -0.099)
  check_near(gates.alpha(), {0.0990992, 0.2, -0.0989008, 0.0}, 5e-8);
  check_near(gates.probabilities(), {0.260947, 0.288651, 0.214073, 0.236328}, 5e-7);

  numbers full(4);
  add_gate_gradient(published(), numbers{0.5, 0.1, -0.25, 0}, 1, full);
  check_near(full, {0.102907, -0.001731, -0.076126, -0.025050}, 5e-7);

  const numbers costs{10, 20, 30, 0};
  const double expected = expected_cost(published(), costs);
  CHECK(expected == Approx(14.8).epsilon(0).margin(5e-5));
  numbers latency(4);
  add_gate_gradient(published(), costs, 1, latency);
  check_near(latency, {-1.253677, 1.500987, 3.250341, -3.497651}, 5e-7);
  CHECK(weigh(additive_latency{0.1}, 2, expected, 12).loss == Approx(2.023333).epsilon(0).margin(5e-7));
  CHECK(weigh(multiplicative_latency{0.2, 0.3}, 2, expected, 12).loss == Approx(0.409842).epsilon(0).margin(5e-7));
}

TEST_CASE("parameters start near 0, by the seed", "[gates]") {
  const std::vector<int> candidates(1000, 7);
  const gate_parameters gates(candidates, 3), again(candidates, 3), other(candidates, 4);
  CHECK(std::equal(gates.alpha().begin(), gates.alpha().end(), again.alpha().begin()));
  CHECK_FALSE(std::equal(gates.alpha().begin(), gates.alpha().end(), other.alpha().begin()));
  double sum = 0, squares = 0;
  for (const double each : gates.alpha()) sum += each, squares += each * each;
  CHECK(std::abs(sum / 7000) < 4e-3 / std::sqrt(7000.0));
  CHECK(std::sqrt(squares / 7000) == Approx(1e-3).epsilon(0.04));
  CHECK(gates.entropy() == Approx(std::log(7.0)).epsilon(1e-5));
}

TEST_CASE("blocks of different lengths lie one after another", "[gates]") {
  const gate_parameters gates = gates_at({2, 3}, {0, std::log(3.0), 5, 5, -800});
  CHECK(gates.blocks() == 2);
  CHECK(gates.candidates(1) == 3);
  CHECK(gates.entry(1, 2) == 4);
  check_near(gates.probabilities(), {0.25, 0.75, 0.5, 0.5, 0}, 1e-15);
  CHECK(gates.likeliest() == gate_path{1, 0});
  CHECK(gates.log_probability({1, 0}) == Approx(std::log(0.375)));
  CHECK(gates.log_probability({0, 2}) == Approx(std::log(0.25) - 805 - std::log(2.0)));
  CHECK(gates.entropy() == Approx((0.25 * std::log(4.0) + 0.75 * std::log(4.0 / 3) + std::log(2.0)) / 2));
}

TEST_CASE("gradients of the expected latency are those of finite differences", "[gates]") {
  const gate_parameters gates = gates_at({4, 3}, {0.1, 0.9, -0.7, 0.0, 1.2, -0.3, 0.4});
  const numbers costs{10, 20, 30, 0, 6.2406, 7.5191, 9.1438};
  const latency_loss forms[] = {additive_latency{}, multiplicative_latency{}};
  for (const latency_loss& form : forms) {
    const auto loss = [&](double expected) { return weigh(form, 2, expected, 12); };
    numbers all(7), paired(7);
    add_gate_gradient(gates, costs, loss(expected_cost(gates, costs)).per_latency, all);
    check_near(differences(gates, [&](const gate_parameters& moved) { return loss(expected_cost(moved, costs)).loss; }), all, 1e-8);

    const std::vector<gate_pair> pairs{gates.pair(0, 2, 1), gates.pair(1, 0, 2)};
    add_gate_gradient(gates, pairs, costs, loss(expected_cost(gates, pairs, costs)).per_latency, paired);
    const auto value = [&](const gate_parameters& moved) {
      return loss(expected_cost(moved, std::vector{moved.pair(0, 2, 1), moved.pair(1, 0, 2)}, costs)).loss;
    };
    check_near(differences(gates, value), paired, 1e-8);
  }
}

TEST_CASE("the gates' gradient is the exact one of real-valued gates at the drawn path", "[gates]") {
  const mixture block;
  const gate_parameters gates = gates_at({4}, {0.4, -0.3, 0.8, 0.1});
  const numbers start = gates.probabilities();
  for (int active = 0; active < 4; ++active) {
    const numbers slopes = block.slopes(active);
    for (std::size_t j = 0; j < 4; ++j) {  // the slope by a gate
      numbers above(4), below(4);
      above[static_cast<std::size_t>(active)] = below[static_cast<std::size_t>(active)] = 1;
      above[j] += 1e-5;
      below[j] -= 1e-5;
      CHECK(slopes[j] == Approx((block.loss(above) - block.loss(below)) / 2e-5).margin(1e-8));
    }
    // Straight through: the gates are one-hot here and move as the probabilities do.
    numbers full(4);
    add_gate_gradient(gates, slopes, 1, full);
    const auto through_all = [&](const gate_parameters& moved) {
      numbers gate = moved.probabilities();
      for (std::size_t j = 0; j < 4; ++j) gate[j] -= start[j];
      gate[static_cast<std::size_t>(active)] += 1;
      return block.loss(gate);
    };
    check_near(differences(gates, through_all), full, 1e-8);

    for (int idle = 0; idle < 4; ++idle) {
      if (idle == active) continue;
      const gate_pair two = gates.pair(0, active, idle);
      numbers paired(4);
      add_gate_gradient(gates, std::vector{two}, slopes, 1, paired);
      const auto through_two = [&](const gate_parameters& moved) {
        const gate_pair now = moved.pair(0, active, idle);
        numbers gate(4);
        gate[static_cast<std::size_t>(active)] = 1 + now.active_share - two.active_share;
        gate[static_cast<std::size_t>(idle)] = now.idle_share - two.idle_share;
        return block.loss(gate);
      };
      check_near(differences(gates, through_two), paired, 1e-8);
    }
  }
}

TEST_CASE("the parameter of a candidate without output moves, whatever is active", "[gates]") {
  const mixture block;
  for (int active = 0; active < 4; ++active) {
    gate_parameters gates = published();
    const numbers slopes = block.slopes(active);
    CHECK(slopes[3] == 0);
    numbers gradient(4), latency(4);
    add_gate_gradient(gates, slopes, 1, gradient);
    CHECK(std::abs(gradient[3]) > 1e-3);
    add_gate_gradient(gates, numbers{10, 20, 30, 0}, 1, latency);
    CHECK(latency[3] < 0);  // descending makes the free candidate likelier
    gate_descent(gates).step(gates, gradient);
    CHECK(gates.alpha()[3] != 0);
  }
}

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

namespace {
/// Blocks whose candidates cost accuracy (a loss) and latency; the better ones are slower, at different prices.
struct toy {
  std::vector<int> candidates{4, 4, 3};
  numbers losses{0.9, 0.5, 0.25, 0.1, 0.7, 0.6, 0.2, 0.15, 0.5, 0.3, 0.25};
  numbers latencies{0, 4, 9, 20, 0, 3, 5, 15, 2, 6, 16};
  double target = 20, fixed = 2;

  /// Searches with a number of steps and returns the gates; `two`: with pairs.
  gate_parameters search(const latency_loss& form, bool two, double at_target) const {
    gate_parameters gates(candidates, 5);
    gate_descent descent(gates, {.rate = 0.02});
    random_source random(6);
    std::vector<gate_pair> pairs;
    gate_path path;
    for (int step = 0; step < (two ? 6000 : 1500); ++step) {
      numbers gradient(gates.size());
      gates.draw(random, pairs);
      gates.draw(random, path);
      double cross_entropy = 1;
      for (int block = 0; block < gates.blocks(); ++block)
        cross_entropy +=
            losses[gates.entry(block, two ? pairs[static_cast<std::size_t>(block)].active : path[static_cast<std::size_t>(block)])];
      if (two) {
        const bool by_all = std::holds_alternative<absolute_latency>(form);  // as the search decides its side
        const double expected = by_all ? expected_cost(gates, latencies) : expected_cost(gates, pairs, latencies);
        const weighed_loss loss = weigh(form, cross_entropy, fixed + expected, at_target);
        add_gate_gradient(gates, pairs, losses, loss.per_cross_entropy, gradient);
        add_gate_gradient(gates, pairs, latencies, loss.per_latency, gradient);
        descent.step(gates, pairs, gradient);
      } else {
        const weighed_loss loss = weigh(form, cross_entropy, fixed + expected_cost(gates, latencies), at_target);
        add_gate_gradient(gates, losses, loss.per_cross_entropy, gradient);
        add_gate_gradient(gates, latencies, loss.per_latency, gradient);
        descent.step(gates, gradient);
      }
    }
    return gates;
  }
  double latency(const gate_parameters& gates) const {
    double sum = fixed;
    const gate_path path = gates.likeliest();
    for (int block = 0; block < gates.blocks(); ++block)
      sum += latencies[gates.entry(block, path[static_cast<std::size_t>(block)])];
    return sum;
  }
};
}  // namespace

TEST_CASE("the more latency weighs, the faster is what a search finds", "[gates]") {
  const toy problem;
  for (const bool two : {false, true}) {
    double before = std::numeric_limits<double>::infinity(), derived = before;
    std::set<double> different;
    for (const double lambda : {0.0, 0.1, 0.3, 1.0, 2.0, 5.0, 100.0}) {
      const gate_parameters found = problem.search(additive_latency{lambda}, two, problem.target);
      const double expected = problem.fixed + expected_cost(found, problem.latencies);
      CHECK(expected <= before + 1e-3);
      CHECK(problem.latency(found) <= derived);
      before = expected;
      derived = problem.latency(found);
      different.insert(derived);
      if (lambda == 0) CHECK(found.likeliest() == gate_path{3, 3, 2});
      if (lambda == 100) CHECK(found.likeliest() == gate_path{0, 0, 0});
      CHECK(found.entropy() < 0.7);
    }
    CHECK(different.size() >= 5);
    double slower = 0;
    for (const double power : {2.0, 0.8, 0.5, 0.3}) {  // the multiplicative form, whose pull is its power
      const double found = problem.latency(problem.search(multiplicative_latency{1, power}, two, problem.target));
      CHECK(found >= slower);
      slower = found;
    }
    CHECK(slower > 20);
  }
}

TEST_CASE("the higher the target, the slower is what a search finds, and the distance from it holds it there", "[gates]") {
  const toy problem;
  for (const bool two : {false, true}) {
    CAPTURE(two);
    double linear = 0, absolute = 0;
    std::set<double> different;
    for (const double target : {6.0, 12.0, 18.0, 25.0, 40.0}) {
      CAPTURE(target);
      const double down = problem.latency(problem.search(additive_latency{0.7}, two, target));
      CHECK(down >= linear);
      linear = down;
      const gate_parameters held = problem.search(absolute_latency{5}, two, target);
      CHECK(problem.fixed + expected_cost(held, problem.latencies) == Approx(target).epsilon(0.06));
      CHECK(problem.latency(held) >= absolute);
      absolute = problem.latency(held);
      different.insert(absolute);
    }
    CHECK(different.size() >= 4);
  }
}

TEST_CASE("a search by rewards prefers the candidate that is best", "[gates]") {
  const toy problem;
  for (const bool as_published : {false, true}) {
    gate_parameters gates(problem.candidates, 5);
    gate_descent descent(gates, {.rate = 0.02});
    reward_baseline baseline{.reference_compat = as_published};
    random_source random(6);
    std::vector<gate_path> paths(10);
    numbers rewards(10);
    for (int step = 0; step < 2000; ++step) {
      for (std::size_t m = 0; m < 10; ++m) {
        gates.draw(random, paths[m]);
        rewards[m] = 1;
        for (int block = 0; block < gates.blocks(); ++block)
          rewards[m] -= problem.losses[gates.entry(block, paths[m][static_cast<std::size_t>(block)])] / 3;
      }
      numbers gradient(gates.size());
      add_reinforce_gradient(gates, paths, rewards, baseline.next(std::accumulate(rewards.begin(), rewards.end(), 0.0) / 10),
                             gradient);
      descent.step(gates, gradient);
    }
    CHECK(gates.likeliest() == gate_path{3, 3, 2});
    CHECK(gates.probabilities()[3] > 0.9);
  }
}

TEST_CASE("a search that goes on from plain arrays is the same search", "[gates]") {
  const std::vector<int> candidates{4, 3};
  const auto steps = [](gate_parameters& gates, gate_descent& descent, reward_baseline& baseline, random_source& random,
                        int count) {
    std::vector<gate_pair> pairs;
    std::vector<int> drawn;
    for (int i = 0; i < count; ++i) {
      numbers gradient(gates.size()), slopes(gates.size());
      for (double& each : slopes) each = random.normal() - baseline.next(random.uniform());
      gates.draw(random, pairs);
      add_gate_gradient(gates, pairs, slopes, 1, gradient);
      descent.step(gates, pairs, gradient);
      for (const gate_pair& each : pairs) drawn.insert(drawn.end(), {each.active, each.idle});
    }
    return drawn;
  };
  gate_parameters gates(candidates, 1);
  gate_descent descent(gates);
  reward_baseline baseline;
  random_source random(2);
  steps(gates, descent, baseline, random, 50);

  gate_parameters restored(candidates, 99);
  gate_descent descent_again(restored);
  reward_baseline baseline_again{.value = baseline.value, .batches = baseline.batches};
  random_source random_again;
  restored.restore(gates.alpha());
  descent_again.restore(descent.moments(), descent.counts());
  random_again.state = random.state;
  CHECK(steps(gates, descent, baseline, random, 50) == steps(restored, descent_again, baseline_again, random_again, 50));
  CHECK(std::equal(gates.alpha().begin(), gates.alpha().end(), restored.alpha().begin()));
  CHECK(std::equal(descent.moments().begin(), descent.moments().end(), descent_again.moments().begin()));
  CHECK(baseline == baseline_again);
  CHECK(random == random_again);
}

TEST_CASE("gates refuse what they cannot use", "[gates]") {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(gate_parameters(std::vector<int>{}, 1), ContainsSubstring("at least one block"));
  CHECK_THROWS_WITH(gate_parameters(std::vector{3, 1}, 1), ContainsSubstring("block 1 has 1 candidates"));
  CHECK_THROWS_WITH(gate_parameters(std::vector{3}, 1, -1), ContainsSubstring("not below 0"));
  gate_parameters gates = published();
  gate_descent descent(gates);
  numbers gradient(4);
  CHECK_THROWS_WITH(gates.restore(numbers{1, 2}), ContainsSubstring("2 architecture parameters"));
  CHECK_THROWS_WITH(gates.restore(numbers{1, 2, nan, 4}), ContainsSubstring("not finite"));
  CHECK_THROWS_WITH(add_gate_gradient(gates, numbers(5), 1, gradient), ContainsSubstring("5 slopes"));
  CHECK_THROWS_WITH(add_reinforce_gradient(gates, std::vector<gate_path>{{0}}, numbers{}, 0, gradient),
                    ContainsSubstring("one reward"));
  CHECK_THROWS_WITH(descent.step(gates, numbers{0, 1, nan, 0}), ContainsSubstring("parameter 2 is not finite"));
  CHECK_THROWS_WITH(descent.step(gates, numbers(3)), ContainsSubstring("3 gradients"));
  CHECK_THROWS_WITH(descent.restore(numbers{1, 1, -1, 0}, std::vector<std::int64_t>(4)), ContainsSubstring("no training"));
  CHECK_THROWS_WITH(descent.restore(numbers(4), std::vector<std::int64_t>{0, 0, 0, -1}), ContainsSubstring("no training"));
  CHECK_THROWS_WITH(gate_descent(gates, {.rate = nan}), ContainsSubstring("rate"));
  check_near(gates.alpha(), {0.1, 0.2, -0.1, 0.0}, 0);  // and nothing moved
}
