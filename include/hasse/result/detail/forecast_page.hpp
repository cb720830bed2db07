// What a search by a model expects, as the report shows it. Used by report.inl.
#pragma once

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <hasse/file/json.hpp>
#include <hasse/result/detail/page.hpp>
#include <hasse/result/detail/score.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/result/svg.hpp>

namespace hasse::detail {

/// What the model makes of the frontier, with a band of one deviation, and of what it would train next.
inline plot forecast_plot(const report_data& data, const report_forecast& forecast) {
  plot picture{.title = "What the model expects", .x = {.label = cost_label(data)}, .y = {.label = score_label(data, "expected")}, .width = 860, .height = 360};
  const auto line = [&](const std::string& name, double report_expectation::*member, bool dashed) {
    plot_series series{.name = name, .colour = ink::frontier, .shape = plot_shape::line, .size = dashed ? 1.1 : 2.0, .dashed = dashed};
    for (const report_expectation& each : forecast.frontier)
      series.points.push_back({shown_cost(data, each.cost), data.measure.factor * (each.*member), each.name, {}});
    picture.series.push_back(std::move(series));
  };
  plot_series runs{.name = "trainings, as they turned out", .colour = ink::trained, .size = 2.6, .opacity = 0.8};
  for (const report_network& network : data.networks)
    for (const double score : network.runs.empty() ? std::vector{network.score} : network.runs)
      runs.points.push_back({shown_cost(data, network.cost), data.measure.factor * score, network_hint(data, network), {}});
  picture.series.push_back(std::move(runs));
  line("frontier, as it would repeat", &report_expectation::middle, false);
  line("one deviation", &report_expectation::low, true), line("", &report_expectation::high, true);
  plot_series next{.name = "not trained, most promising", .colour = ink::other, .size = 4};
  for (const report_expectation& each : forecast.next) next.points.push_back({shown_cost(data, each.cost), data.measure.factor * each.middle, each.name, {}});
  if (!next.points.empty()) picture.series.push_back(std::move(next));
  return picture;
}

/// What it expected while it went on.
inline plot outlook_plot(const report_forecast& forecast) {
  plot picture{.title = "What the model expected after so many trainings", .x = {.label = "networks trained"}, .y = {.label = "hypervolume found, and chance of more (%)", .least = 0.0, .most = 100.0}, .width = 860, .height = 280};
  const auto line = [&](const std::string& name, double report_outlook::*member, ink colour, bool dashed) {
    plot_series series{.name = name, .colour = colour, .shape = plot_shape::line, .size = dashed ? 1.1 : 2.0, .dashed = dashed};
    for (const report_outlook& each : forecast.looks) series.points.push_back({each.trained, 100 * (each.*member), {}, {}});
    picture.series.push_back(std::move(series));
  };
  line("found, as expected", &report_outlook::found, ink::frontier, false), line("nine tenths sure of", &report_outlook::surely_found, ink::frontier, true);
  line("chance that the rest adds a hundredth", &report_outlook::chance, ink::other, false);
  return picture;
}

/// When a search ends that has enough, and why not before.
inline std::string ending_text(const report_forecast& forecast) {
  constexpr double usual = 0.95;
  if (forecast.looks.empty()) return {};
  const auto first = std::find_if(forecast.looks.begin(), forecast.looks.end(), [](const report_outlook& each) { return each.surely_found >= usual; });
  const auto count = [](const report_outlook& each) { return fixed_text(each.trained, 0) + " trainings"; };
  const report_outlook& last = forecast.looks.back();
  if (first == forecast.looks.end())
    return " A search for which 95 % are enough would go on: when it looked last, after " + count(last) + ", it was nine tenths sure of " + percent_text(last.surely_found, 1) + ".";
  return " A search for which 95 % are enough would have ended after " + count(*first) + ", nine tenths sure of " + percent_text(first->surely_found, 1) +
         (first == forecast.looks.begin() ? std::string() : " (" + percent_text(std::prev(first)->surely_found, 1) + " after " + count(*std::prev(first)) + ")") + ".";
}

inline std::string forecast_section(const report_data& data, const report_forecast& forecast) {
  const report_words words(data);
  std::string rows = "<div class='scroll'><table><tr><th class='name'>not trained</th><th>" + words.cost + "</th><th>expected " + words.score + "</th><th>one deviation</th><th>would add</th></tr>";
  for (const report_expectation& each : forecast.next)
    rows += "<tr><td class='name'>" + code(each.name) + "</td><td>" + cost_text(data, each.cost) + "</td><td>" + score_text(data, each.middle) + "</td><td>" + score_text(data, each.low) + " to " +
            score_text(data, each.high) + "</td><td>" + percent_text(each.gain, 2) + "</td></tr>";
  std::string plots;
  if (data.devices.empty()) plots = forecast_plot(data, forecast).svg();
  for (std::size_t device = 0; device < data.devices.size(); ++device) {
    const report_data one = on_device(data, device);
    plots += paragraph("On " + data.devices[device]) + forecast_plot(one, *one.forecast).svg();
  }
  return section("What the model expects",
                 "A Gaussian process on what was trained expects that " + percent_text(forecast.found, 1) + " of the hypervolume that there is to find is found, and is nine tenths sure of " +
                     percent_text(forecast.surely_found, 1) + "; the chance that the rest would add more than a hundredth is " + percent_text(forecast.chance, 0) +
                     "." + ending_text(forecast) +
                     (std::isfinite(forecast.run_deviation) ? " Single trainings of the best networks deviate from what it expects by " + fixed_text(data.measure.factor * forecast.run_deviation, 2) + " " + words.points + (std::isfinite(forecast.luck_deviation) ? ", of which " + fixed_text(data.measure.factor * forecast.luck_deviation, 2) + " are luck, by which trainings of one network differ (" + fixed_text(forecast.repeats, 0) + " trainings were repeats)." : ".") : std::string()) +
                     " All of this is said by a model, and is no proof.",
                 plots + (forecast.looks.size() > 1 ? outlook_plot(forecast).svg() : std::string()) + (forecast.next.empty() ? std::string() : rows + "</table></div>"));
}

inline json forecast_json(const report_words& words, const report_forecast& forecast) {
  json result = {{"found", number_or_null(forecast.found)}, {"surely_found", number_or_null(forecast.surely_found)}, {"chance", number_or_null(forecast.chance)}, {"run_deviation", number_or_null(forecast.run_deviation)}, {"luck_deviation", number_or_null(forecast.luck_deviation)}, {"repeats", forecast.repeats}};
  const auto list = [&](const char* key, const std::vector<report_expectation>& all) {
    result[key] = json::array();
    for (const report_expectation& each : all)
      result[key].push_back({{"name", each.name}, {words.cost_key(), number_or_null(each.cost)}, {words.score_key(), number_or_null(each.middle)}, {"low", number_or_null(each.low)},
                             {"high", number_or_null(each.high)}, {"gain", number_or_null(each.gain)}});
  };
  list("frontier", forecast.frontier), list("next", forecast.next);
  if (!forecast.elsewhere.empty()) {
    json all = json::array();
    for (const auto& front : forecast.elsewhere) list("elsewhere", front), all.push_back(result["elsewhere"]);
    result["elsewhere"] = all;
  }
  result["looks"] = json::array();
  for (const report_outlook& each : forecast.looks)
    result["looks"].push_back({{"trained", each.trained}, {"found", number_or_null(each.found)}, {"surely_found", number_or_null(each.surely_found)}, {"chance", number_or_null(each.chance)}});
  return result;
}

}  // namespace hasse::detail
