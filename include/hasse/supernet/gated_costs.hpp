// What the candidates of a supernet cost, each on its own, so that the cost of any choice is a sum, or the largest: for
// expectations over choices. Used by searches through gates, whose flat arrays have this order; the price is milliseconds of any
// table, MACs, bytes.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/price/piece.hpp>
#include <hasse/price/price.hpp>
#include <hasse/supernet/gated.hpp>

namespace hasse {

/// The costs of a supernet: of all blocks that are not searched together, and of every candidate of every block that is. A *path*
/// is one candidate per searched block; flat arrays have candidate after candidate, block after block.
struct gated_costs {
  double fixed = 0;
  std::vector<std::vector<double>> blocks;  ///< [searched block][candidate]; zero costs 0
  cost_gathering gathering = cost_gathering::sum;

  /// What a path costs.
  double of(std::span<const int> path) const;

  /// The cheapest and the dearest network, and the mean over all of them, which is what a search without preferences expects.
  double least() const {
    return over_blocks([](const auto& costs) { return *std::min_element(costs.begin(), costs.end()); });
  }
  double most() const {
    return over_blocks([](const auto& costs) { return *std::max_element(costs.begin(), costs.end()); });
  }
  double uniform() const;

  /// What paths cost on average when every block takes its candidates with these probabilities (flat). Into `given`, for every
  /// candidate, what they cost where its block takes it: the slopes of the expectation by the probabilities.
  double expected(std::span<const double> probabilities, std::span<double> given = {}) const {
    return gathering == cost_gathering::sum ? expected_sum(probabilities, given) : expected_largest(probabilities, given);
  }

  /// Throws `error` where no network of the supernet can meet the target.
  void require_reachable(double target) const;

  /// Candidate after candidate, block after block.
  std::vector<double> flat() const;

  friend bool operator==(const gated_costs&, const gated_costs&) = default;

 private:
  double gathered(double total, double cost) const {
    return gathering == cost_gathering::sum ? total + cost : std::max(total, cost);
  }
  template <class Pick>
  double over_blocks(Pick pick) const {
    double total = fixed;
    for (const auto& costs : blocks) total = gathered(total, pick(costs));
    return total;
  }

  double expected_sum(std::span<const double> probabilities, std::span<double> given) const;

  /// Blocks choose independently, so that the largest cost stays below a level with the product of their chances to do so.
  double expected_largest(std::span<const double> probabilities, std::span<double> given) const;
};

/// The likeliest path that costs at least `least` and at most `most`, if there is one: what a search derives where its likeliest
/// path of all misses the target. Sums that differ by less than a 4096th of `most` count as equal.
HASSE_BODY std::optional<std::vector<int>> likeliest_within(const gated_costs& costs, std::span<const double> probabilities,
                                                        double least, double most);

/// What every candidate costs by a price, which is not asked about zero, which costs nothing. What it throws comes with the place.
template <Price By>
gated_costs gated_costs_of(const gated_list& supernet, const By& price) {
  const cost_gathering gathering = price.gathering();
  if (gathering == cost_gathering::whole)
    throw error("a search through gates expects what candidates cost one by one, and this price, in " + std::string(price.unit().name) +
                ", is one of whole networks; search by a price that adds up, or through masks");
  gated_costs result{.fixed = 0, .blocks = {}, .gathering = gathering};
  if (gathering == cost_gathering::largest)
    for (int at = 0; at < supernet.size(); ++at)
      if (supernet.is_read_later(at))
        throw error("the head of this supernet reads what " + supernet.block(at).name + " gives, which is kept beside all that follows, so the largest " + std::string(price.unit().name) +
                    " of a network is not that of one of its blocks; search by a price that adds up");
  for (const gated_block& block : supernet.blocks) {
    std::vector<double> costs;
    for (const gated_candidate& each : block.candidates) {
      double cost = 0;
      try {
        if (!each.is_zero()) cost = price_of_piece(price, each.layers);
      } catch (const error& reason) {
        throw error(block.name + ", candidate " + each.text + ": " + reason.what());
      }
      if (!std::isfinite(cost) || cost < 0)
        throw error(block.name + ", candidate " + each.text + " was priced at " + std::to_string(cost) +
                    "; a cost is a number from 0 up, look for the fault in its table");
      costs.push_back(cost);
    }
    if (block.searched())
      result.blocks.push_back(std::move(costs));
    else
      result.fixed = gathering == cost_gathering::sum ? result.fixed + costs.front() : std::max(result.fixed, costs.front());
  }
  return result;
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/gated_costs.inl>
#endif
