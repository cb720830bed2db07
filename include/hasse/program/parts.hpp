// How long a network and its parts take, as programs print and write it. Used by hasse_measure and hasse_info.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

#include <hasse/core/quoted.hpp>
#include <hasse/file/json.hpp>
#include <hasse/latency/parts.hpp>
#include <hasse/result/numbers.hpp>

namespace hasse {

namespace detail {
inline double in_ms(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }
}  // namespace detail

/// "0.2841 ms +- 0.00063 ms, in 9 visits; half of the time 12 % more" and a line per part, in the order in which they run.
inline std::string to_text(const timed_parts& found) {
  char line[160];
  std::snprintf(line, sizeof line, "%.4f ms +- %s, in %d visits", detail::in_ms(found.whole.median), uncertainty_text(detail::in_ms(found.whole.noise)).c_str(), found.whole.samples);
  std::string text = line;
  if (found.slowdown > 1) std::snprintf(line, sizeof line, "; half of the time it took %.0f %% more, as the machine was", 100 * (found.slowdown - 1)), text += line;
  text += '\n';
  if (found.parts.empty()) return text;
  std::int64_t sum = 0;
  for (const timed_part& each : found.parts) sum += each.time.median;
  text += "         ms               +-   share  part, and what ran\n";
  for (const timed_part& each : found.parts) {
    std::snprintf(line, sizeof line, "%11.4f %16s %5.1f %%  ", detail::in_ms(each.time.median), uncertainty_text(detail::in_ms(each.time.noise)).c_str(),
                  100 * static_cast<double>(each.time.median) / static_cast<double>(std::max<std::int64_t>(1, sum)));
    text += line + detail::printable(each.text) + " | " + detail::printable(each.implementation) + '\n';
  }
  return text;
}

inline json parts_json(const timed_parts& found) {
  json parts = json::array();
  for (const timed_part& each : found.parts)
    parts.push_back({{"part", each.text}, {"implementation", each.implementation}, {"milliseconds", detail::in_ms(each.time.median)}, {"noise", detail::in_ms(each.time.noise)}});
  return {{"milliseconds", detail::in_ms(found.whole.median)},
          {"noise", detail::in_ms(found.whole.noise)},
          {"typical_milliseconds", detail::in_ms(found.whole.median) * found.slowdown},
          {"visits", found.whole.samples},
          {"parts", std::move(parts)}};
}

}  // namespace hasse
