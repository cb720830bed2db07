// What every candidate of a supernet costs, by any price. Used by whoever searches through gates.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/network/gated.hpp>
#include <hasse/network/gated_costs.hpp>
#include <hasse/price/price.hpp>

namespace hasse {

/// The price is not asked about zero, which costs nothing. What it throws comes with the place.
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
