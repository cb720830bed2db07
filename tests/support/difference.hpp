// Two arrays that ought to be equal, compared in one short sentence: Catch prints whole arrays, for large ones that takes minutes.
#pragma once

#include <cmath>
#include <cstddef>
#include <limits>
#include <sstream>
#include <string>

/// Empty where all elements are equal; else how many are not, and the two that are furthest apart.
template <class Found, class Expected>
std::string difference(const Found& found, const Expected& expected) {
  std::ostringstream text;
  if (found.size() != expected.size()) text << found.size() << " elements instead of " << expected.size();
  std::size_t unequal = 0, worst = 0;
  double furthest = -1;
  for (std::size_t i = 0; found.size() == expected.size() && i < found.size(); ++i) {
    if (found[i] == expected[i]) continue;
    double apart = std::abs(static_cast<double>(found[i]) - static_cast<double>(expected[i]));
    if (std::isnan(apart)) apart = std::numeric_limits<double>::infinity();
    if (apart > furthest) furthest = apart, worst = i;
    ++unequal;
  }
  text.precision(std::numeric_limits<double>::max_digits10);
  if (unequal > 0)
    text << unequal << " of " << found.size() << " elements differ, the most number " << worst << ": " << +found[worst]
         << " instead of " << +expected[worst];
  return text.str();
}
