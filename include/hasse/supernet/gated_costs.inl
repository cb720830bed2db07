// The bodies of supernet/gated_costs.hpp, as core/apart.hpp says.
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
#include <utility>
#include <vector>

#include <hasse/supernet/gated_costs.hpp>

namespace hasse {

HASSE_BODY double gated_costs::of(std::span<const int> path) const {
  double total = fixed;
  for (std::size_t block = 0; block < blocks.size(); ++block)
    total = gathered(total, blocks[block][static_cast<std::size_t>(path[block])]);
  return total;
}

HASSE_BODY double gated_costs::uniform() const {
  std::vector<double> shares;
  for (const auto& costs : blocks) shares.insert(shares.end(), costs.size(), 1 / static_cast<double>(costs.size()));
  return expected(shares);
}

HASSE_BODY void gated_costs::require_reachable(double target) const {
  if (target >= least() && target <= most()) return;
  std::ostringstream sentence;
  sentence << "a target of " << target << " was given, and the networks of this supernet cost " << least() << " to " << most()
           << "; choose a target in between, or another space";
  throw error(sentence.str());
}

HASSE_BODY std::vector<double> gated_costs::flat() const {
  std::vector<double> all;
  for (const auto& costs : blocks) all.insert(all.end(), costs.begin(), costs.end());
  return all;
}

HASSE_BODY double gated_costs::expected_sum(std::span<const double> probabilities, std::span<double> given) const {
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

HASSE_BODY double gated_costs::expected_largest(std::span<const double> probabilities, std::span<double> given) const {
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

HASSE_BODY std::optional<std::vector<int>> likeliest_within(const gated_costs& costs, std::span<const double> probabilities,
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

}  // namespace hasse
