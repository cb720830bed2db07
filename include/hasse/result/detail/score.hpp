// How the values of a task's metric read on a page.
#pragma once

#include <cmath>
#include <string>

#include <hasse/result/report_data.hpp>
#include <hasse/result/svg.hpp>

namespace hasse::detail {

/// "97.80 %"; a dash for what is not known.
inline std::string score_text(const report_data& data, double value, int decimals = 2) {
  const std::string number = fixed_text(data.measure.factor * value, decimals);
  return std::isfinite(value) && !data.measure.unit.empty() ? number + ' ' + std::string(data.measure.unit) : number;
}
/// "validation accuracy (%)"
inline std::string score_label(const report_data& data, const std::string& of) {
  return of + ' ' + std::string(data.measure.name) + (data.measure.unit.empty() ? "" : " (" + std::string(data.measure.unit) + ")");
}

}  // namespace hasse::detail
