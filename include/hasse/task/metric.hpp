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
  double factor = 1;                 ///< 100 for a share that is shown in %: with that unit it lies between 0 and 1, and searches that model merits rely on it
  int decimals = 2;  ///< of text(), as progress shows it; reports and answers have two
  bool larger_is_better = true;

  /// "93.1 %"
  std::string text(double value) const {
    char text[64];
    std::snprintf(text, sizeof text, "%.*f", decimals, factor * value);
    return unit.empty() ? text : std::string(text) + ' ' + std::string(unit);
  }
  /// What a search makes as large as it can, and back.
  double merit(double value) const { return larger_is_better ? value : -value; }
  /// The best merit that there can be, where it is known: of shares.
  std::optional<double> best_merit() const { return unit == "%" && factor == 100 ? std::optional(larger_is_better ? 1.0 : 0.0) : std::nullopt; }
};

}  // namespace hasse
