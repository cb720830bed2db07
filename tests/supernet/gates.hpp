// What the tests of gates share: parameters at known values, expectations, differences.
#pragma once

#include <functional>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include <hasse/supernet/gates.hpp>

#include "../support/catch.hpp"

namespace gates_test {
using namespace hasse;
using numbers = std::vector<double>;

inline gate_parameters gates_at(const std::vector<int>& candidates, const numbers& alpha) {
  gate_parameters gates(candidates, 1);
  gates.restore(alpha);
  return gates;
}
inline gate_parameters published() { return gates_at({4}, {0.1, 0.2, -0.1, 0.0}); }

inline void check_near(std::span<const double> found, const numbers& wanted, double margin) {
  REQUIRE(found.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(found[i] == Approx(wanted[i]).epsilon(0).margin(margin));
}

/// What costs come to on average over paths.
inline double expected_cost(const gate_parameters& gates, const numbers& costs) {
  const numbers shares = gates.probabilities();
  return std::inner_product(shares.begin(), shares.end(), costs.begin(), 0.0);
}
inline double expected_cost(const gate_parameters& gates, const std::vector<gate_pair>& pairs, const numbers& costs) {
  const numbers shares = gates.probabilities(pairs);
  return std::inner_product(shares.begin(), shares.end(), costs.begin(), 0.0);
}

/// d(value)/d(alpha) by central differences.
inline numbers differences(gate_parameters gates, const std::function<double(const gate_parameters&)>& value, double step = 1e-5) {
  numbers found;
  for (double& each : gates.alpha()) {
    const double kept = std::exchange(each, each + step), above = value(gates);
    each = kept - step;
    found.push_back((above - value(gates)) / (2 * step));
    each = kept;
  }
  return found;
}
}  // namespace gates_test
