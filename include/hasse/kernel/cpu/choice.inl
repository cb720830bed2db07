// The bodies of kernel/cpu/choice.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include <hasse/kernel/cpu/choice.hpp>

namespace hasse::detail {

HASSE_BODY float cache_eviction::run() const {
  float sum = 0;
  for (std::size_t at = 0; at < data_.size(); at += 16) sum += data_[at];
  return sum;
}

HASSE_BODY std::size_t fastest_of(std::span<const std::function<void()>> candidates, const cache_eviction& eviction,
                              const std::function<void()>& touch_inputs) {
  using clock = std::chrono::steady_clock;
  constexpr int least_rounds = 7, most_rounds = 40;
  constexpr auto limit = std::chrono::milliseconds(60);
  std::vector<std::vector<clock::duration>> times(candidates.size());
  for (const auto& run : candidates) run();
  const auto begin = clock::now();
  volatile float kept = 0;
  for (int round = 0; round < most_rounds && (round < least_rounds || clock::now() - begin < limit); ++round)
    for (std::size_t at = 0; at < candidates.size(); ++at) {
      kept = eviction.run();
      touch_inputs();
      const auto start = clock::now();
      candidates[at]();
      times[at].push_back(clock::now() - start);
    }
  static_cast<void>(kept);
  const auto time_of = [&](std::size_t at) {
    std::nth_element(times[at].begin(), times[at].begin() + 1, times[at].end());
    return times[at][1];
  };
  std::size_t best = 0;
  auto least = time_of(0);
  for (std::size_t at = 1; at < candidates.size(); ++at)
    if (const auto time = time_of(at); time * 100 < least * (best == 0 ? 98 : 100)) best = at, least = time;
  return best;
}

}  // namespace hasse::detail
