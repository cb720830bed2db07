// The bodies of latency/fit.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/latency/fit.hpp>

namespace hasse {

HASSE_BODY void observed_sums::add(std::span<const double> counts_of_sum, double time) {
  if (counts_of_sum.size() != unknowns || !(time > 0))
    throw error("a sum of " + std::to_string(counts_of_sum.size()) + " rows that took " + std::to_string(time) +
                " was given; give the counts of all " + std::to_string(unknowns) + " rows and a time above 0");
  counts.insert(counts.end(), counts_of_sum.begin(), counts_of_sum.end());
  times.push_back(time);
}

HASSE_BODY double sum_of(std::span<const double> counts, std::span<const double> rows) {
  double sum = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) sum += counts[row] * rows[row];
  return sum;
}

// One row after the other moves to where it is best while the others stay. The trust makes the least unique, so that the way there
// is of no importance; a few hundred rows take milliseconds.
HASSE_BODY std::vector<double> fit_nonnegative(const observed_sums& observed, std::span<const double> expected, double trust) {
  std::vector<double> rows(expected.begin(), expected.end()), missing(observed.size());
  for (std::size_t i = 0; i < missing.size(); ++i)
    missing[i] = (sum_of(observed.counts_of(i), rows) - observed.times[i]) / observed.times[i];
  std::vector<std::vector<std::size_t>> sums_with(rows.size());
  for (std::size_t i = 0; i < missing.size(); ++i)
    for (std::size_t row = 0; row < rows.size(); ++row)
      if (observed.counts_of(i)[row] != 0) sums_with[row].push_back(i);
  constexpr int most_sweeps = 20'000;
  constexpr double settled = 1e-12;
  for (int sweep = 0; sweep < most_sweeps; ++sweep) {
    double moved = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const double pull = trust * trust / (expected[row] * expected[row]);
      double slope = pull * (rows[row] - expected[row]), bend = pull;
      for (const std::size_t i : sums_with[row]) {
        const double share = observed.counts_of(i)[row] / observed.times[i];
        slope += share * missing[i], bend += share * share;
      }
      const double step = std::max(-rows[row], -slope / bend);
      if (step == 0) continue;
      rows[row] += step, moved = std::max(moved, std::abs(step) / expected[row]);
      for (const std::size_t i : sums_with[row]) missing[i] += step * observed.counts_of(i)[row] / observed.times[i];
    }
    if (moved < settled) break;
  }
  return rows;
}

}  // namespace hasse
