// The bodies of latency/detail/laps.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/latency/detail/laps.hpp>

namespace hasse::detail {

HASSE_BODY latency_row part_laps::row(std::int64_t latency) const {
  const auto at_least_one = [](std::int64_t time) { return std::max<std::int64_t>(1, time); };
  latency_row made;
  made.p50 = at_least_one(latency), made.noise = median(spreads);
  made.p10 = at_least_one(quantile(all, 0.1)), made.p90 = at_least_one(quantile(all, 0.9));
  made.samples = samples, made.contexts = static_cast<int>(contexts.size()), made.rejected = rejected;
  return made;
}

HASSE_BODY void lap_reader::into(part_laps& part, std::size_t lap) const {
  const std::vector<std::int64_t> found = medians(lap);
  const auto [least, most] = std::minmax_element(found.begin(), found.end());
  part.spreads.push_back((*most - *least) / 2);
  part.contexts.push_back(median(found));
  part.all.insert(part.all.end(), found.begin(), found.end());
  part.samples += joined_.samples, part.rejected += joined_.rejected;
}

HASSE_BODY std::vector<std::int64_t> lap_reader::medians(std::size_t lap) const {
  std::vector<std::int64_t> found;
  for (const visit* round : visits_) found.push_back(round->laps[lap]);
  const std::int64_t least = *std::min_element(found.begin(), found.end());
  std::erase_if(found, [&](std::int64_t time) { return time > least + least * percent_ / 100; });
  return found;
}

HASSE_BODY std::string numbers_of(const layer& item) {
  std::string text;
  for_each_number(item, [&](std::int64_t number) { text += std::to_string(number) + ','; });
  return text;
}

}  // namespace hasse::detail
