// The bodies of price/budget.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <hasse/core/quoted.hpp>
#include <hasse/price/budget.hpp>

namespace hasse {

HASSE_BODY budgets parse_budgets(const std::vector<std::string>& texts) {
  struct suffix {
    std::string_view text;
    price_unit unit;
    double factor;
  };
  static constexpr suffix known[] = {{"ms", in_milliseconds, 1}, {"KB", in_bytes, 1e3}, {"MB", in_bytes, 1e6},
                                     {"K", in_macs, 1e3},        {"M", in_macs, 1e6},   {"G", in_macs, 1e9}};
  budgets made;
  for (const std::string& text : texts)
    for (std::string_view rest = text;;) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const std::string_view part = rest.substr(0, end);
      double value = 0;
      const auto [after, problem] = std::from_chars(part.data(), part.data() + part.size(), value);
      const std::string_view letters(after, static_cast<std::size_t>(part.data() + part.size() - after));
      const suffix* found = std::ranges::find(known, letters, &suffix::text);
      if (problem != std::errc() || found == std::end(known) || !(value > 0) || value > 1e9)
        throw error("the budget " + detail::in_quotes(part) +
                    " cannot be read; write multiply-accumulates (5M), milliseconds (0.4ms) or bytes of memory (300KB)");
      if (!made.targets.empty() && found->unit != made.unit)
        throw error("the budgets limit " + std::string(made.unit.name) + " and " + std::string(found->unit.name) +
                    "; search for one of them at a time");
      made.unit = found->unit;
      made.targets.push_back(value * found->factor);
      if (end == rest.size()) break;
      rest.remove_prefix(end + 1);
    }
  if (made.targets.empty()) throw error("no budget is given; name at least one, for instance 5M,2.5M");
  std::sort(made.targets.rbegin(), made.targets.rend());
  made.targets.erase(std::unique(made.targets.begin(), made.targets.end()), made.targets.end());
  return made;
}

}  // namespace hasse
