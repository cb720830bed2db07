// The bodies of result/numbers.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string>

#include <hasse/result/numbers.hpp>

namespace hasse {

HASSE_BODY std::string fixed_text(double value, int decimals) {
  if (!std::isfinite(value) || std::abs(value) > 1e18) return "-";
  char text[64];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals).ptr;
  std::string result(text, end);
  if (result[0] == '-' && result.find_first_not_of("-0.") == result.npos) result.erase(0, 1);
  return result;
}

HASSE_BODY std::string count_text(double value) {
  if (!std::isfinite(value)) return "-";
  constexpr const char* names[] = {"", " k", " M", " G", " T", " P", " E"};
  std::size_t factor = 0;
  while (std::abs(value) >= 999.5 && factor + 1 < std::size(names)) value /= 1000, ++factor;
  const int decimals = factor == 0 && value == std::floor(value) ? 0 : std::abs(value) < 9.995 ? 2 : std::abs(value) < 99.95 ? 1 : 0;
  return fixed_text(value, decimals) + names[factor];
}

HASSE_BODY std::string uncertainty_text(double milliseconds) {
  if (!std::isfinite(milliseconds)) return "-";
  constexpr double least = 0.0001;
  if (milliseconds < least) return "under " + fixed_text(least, 4) + " ms";
  return fixed_text(milliseconds, std::max(0, 1 - static_cast<int>(std::floor(std::log10(milliseconds))))) + " ms";
}

namespace detail {
HASSE_BODY std::string milliseconds_text(double value) { return fixed_text(value, 4) + (std::isfinite(value) ? " ms" : ""); }
HASSE_BODY std::string percent_text(double share, int decimals) { return fixed_text(100 * share, decimals) + (std::isfinite(share) ? " %" : ""); }
}  // namespace detail

}  // namespace hasse
