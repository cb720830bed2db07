// The laws of the concept Price, for whoever claims it: a test of your own price is one call.
// Used by tests; nothing that searches includes it.
#pragma once

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/price/price.hpp>

namespace hasse {

namespace detail {
/// `next` behind `before`, whose last value it reads; no value may be named.
inline layer_list joined(const layer_list& before, const layer_list& next) {
  layer_list both = before;
  const auto offset = static_cast<value_id>(before.size());
  if (both.shape_of(offset) != next.input || !both.outputs.empty() || !next.outputs.empty())
    throw error("the laws of a price want pieces of one network, in order and without named outputs; give those");
  for (layer item : next) {
    item.input = static_cast<value_id>(item.input + offset);
    if (item.other != no_value) item.other = static_cast<value_id>(item.other + offset);
    both.append(item);
  }
  return both;
}
}  // namespace detail

/// "" when `price` keeps the laws of the concept on a network cut into these pieces, from its input on, else a sentence about the
/// first that it breaks. Two pieces at least.
template <Price Type>
std::string broken_law(const Type& price, std::span<const layer_list> pieces) {
  if (pieces.size() < 2) throw error("the laws of a price need a network of two pieces at least; give its blocks");
  if (const price_unit unit = price.unit(); unit.name.empty() || unit.suffix.empty() || !std::isfinite(unit.factor) || !(unit.factor > 0))
    return "unit: it needs a name, a suffix and a factor above 0 by which numbers are shown";
  std::vector<layer_list> begun;  // the network up to each piece
  for (const layer_list& piece : pieces) begun.push_back(begun.empty() ? piece : detail::joined(begun.back(), piece));
  std::vector<double> each, all;
  for (std::size_t i = 0; i < pieces.size(); ++i)
    for (auto [of, into] : {std::pair<const layer_list*, std::vector<double>*>(&begun[i], &all), {&pieces[i], &each}}) {
      const double cost = price.of(*of);
      if (!std::isfinite(cost) || cost < 0)
        return "of: a list of " + std::to_string(of->size()) + " layers costs " + std::to_string(cost) + "; a price is a number from 0 up";
      if (price.of(*of) != cost)
        return "of: the same " + std::to_string(of->size()) + " layers cost something else when asked again; keep what was measured";
      into->push_back(cost);
    }
  const double off = price.uncertainty();
  if (off < 0 || std::isinf(off)) return "uncertainty: it is " + std::to_string(off) + "; give 0 where the price is exact, no number where nothing is known";
  const bool is_known = !std::isnan(off);  // else nothing binds a network to its pieces
  const double slack = 1e-9 + (is_known ? off : 0);
  double sum = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    sum += each[i];
    const double largest = *std::max_element(each.begin(), each.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    const std::string place = "the first " + std::to_string(i + 1) + " pieces cost " + std::to_string(all[i]);
    if (price.gathering() == cost_gathering::largest) {
      if (is_known && all[i] < largest * (1 - slack))
        return "largest: " + place + ", and one of them " + std::to_string(largest) + "; no network is cheaper than its dearest piece";
      continue;
    }
    if (i > 0 && all[i] < all[i - 1] * (1 - slack))
      return "more layers: " + place + ", and one piece less " + std::to_string(all[i - 1]) + "; what is added may not make a network cheaper";
    if (price.gathering() == cost_gathering::sum && is_known && std::abs(all[i] - sum) > slack * std::max(all[i], sum))
      return "sum: " + place + ", and one by one " + std::to_string(sum) + "; let them add up within the uncertainty, or gather by the largest";
  }
  return "";
}

}  // namespace hasse
