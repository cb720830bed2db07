// The bodies of latency/probe.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <hasse/latency/probe.hpp>

namespace hasse {

HASSE_BODY void check(const protocol& rules) {
  const auto within = [](const char* what, int value, int least, int most) {
    if (value < least || value > most)
      throw error("protocol: " + std::string(what) + " = " + std::to_string(value) + "; it must be " + std::to_string(least) +
                  " to " + std::to_string(most));
  };
  within("rounds", rules.rounds, 2, 100);
  within("warm_up", rules.warm_up, 1, 1000);
  within("samples", rules.samples, 3, 10'000);
  within("visit_milliseconds", rules.visit_milliseconds, 1, 60'000);
  within("contexts", rules.contexts, 1, 64);
  within("checked", rules.checked, 1, 1000);
  within("disturbed_percent", rules.disturbed_percent, 1, 1000);
  within("error_percent", rules.error_percent, 0, 1000);
}

HASSE_BODY rejections& rejections::operator+=(rejections other) {
  quanta += other.quanta, disturbed += other.disturbed;
  return *this;
}

HASSE_BODY std::int64_t quantile(std::vector<std::int64_t> values, double share) {
  if (values.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>(std::lround(share * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), values.begin() + rank, values.end());
  return values[static_cast<std::size_t>(rank)];
}

HASSE_BODY std::int64_t median(std::vector<std::int64_t> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  return values.size() % 2 ? values[half] : (values[half - 1] + values[half]) / 2;
}

namespace detail {

HASSE_BODY bool is_quantum(std::int64_t excess) {
  constexpr std::int64_t tick = 4'000'000, slack = 250'000;
  const std::int64_t nearest = (excess + tick / 2) / tick * tick;
  return nearest > 0 && std::abs(excess - nearest) <= slack;
}

HASSE_BODY visit summarise(const std::vector<std::vector<std::int64_t>>& runs, int disturbed_percent) {
  visit result;
  std::vector<std::int64_t> totals, kept;
  for (const auto& laps : runs) {
    std::int64_t sum = 0;
    for (const std::int64_t lap : laps) sum += lap;
    totals.push_back(sum);
  }
  const std::int64_t quiet = quantile(totals, 0.1), most = quiet + quiet * disturbed_percent / 100;
  std::vector<const std::vector<std::int64_t>*> accepted;
  for (std::size_t run = 0; run < runs.size(); ++run) {
    if (totals[run] <= most)
      accepted.push_back(&runs[run]), kept.push_back(totals[run]);
    else
      ++(is_quantum(totals[run] - quiet) ? result.rejected.quanta : result.rejected.disturbed);
  }
  for (std::size_t lap = 0; lap < runs.front().size(); ++lap) {
    std::vector<std::int64_t> values;
    for (const auto* laps : accepted) values.push_back((*laps)[lap]);
    result.laps.push_back(median(std::move(values)));
  }
  result.accepted = static_cast<int>(accepted.size());
  result.total = median(kept), result.p10 = quantile(kept, 0.1), result.p90 = quantile(kept, 0.9);
  return result;
}

HASSE_BODY void settle(std::vector<std::int64_t>& laps) {
  for (std::size_t lap = laps.size(); lap-- > 1;)
    if (laps[lap] < 0) laps[lap - 1] += std::exchange(laps[lap], 0);
  laps.front() = std::max<std::int64_t>(0, laps.front());
}

}  // namespace detail

}  // namespace hasse
