// How costs and the values of a task's metric read on a page and in files.
#pragma once

#include <cmath>
#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/file/json_name.hpp>
#include <hasse/price/price.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/result/report_data.hpp>

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

/// What costs are called, and what compares by them and by the metric: latency and accuracy have words of their own.
struct report_words {
  std::string cost = "latency", cheap = "fast", cheaper = "faster", cheapest = "fastest", dearer = "slower";
  std::string good = "accurate", better = "more accurate", worse = "less accurate", best = "most accurate", score = "accuracy", a_score = "an accuracy";
  std::string points = "points";  ///< what differences of scores are in
  bool has_latency = true, has_accuracy = true;

  explicit report_words(const report_data& data) : has_latency(data.price == in_milliseconds), has_accuracy(data.measure.name == "accuracy") {
    if (!has_latency) cost = data.price.name, cheap = "cheap", cheaper = "cheaper", cheapest = "cheapest", dearer = "dearer";
    if (!has_accuracy) {
      good = "good", better = "better", worse = "worse", best = "best", score = data.measure.name, a_score = "a " + score;
      points = data.measure.unit.empty() ? score : std::string(data.measure.unit);
    }
  }
  /// Keys of JSON.
  std::string cost_key() const { return has_latency ? "milliseconds" : "cost"; }
  std::string whole_key() const { return "whole_" + cost_key(); }
  std::string score_key(const std::string& of = "") const { return of + (has_accuracy ? "accuracy" : "score"); }
};

/// "0.1234 ms", "1.234 M MACs"; a dash for what is not known.
inline std::string cost_text(const report_data& data, double value) {
  if (data.price == in_milliseconds) return milliseconds_text(value);
  return std::isfinite(value) ? data.price.text(value) : "-";
}
/// "latency (ms)", "MACs (M MACs)"
inline std::string cost_label(const report_data& data) { return report_words(data).cost + " (" + std::string(data.price.suffix) + ")"; }
/// As plots have it.
inline double shown_cost(const report_data& data, double value) { return value / data.price.factor; }

HASSE_BODY json price_json(const price_unit& unit);
HASSE_BODY json metric_json(const metric& of);
/// "Latency"
inline std::string capital(std::string word) {
  if (!word.empty() && word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/result/detail/score.inl>
#endif
