// How costs and the values of a task's metric read on a page and in files.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/file/json_value.hpp>
#include <hasse/price/price.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/task/metric.hpp>

namespace hasse::detail {

/// "97.80 %"; a dash for what is not known.
inline std::string score_text(const metric& measure, double value, int decimals = 2) {
  const std::string number = fixed_text(measure.factor * value, decimals);
  return std::isfinite(value) && !measure.unit.empty() ? number + ' ' + std::string(measure.unit) : number;
}
inline std::string score_text(const report_data& data, double value, int decimals = 2) { return score_text(data.measure, value, decimals); }
/// "validation accuracy (%)"
inline std::string score_label(const metric& measure, const std::string& of) {
  return of + (of.empty() ? "" : " ") + std::string(measure.name) + (measure.unit.empty() ? "" : " (" + std::string(measure.unit) + ")");
}
inline std::string score_label(const report_data& data, const std::string& of) { return score_label(data.measure, of); }

/// What a metric is called, and what compares by it: accuracy has words of its own.
struct score_words {
  std::string good = "accurate", better = "more accurate", worse = "less accurate", best = "most accurate", score = "accuracy", a_score = "an accuracy";
  std::string points = "points";  ///< what differences of scores are in
  bool has_accuracy = true;

  explicit score_words(const metric& measure) : has_accuracy(measure.name == "accuracy") {
    if (has_accuracy) return;
    good = "good", better = "better", worse = "worse", best = "best", score = measure.name, a_score = "a " + score;
    points = measure.unit.empty() ? score : measure.unit == "%" ? "points" : std::string(measure.unit);
  }
  /// A key of JSON.
  std::string score_key(const std::string& of = "") const { return of + (has_accuracy ? "accuracy" : "score"); }
};

/// What costs are called besides, and what compares by them: latency has words of its own.
struct report_words : score_words {
  std::string cost = "latency", cheap = "fast", cheaper = "faster", cheapest = "fastest", dearer = "slower";
  bool has_latency = true;

  explicit report_words(const report_data& data) : score_words(data.measure), has_latency(data.price == in_milliseconds) {
    if (!has_latency) cost = data.price.name, cheap = "cheap", cheaper = "cheaper", cheapest = "cheapest", dearer = "dearer";
  }
  /// Keys of JSON.
  std::string cost_key() const { return has_latency ? "milliseconds" : "cost"; }
  std::string whole_key() const { return "whole_" + cost_key(); }
};

/// "0.1234 ms", "1.234 M MACs"; a dash for what is not known.
inline std::string cost_text(const report_data& data, double value) {
  if (data.price == in_milliseconds) return milliseconds_text(value);
  return std::isfinite(value) ? data.price.text(value) : "-";
}
/// How far a cost may be off.
inline std::string noise_text(const report_data& data, double value) {
  return data.price == in_milliseconds ? uncertainty_text(value) : cost_text(data, value);
}
/// "96.80 to 97.40 %": where a model takes a network's worth to be.
inline std::string band_text(const report_data& data, const report_network& network) {
  const double low = std::min(network.score_low, network.score_high), high = std::max(network.score_low, network.score_high);
  return std::isfinite(low) ? fixed_text(data.measure.factor * low, 2) + " to " + score_text(data, high) : std::string("-");
}
/// "97.10, 96.40": all trainings of a network.
inline std::string runs_text(const report_data& data, const report_network& network) {
  std::string text;
  for (const double run : network.runs) text += (text.empty() ? "" : ", ") + fixed_text(data.measure.factor * run, 2);
  return text.empty() ? "-" : text;
}
/// What a plot says of a point.
inline std::string network_hint(const report_data& data, const report_network& network) {
  return network.name + "\n" + score_text(data, network.score) + " in " + cost_text(data, network.cost) + (data.judges && !network.runs.empty() ? "\ntrained: " + runs_text(data, network) : "");
}
/// "latency (ms)", "MACs (M MACs)"
inline std::string cost_label(const report_data& data) { return report_words(data).cost + " (" + std::string(data.price.suffix) + ")"; }
/// As plots have it.
inline double shown_cost(const report_data& data, double value) { return value / data.price.factor; }

/// What a network costs on every device, and whether it is on the frontier there.
HASSE_BODY json places_json(const report_words& words, const report_network& network);
/// `pruned` null: everything that precedes `above` and costs no less than `instead`.
HASSE_BODY json certificate_json(const report_data& data, const report_certificate& claim);
HASSE_BODY json price_json(const price_unit& unit);
HASSE_BODY json metric_json(const metric& of);

/// Which score a page draws: that on the test samples when it is known for all networks, so that no picture mixes the two.
template <class Network>
struct drawn_score {
  double Network::*of = &Network::accuracy;
  std::string set = "validation";
  explicit drawn_score(const std::vector<Network>& networks) {
    const auto has_test = [](const Network& each) { return std::isfinite(each.test_accuracy); };
    const auto may_draw = [&](const Network& each) { return !std::isfinite(each.accuracy) || has_test(each); };
    if (std::none_of(networks.begin(), networks.end(), has_test)) return;
    if (!std::all_of(networks.begin(), networks.end(), may_draw)) return;
    of = &Network::test_accuracy, set = "test";
  }
};

/// "Latency"; a name with capitals of its own, as mIoU, stays.
inline std::string capital(std::string word) {
  const auto is_capital = [](char letter) { return letter >= 'A' && letter <= 'Z'; };
  if (std::none_of(word.begin(), word.end(), is_capital) && !word.empty() && word[0] >= 'a' && word[0] <= 'z') word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/result/detail/score.inl>
#endif
