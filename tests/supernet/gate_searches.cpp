// Searches through gates on toys without network: what they find, and that they go on from plain arrays.
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <set>
#include <vector>

#include <hasse/supernet/gates.hpp>
#include <hasse/supernet/latency_loss.hpp>

#include "gates.hpp"

using namespace hasse;
using namespace gates_test;

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
