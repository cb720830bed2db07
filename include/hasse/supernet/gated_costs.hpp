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
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
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
  double of(std::span<const int> path) const {
    double total = fixed;
    for (std::size_t block = 0; block < blocks.size(); ++block)
      total = gathered(total, blocks[block][static_cast<std::size_t>(path[block])]);
    return total;
  }

  /// The cheapest and the dearest network, and the mean over all of them, which is what a search without preferences expects.
  double least() const {
    return over_blocks([](const auto& costs) { return *std::min_element(costs.begin(), costs.end()); });
  }
  double most() const {
    return over_blocks([](const auto& costs) { return *std::max_element(costs.begin(), costs.end()); });
  }
  double uniform() const {
    std::vector<double> shares;
    for (const auto& costs : blocks) shares.insert(shares.end(), costs.size(), 1 / static_cast<double>(costs.size()));
    return expected(shares);
  }

  /// What paths cost on average when every block takes its candidates with these probabilities (flat). Into `given`, for every
  /// candidate, what they cost where its block takes it: the slopes of the expectation by the probabilities.
  double expected(std::span<const double> probabilities, std::span<double> given = {}) const {
    return gathering == cost_gathering::sum ? expected_sum(probabilities, given) : expected_largest(probabilities, given);
  }

  /// Throws `error` where no network of the supernet can meet the target.
  void require_reachable(double target) const {
    if (target >= least() && target <= most()) return;
    std::ostringstream sentence;
    sentence << "a target of " << target << " was given, and the networks of this supernet cost " << least() << " to " << most()
             << "; choose a target in between, or another space";
    throw error(sentence.str());
  }

  /// Candidate after candidate, block after block.
  std::vector<double> flat() const {
    std::vector<double> all;
    for (const auto& costs : blocks) all.insert(all.end(), costs.begin(), costs.end());
    return all;
  }

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

  double expected_sum(std::span<const double> probabilities, std::span<double> given) const {
    double total = fixed;
    std::size_t at = 0;
    for (const auto& costs : blocks)
      for (const double cost : costs) total += probabilities[at++] * cost;
    at = 0;
    for (const auto& costs : blocks) {
      if (given.empty()) break;
      double own = 0;
      for (std::size_t i = 0; i < costs.size(); ++i) own += probabilities[at + i] * costs[i];
      for (const double cost : costs) given[at++] = total - own + cost;
    }
    return total;
  }

  /// Blocks choose independently, so that the largest cost stays below a level with the product of their chances to do so.
  double expected_largest(std::span<const double> probabilities, std::span<double> given) const {
    std::vector<double> levels = flat();
    levels.push_back(fixed);
    std::sort(levels.begin(), levels.end());
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    levels.erase(levels.begin(), std::lower_bound(levels.begin(), levels.end(), fixed));
    std::vector<std::vector<double>> within;  // [block][level]: the chance to cost no more
    std::size_t at = 0;
    for (const auto& costs : blocks) {
      std::vector<double> chances(levels.size(), 0.0);
      for (const double cost : costs) {
        for (std::size_t level = 0; level < levels.size(); ++level)
          if (cost <= levels[level]) chances[level] += probabilities[at];
        ++at;
      }
      within.push_back(std::move(chances));
    }
    // The mean of max(floor, largest of all blocks but one).
    const auto mean = [&](std::size_t without, double floor) {
      double total = 0, before = 0;
      for (std::size_t level = 0; level < levels.size(); ++level) {
        double chance = 1;
        for (std::size_t block = 0; block < blocks.size(); ++block)
          if (block != without) chance *= within[block][level];
        if (levels[level] <= floor)
          total = floor * chance;
        else
          total += levels[level] * (chance - before);
        before = chance;
      }
      return total;
    };
    at = 0;
    for (std::size_t block = 0; block < blocks.size() && !given.empty(); ++block)
      for (const double cost : blocks[block]) given[at++] = mean(block, cost);
    return mean(blocks.size(), fixed);
  }
};

/// The likeliest path that costs at least `least` and at most `most`, if there is one: what a search derives where its likeliest
/// path of all misses the target. Sums that differ by less than a 4096th of `most` count as equal.
inline std::optional<std::vector<int>> likeliest_within(const gated_costs& costs, std::span<const double> probabilities,
                                                        double least, double most) {
  if (!(most > 0)) return std::nullopt;
  struct state {
    double chance = -std::numeric_limits<double>::infinity();  // logarithm
    double cost = 0;
    std::vector<int> path;
  };
  // Along the blocks, the likeliest beginning of every cost.
  std::map<std::int64_t, state> ends{{0, {0, costs.fixed, {}}}};
  std::size_t at = 0;
  for (const auto& block : costs.blocks) {
    std::map<std::int64_t, state> next;
    for (std::size_t i = 0; i < block.size(); ++i) {
      const double chance = std::log(std::max(probabilities[at + i], std::numeric_limits<double>::min()));
      for (const auto& [cell, begun] : ends) {
        const bool adds = costs.gathering == cost_gathering::sum;
        const double cost = adds ? begun.cost + block[i] : std::max(begun.cost, block[i]);
        if (cost > most) continue;
        state& best = next[static_cast<std::int64_t>(cost / most * 4096)];
        if (begun.chance + chance <= best.chance) continue;
        best = {begun.chance + chance, cost, begun.path};
        best.path.push_back(static_cast<int>(i));
      }
    }
    at += block.size();
    ends = std::move(next);
  }
  const state* best = nullptr;
  for (const auto& [cell, end] : ends)
    if (end.cost >= least && (!best || end.chance > best->chance)) best = &end;
  return best ? std::optional(best->path) : std::nullopt;
}

/// What every candidate costs by a price, which is not asked about zero, which costs nothing. What it throws comes with the place.
template <Price By>
gated_costs gated_costs_of(const gated_list& supernet, const By& price) {
  const cost_gathering gathering = price.gathering();
  gated_costs result{.fixed = 0, .blocks = {}, .gathering = gathering};
  for (const gated_block& block : supernet.blocks) {
    std::vector<double> costs;
    for (const gated_candidate& each : block.candidates) {
      double cost = 0;
      try {
        if (!each.is_zero()) cost = price.of(each.layers);
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
