// What the candidates of a supernet cost, each on its own, so that the cost of any choice is a sum: for expectations over choices.
// Used by searches through gates, whose flat arrays have this order; the price is milliseconds of any table, MACs or another sum.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/network/gated.hpp>

namespace hasse {

/// The costs of a supernet: of all blocks that are not searched together, and of every candidate of every block that is.
struct gated_costs {
  double fixed = 0;
  std::vector<std::vector<double>> blocks;  ///< [searched block][candidate]; zero costs 0

  /// The cheapest and the dearest network, and the mean over all of them, which is what a search without preferences expects.
  double least() const {
    return sum([](const auto& costs) { return *std::min_element(costs.begin(), costs.end()); });
  }
  double uniform() const {
    return sum([](const auto& costs) {
      double all = 0;
      for (const double cost : costs) all += cost;
      return all / static_cast<double>(costs.size());
    });
  }
  double most() const {
    return sum([](const auto& costs) { return *std::max_element(costs.begin(), costs.end()); });
  }

  /// Throws `error` where no network of the supernet can meet the target.
  void require_reachable(double target) const {
    if (!(target >= least() && target <= most()))
      throw error("a target of " + std::to_string(target) + " was given, and the networks of this supernet cost " +
                  std::to_string(least()) + " to " + std::to_string(most()) + "; choose a target in between, or another space");
  }

  /// Candidate after candidate, block after block.
  std::vector<double> flat() const {
    std::vector<double> all;
    for (const auto& costs : blocks) all.insert(all.end(), costs.begin(), costs.end());
    return all;
  }

  friend bool operator==(const gated_costs&, const gated_costs&) = default;

 private:
  template <class Pick>
  double sum(Pick pick) const {
    double total = fixed;
    for (const auto& costs : blocks) total += pick(costs);
    return total;
  }
};

/// `price(layers)` says what the layers of a candidate cost; it is not asked about zero. What it throws comes with the place.
template <class Price>
requires requires(Price& price, const layer_list& layers) {
  { price(layers) } -> std::convertible_to<double>;
}
gated_costs gated_costs_of(const gated_list& supernet, Price&& price) {
  gated_costs result;
  for (const gated_block& block : supernet.blocks) {
    std::vector<double> costs;
    for (const gated_candidate& each : block.candidates) {
      double cost = 0;
      try {
        if (!each.is_zero()) cost = price(each.layers);
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
      result.fixed += costs.front();
  }
  return result;
}

}  // namespace hasse
