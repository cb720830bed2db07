// The bodies of latency/order_check.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <hasse/latency/order_check.hpp>

namespace hasse {

HASSE_BODY std::vector<std::int64_t> isotonic(std::span<const elementary_move> moves, std::span<const std::int64_t> latency) {
  std::vector<const elementary_move*> known;
  for (const elementary_move& move : moves)
    if (std::all_of(move.terms.begin(), move.terms.end(),
                    [&](const auto& term) { return latency[static_cast<std::size_t>(term.part)] >= 0; }))
      known.push_back(&move);
  std::vector<std::int64_t> result(latency.begin(), latency.end());
  const auto weight = [&](part_id part) {
    return static_cast<double>(std::max<std::int64_t>(1, latency[static_cast<std::size_t>(part)]));
  };
  // Rounding to whole ticks can reopen a gap that was closed exactly; then the gap is closed with a margin.
  for (int margin = 0; margin <= 4; ++margin) {
    std::vector<double> x(latency.begin(), latency.end()), pressure(known.size(), 0.0);
    for (int sweep = 0; sweep < 20'000; ++sweep) {
      double moved = 0;
      for (std::size_t at = 0; at < known.size(); ++at) {
        double gain = 0, norm = 0;
        for (const auto& [part, sign] : known[at]->terms)
          gain += sign * x[static_cast<std::size_t>(part)], norm += sign * sign * weight(part);
        const double step = std::max(-pressure[at], (margin - gain) / norm);
        pressure[at] += step, moved = std::max(moved, std::abs(step * norm));
        for (const auto& [part, sign] : known[at]->terms) x[static_cast<std::size_t>(part)] += sign * step * weight(part);
      }
      if (moved < 1e-4) break;
    }
    for (std::size_t at = 0; at < x.size(); ++at)
      if (latency[at] >= 0) result[at] = std::max<std::int64_t>(1, std::llround(x[at]));
    const auto closed = [&](const elementary_move* move) {
      std::int64_t gain = 0;
      for (const auto& [part, sign] : move->terms) gain += sign * result[static_cast<std::size_t>(part)];
      return gain >= 0;
    };
    if (std::all_of(known.begin(), known.end(), closed)) break;
  }
  return result;
}

}  // namespace hasse
