// What networks are judged by: name, unit, which way is better.
// Used by every task, and by what shows its results.
#pragma once

#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace hasse {

/// What networks of a task are judged by. Values are kept in files as they are; a person reads `factor` times as much.
struct metric {
  std::string_view name, unit = "";  ///< "accuracy", "%"
  double factor = 1;  ///< 100 for a share that is shown in %
  int decimals = 2;   ///< of text(), as progress shows it; reports and answers have two
  bool larger_is_better = true;
  std::optional<double> best = {};  ///< the best value that there can be, where there is one: 1 for shares. Searches that model merits look at how far networks are from it

  /// "93.1 %"
  std::string text(double value) const {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, factor * value);
    return unit.empty() ? text : std::string(text) + ' ' + std::string(unit);
  }
  /// What a search makes as large as it can, and back.
  double merit(double value) const { return larger_is_better ? value : -value; }
  /// The best merit that there can be, where it is known.
  std::optional<double> best_merit() const { return best ? std::optional(merit(*best)) : std::nullopt; }
};

}  // namespace hasse
