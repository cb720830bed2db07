// The bodies of latency/whole.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <hasse/latency/whole.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::vector<std::size_t> quiet_rounds(const std::vector<const visit*>& rounds, int percent) {
  std::vector<std::size_t> order(rounds.size());
  for (std::size_t at = 0; at < order.size(); ++at) order[at] = at;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return rounds[a]->total < rounds[b]->total; });
  const std::int64_t quiet = rounds[order.front()]->total;
  std::vector<std::size_t> kept;
  for (const std::size_t round : order)
    if (kept.size() < 2 || rounds[round]->total <= quiet + quiet * percent / 100) kept.push_back(round);
  std::sort(kept.begin(), kept.end());
  return kept;
}

HASSE_BODY measurement join(const std::vector<const visit*>& rounds, int percent) {
  measurement result;
  std::vector<std::int64_t> medians, lows, highs;
  for (const visit* round : rounds) result.rejected += round->rejected, result.rejected.disturbed += round->accepted;
  for (const std::size_t round : quiet_rounds(rounds, percent)) {
    const visit& kept = *rounds[round];
    medians.push_back(kept.total), lows.push_back(kept.p10), highs.push_back(kept.p90);
    result.samples += kept.accepted, result.rejected.disturbed -= kept.accepted;
  }
  result.median = median(medians), result.p10 = median(lows), result.p90 = median(highs);
  const auto [least, most] = std::minmax_element(medians.begin(), medians.end());
  result.noise = (*most - *least) / 2;
  return result;
}

HASSE_BODY std::vector<const visit*> pointers_to(const std::vector<visit>& rounds) {
  std::vector<const visit*> pointers;
  for (const visit& round : rounds) pointers.push_back(&round);
  return pointers;
}

}  // namespace detail

}  // namespace hasse
