// Rows from whole networks: non-negative numbers whose sums come near what was observed, and near what was expected of them.
// Used by the tables: docs/explanation/latency.md says why.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>

namespace hasse {

/// Sums that were observed: sum i is counts[i * unknowns + r] times row r, over all r, and took times[i] > 0.
struct observed_sums {
  std::size_t unknowns = 0;
  std::vector<double> counts{}, times{};

  std::size_t size() const { return times.size(); }
  std::span<const double> counts_of(std::size_t sum) const { return std::span(counts).subspan(sum * unknowns, unknowns); }
  void add(std::span<const double> counts_of_sum, double time);
};

/// The x >= 0 of least  sum_i ((counts_i x - times_i) / times_i)^2 + trust^2 sum_r ((x_r - expected_r) / expected_r)^2 ; `expected` is
/// greater than 0. `trust` is what it costs to leave an expectation, beside missing a sum: errors of both are relative ones.
HASSE_BODY std::vector<double> fit_nonnegative(const observed_sums& observed, std::span<const double> expected, double trust);

/// counts x.
HASSE_BODY double sum_of(std::span<const double> counts, std::span<const double> rows);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/fit.inl>
#endif
