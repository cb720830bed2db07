// Does the order deserve its trust? Every comparable pair of trained candidates is a test of the assumption that pruning rests on.
// Used by result (reports) and by programs that replay tables.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <vector>

#include <hasse/search/policy.hpp>

namespace hasse {

/// Kendall's tau of two lists of equal length, (pairs in one order in both - pairs in opposite orders) / pairs; ties count neither way. 0
/// where there is no pair.
inline double kendall_tau(std::span<const double> one, std::span<const double> other) {
  std::int64_t balance = 0, pairs = 0;
  for (std::size_t i = 0; i < one.size(); ++i)
    for (std::size_t j = 0; j < i; ++j, ++pairs) {
      const int first = (one[i] > one[j]) - (one[i] < one[j]), second = (other[i] > other[j]) - (other[i] < other[j]);
      balance += first * second;
    }
  return pairs == 0 ? 0 : static_cast<double>(balance) / static_cast<double>(pairs);
}

/// `lower` strictly precedes `upper` (indices into the trained list); differences are upper minus lower, so the assumption is >= 0.
struct comparable_pair {
  std::size_t lower = 0, upper = 0;
  std::int64_t cost_difference = 0;  ///< ticks
  double merit_difference = 0;
};

/// The assumption, x < y implies that x costs no more and is no better, against what was trained.
struct order_diagnostics {
  std::vector<comparable_pair> pairs;
  std::size_t cost_violations = 0, merit_violations = 0;
  std::int64_t largest_cost_violation = 0;  ///< ticks, 0 when there is none
  double largest_merit_violation = 0;       ///< 0 when there is none
  /// Kendall's tau compatible with the order: over the comparable pairs only, (pairs that rise - pairs that fall) / pairs; ties count
  /// neither way. 1: the order predicts every pair; 0: it predicts nothing. 0 when there is no pair.
  double cost_tau = 0, merit_tau = 0;

  double cost_violation_share() const { return share(cost_violations); }
  double merit_violation_share() const { return share(merit_violations); }

 private:
  double share(std::size_t count) const { return pairs.empty() ? 0 : static_cast<double>(count) / static_cast<double>(pairs.size()); }
};

/// Compares all pairs of `done` that have a merit (quadratic in their number).
template <Domain Space>
order_diagnostics diagnose_order(const Space& domain, const std::vector<trained<typename Space::candidate>>& done) {
  order_diagnostics found;
  std::int64_t cost_balance = 0, merit_balance = 0;
  const auto compare = [&](std::size_t lower, std::size_t upper) {
    if (!domain.precedes(done[lower].candidate, done[upper].candidate)) return;
    const comparable_pair pair{lower, upper, (done[upper].cost - done[lower].cost).count, *done[upper].merit - *done[lower].merit};
    cost_balance += (pair.cost_difference > 0) - (pair.cost_difference < 0);
    merit_balance += (pair.merit_difference > 0) - (pair.merit_difference < 0);
    found.cost_violations += pair.cost_difference < 0;
    found.merit_violations += pair.merit_difference < 0;
    found.largest_cost_violation = std::max(found.largest_cost_violation, -pair.cost_difference);
    found.largest_merit_violation = std::max(found.largest_merit_violation, -pair.merit_difference);
    found.pairs.push_back(pair);
  };
  for (std::size_t i = 0; i < done.size(); ++i) {
    if (!done[i].merit) continue;
    for (std::size_t j = 0; j < i; ++j)
      if (done[j].merit && !(done[i].candidate == done[j].candidate)) compare(i, j), compare(j, i);
  }
  if (!found.pairs.empty()) {
    found.cost_tau = static_cast<double>(cost_balance) / static_cast<double>(found.pairs.size());
    found.merit_tau = static_cast<double>(merit_balance) / static_cast<double>(found.pairs.size());
  }
  return found;
}

/// For each trained candidate, how many others of the admissible set precede it in the domain's order, exactly: counted where the domain
/// can, else listed where the set has at most `list_up_to` members; else nothing. Plotted against merit it should rise.
template <Domain Space>
std::vector<std::optional<count_type>> precedent_counts(const Space& domain, const std::vector<trained<typename Space::candidate>>& done,
                                                        std::size_t list_up_to = listing_limit) {
  std::vector<std::optional<count_type>> counts(done.size());
  if constexpr (CountsDownSets<Space>) {
    for (std::size_t i = 0; i < done.size(); ++i) {
      const down_set<typename Space::candidate> below{done[i].candidate, {}};
      if ((counts[i] = domain.count_below(std::span(&below, 1)))) *counts[i] -= 1;  // itself
    }
  }
  if (std::all_of(counts.begin(), counts.end(), [](const auto& count) { return count.has_value(); }) || static_cast<count_type>(domain.size()) > list_up_to) return counts;
  std::fill(counts.begin(), counts.end(), count_type{0});
  domain.for_each([&](const typename Space::candidate& x) {
    for (std::size_t i = 0; i < done.size(); ++i) *counts[i] += domain.precedes(x, done[i].candidate) && !(x == done[i].candidate);
  });
  return counts;
}

}  // namespace hasse
