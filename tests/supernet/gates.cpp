// The numbers of a gated supernet: published fixtures, derivatives, what is refused.
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <hasse/supernet/gates.hpp>
#include <hasse/supernet/latency_loss.hpp>

#include "gates.hpp"

using namespace hasse;
using namespace gates_test;

namespace {
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
