// The bodies of result/report.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/file/json.hpp>
#include <hasse/result/detail/devices_page.hpp>
#include <hasse/result/detail/forecast_page.hpp>
#include <hasse/result/detail/hasse_diagram.hpp>
#include <hasse/result/detail/page.hpp>
#include <hasse/result/detail/score.hpp>
#include <hasse/result/report.hpp>
#include <hasse/result/svg.hpp>

namespace hasse {

namespace detail {

/// Answers the two questions for any number that is typed in, on each device, from the data in the page.
inline std::string page_script(const report_data& data) {
  const report_words words(data);
  const std::string cost = "(at(n)." + words.whole_key() + "??at(n)." + words.cost_key() + ")";
  // Compared as they are shown, so that no number on the page contradicts the answer.
  const std::string text = words.has_latency ? cost + ".toFixed(4)" : "(" + cost + "/price.factor).toPrecision(4)";
  return R"(
(()=>{const data=JSON.parse(document.getElementById('data').textContent);
const {factor,unit,larger_is_better}=data.metric,way=larger_is_better?1:-1)" + std::string(words.has_latency ? "" : ",price=data.price") + R"(;
const places=data.devices?data.devices.map((_,k)=>n=>n.places[k]):[n=>n];
places.forEach((at,k)=>{const tail=data.devices?'-'+(k+1):'',points=data.networks.filter(n=>at(n).on_frontier);
const cost=(n)=>)" + text + R"(,score=(n)=>(factor*n.)" + words.score_key() + R"().toFixed(2);
const cheap=(a,b)=>cost(a)-cost(b),good=(a,b)=>way*(score(b)-score(a));
const say=(n)=>n?`${n.name}: ${score(n)} ${unit} in ${cost(n)} )" + (words.has_latency ? std::string("ms") : std::string("${price.suffix}")) + R"(`:'no trained network does';
const ask=(name,find)=>{const id=name+tail,box=document.getElementById(id);if(!box)return;const out=document.getElementById(id+'-answer');
const show=()=>{out.textContent=box.value===''?'':say(find(Number(box.value)))};box.addEventListener('input',show);show()};
ask('within',t=>points.filter(n=>cost(n)<=t).sort((a,b)=>good(a,b)||cheap(a,b))[0]);
ask('reaching',a=>points.filter(n=>way*score(n)>=way*a).sort((a,b)=>cheap(a,b)||good(a,b))[0]);});})();
)";
}

/// What scores are where trainings are repeated.
inline std::string judging_text(const report_data& data) {
  return data.judges ? " What counts is not the luck of a training, but the " + report_words(data).score + " that the model takes a network to be worth, between the dashed lines; its trainings are beside it." : "";
}

/// Cost against score; frontier points carry their number in the table.
inline plot frontier_plot(const report_data& data) {
  const report_words words(data);
  plot picture{.title = capital(words.cost) + " against " + words.score + " of all trained networks, with the frontier",
               .x = {.label = cost_label(data)}, .y = {.label = score_label(data, "validation")}, .width = 860, .height = 460};
  plot_series trained{.name = "trained", .colour = ink::trained, .opacity = 0.9}, other{.name = data.comparison_name, .colour = ink::other, .size = 3, .opacity = 0.7};
  plot_series steps{.name = "frontier", .colour = ink::frontier, .shape = plot_shape::steps, .size = 2.2};
  plot_series best{.colour = ink::frontier, .size = 5};
  double fastest = std::numeric_limits<double>::max(), slowest = 0;
  const auto range = [&](double value) {
    if (std::isfinite(value) && value > 0) fastest = std::min(fastest, value), slowest = std::max(slowest, value);
  };
  for (const report_point& point : data.comparison) {
    other.points.push_back({shown_cost(data, point.cost), data.measure.factor * point.score, data.comparison_name + ": " + point.name, {}});
    range(shown_cost(data, point.cost));
  }
  for (const report_network& network : data.networks) {
    if (!network.on_frontier) trained.points.push_back({shown_cost(data, network.cost), data.measure.factor * network.score, network_hint(data, network), {}});
    if (std::isfinite(network.score)) range(shown_cost(data, network.cost));
  }
  std::size_t number = 0;
  for (const std::size_t i : frontier_order(data)) {
    const report_network& network = data.networks[i];
    best.points.push_back({shown_cost(data, network.cost), data.measure.factor * network.score, network_hint(data, network), std::to_string(++number)});
    steps.points.push_back({shown_cost(data, network.cost), data.measure.factor * network.score, {}, {}});
  }
  plot_series low{.name = "one deviation", .colour = ink::frontier, .shape = plot_shape::steps, .size = 1.1, .dashed = true}, high = low;
  plot_series runs{.name = "single trainings of the frontier", .colour = ink::other, .size = 2.4, .opacity = 0.8};
  high.name.clear();
  if (data.judges)
    for (const std::size_t i : frontier_order(data)) {
      const report_network& network = data.networks[i];
      low.points.push_back({shown_cost(data, network.cost), data.measure.factor * network.score_low, {}, {}});
      high.points.push_back({shown_cost(data, network.cost), data.measure.factor * network.score_high, {}, {}});
      for (const double run : network.runs) runs.points.push_back({shown_cost(data, network.cost), data.measure.factor * run, network_hint(data, network), {}});
    }
  picture.x.logarithmic = slowest > 4 * fastest;
  if (!steps.points.empty() && slowest > 0) steps.points.push_back({slowest, steps.points.back().y, {}, {}});
  if (other.points.empty()) other.name.clear();
  picture.series = {other, trained, steps};
  if (data.judges) picture.series.insert(picture.series.end(), {low, high, runs});
  picture.series.push_back(best);
  return picture;
}

inline plot pruning_plot(const report_data& data) {
  double most = 0;
  for (const report_progress& at : data.pruning) {
    if (std::isfinite(at.pruned)) most = std::max(most, at.pruned);
    if (std::isfinite(at.living)) most = std::max(most, at.living);
  }
  const double factor = most >= 2e6 ? 1e6 : most >= 2e3 ? 1e3 : 1;
  plot picture{.title = data.prunes ? "Architectures pruned and living after each training" : "Architectures settled by the order and left after each training", .x = {.label = "networks trained", .least = 0.0},
               .y = {.label = factor == 1e6 ? "architectures (millions)" : factor == 1e3 ? "architectures (thousands)" : "architectures", .least = 0.0},
               .width = 560, .height = 360};
  plot_series pruned{.name = data.prunes ? "pruned" : "settled by the order", .colour = ink::pruned, .shape = plot_shape::steps, .size = 2.2};
  plot_series living{.name = data.prunes ? "still living" : "left", .colour = ink::good, .shape = plot_shape::steps, .size = 2.2};
  for (const report_progress& at : data.pruning) {
    pruned.points.push_back({at.trained, at.pruned / factor, {}, {}});
    if (std::isfinite(at.living)) living.points.push_back({at.trained, at.living / factor, {}, {}});
  }
  picture.series = {pruned};
  if (!living.points.empty()) picture.series.push_back(living);
  return picture;
}

/// How well the order's assumption holds over the comparable pairs of trained networks.
struct order_summary {
  std::size_t pairs = 0, dearer_fails = 0, better_fails = 0;
  double worst_cost = 0, worst_score = 0;
  plot picture;
};

inline order_summary summarise_order(const report_data& data) {
  order_summary result;
  plot_series good{.name = "as assumed", .colour = ink::trained, .size = 2.6, .opacity = 0.7}, bad{.name = "violation", .colour = ink::violation, .size = 3.2, .opacity = 0.85};
  for (const report_pair& pair : data.pairs) {
    if (pair.lower >= data.networks.size() || pair.upper >= data.networks.size()) continue;
    const report_network &lower = data.networks[pair.lower], &upper = data.networks[pair.upper];
    const double dearer = upper.cost - lower.cost, better = data.measure.merit(upper.score) - data.measure.merit(lower.score);
    if (!std::isfinite(dearer) || !std::isfinite(better)) continue;
    ++result.pairs;
    result.dearer_fails += dearer < 0, result.better_fails += better < 0;
    result.worst_cost = std::max(result.worst_cost, -dearer), result.worst_score = std::max(result.worst_score, -better);
    (dearer < 0 || better < 0 ? bad : good).points.push_back({shown_cost(data, dearer), data.measure.factor * better, lower.name + "\nprecedes " + upper.name, {}});
  }
  constexpr std::size_t shown = 3000;
  if (good.points.size() > shown) {
    std::vector<plot_point> some;
    for (std::size_t i = 0; i < shown; ++i) some.push_back(good.points[i * good.points.size() / shown]);
    good.points = std::move(some);
  }
  double left = 0, right = 0, low = 0, high = 0;
  for (const plot_series* each : {&good, &bad})
    for (const plot_point& p : each->points) left = std::min(left, p.x), right = std::max(right, p.x), low = std::min(low, p.y), high = std::max(high, p.y);
  const plot_series level{.colour = ink::quiet, .shape = plot_shape::line, .points = {{left, 0, {}, {}}, {right, 0, {}, {}}}, .size = 1, .dashed = true};
  const plot_series upright{.colour = ink::quiet, .shape = plot_shape::line, .points = {{0, low, {}, {}}, {0, high, {}, {}}}, .size = 1, .dashed = true};
  const report_words words(data);
  result.picture = {.title = "Differences in " + words.cost + " and " + words.score + " of comparable pairs",
                    .x = {.label = words.dearer + " by (" + std::string(data.price.suffix) + ")"}, .y = {.label = words.better + " by (" + words.points + ")"},
                    .series = {level, upright, good, bad}, .width = 560, .height = 360};
  return result;
}

inline plot precedents_plot(const report_data& data) {
  plot_series networks{.colour = ink::frontier, .size = 3.2, .opacity = 0.8};
  for (const report_network& network : data.networks)
    networks.points.push_back({network.precedents + 1, data.measure.factor * network.score, network_hint(data, network), {}});
  return {.title = "Number of preceding architectures against " + report_words(data).score, .x = {.label = "architectures that precede it, plus one", .logarithmic = true},
          .y = {.label = score_label(data, "validation")}, .series = {networks}, .width = 560, .height = 360};
}

/// Sum of the table against whole networks: the two plots and the median of the absolute relative error.
struct sum_summary {
  std::size_t networks = 0;
  double median = unknown, worst = unknown;
  plot absolute, relative;
};

inline sum_summary summarise_sums(const report_data& data) {
  sum_summary result;
  plot_series absolute{.colour = ink::frontier, .size = 3.2, .opacity = 0.8}, relative = absolute;
  std::vector<double> errors;
  double least = std::numeric_limits<double>::max(), most = 0;
  for (const report_sum& sum : data.sums) {
    if (!(sum.sum_milliseconds > 0) || !(sum.whole_milliseconds > 0)) continue;
    const double error = sum.sum_milliseconds / sum.whole_milliseconds - 1;
    const std::string hint = sum.name + "\nsum " + milliseconds_text(sum.sum_milliseconds) + ", whole " + milliseconds_text(sum.whole_milliseconds);
    absolute.points.push_back({sum.whole_milliseconds, sum.sum_milliseconds, hint, {}});
    relative.points.push_back({sum.whole_milliseconds, 100 * error, hint, {}});
    errors.push_back(std::abs(error));
    least = std::min({least, sum.whole_milliseconds, sum.sum_milliseconds}), most = std::max({most, sum.whole_milliseconds, sum.sum_milliseconds});
  }
  result.networks = errors.size();
  if (errors.empty()) return result;
  std::sort(errors.begin(), errors.end());
  result.median = errors.size() % 2 ? errors[errors.size() / 2] : (errors[errors.size() / 2 - 1] + errors[errors.size() / 2]) / 2;
  result.worst = errors.back();
  const plot_series diagonal{.name = "equal", .colour = ink::quiet, .shape = plot_shape::line, .points = {{least, least, {}, {}}, {most, most, {}, {}}}, .size = 1.2, .dashed = true};
  const plot_series zero{.colour = ink::quiet, .shape = plot_shape::line, .points = {{least, 0, {}, {}}, {most, 0, {}, {}}}, .size = 1.2, .dashed = true};
  result.absolute = {.title = "Sum of the table against whole networks", .x = {.label = "whole network (ms)"}, .y = {.label = "sum of the table (ms)"},
                     .series = {diagonal, absolute}, .width = 560, .height = 360};
  result.relative = {.title = "Relative error of the table's sums", .x = {.label = "whole network (ms)"}, .y = {.label = "error of the sum (%)"},
                     .series = {zero, relative}, .width = 560, .height = 360};
  return result;
}

inline plot curves_plot(const report_data& data, const std::string& label, double epoch_record::*member, double factor, bool logarithmic) {
  plot picture{.title = label + " of every training", .x = {.label = "epoch"}, .y = {.label = label, .logarithmic = logarithmic}, .width = 560, .height = 360};
  std::vector<plot_series> front;
  bool named[2] = {false, false};
  for (const report_network& network : data.networks) {
    plot_series curve{.name = std::exchange(named[network.on_frontier], true) ? "" : network.on_frontier ? "frontier" : "trained",
                      .colour = network.on_frontier ? ink::frontier : ink::trained, .shape = plot_shape::line, .size = network.on_frontier ? 1.8 : 1.1,
                      .opacity = network.on_frontier ? 0.95 : 0.55};
    for (const epoch_record& epoch : network.curve) curve.points.push_back({static_cast<double>(epoch.epoch), factor * (epoch.*member), network.name, {}});
    (network.on_frontier ? front : picture.series).push_back(std::move(curve));
  }
  constexpr std::size_t shown = 250;
  if (picture.series.size() > shown) picture.series.resize(shown);
  std::move(front.begin(), front.end(), std::back_inserter(picture.series));
  return picture;
}

inline std::string frontier_rows(const report_data& data, const std::vector<std::size_t>& order) {
  const auto any = [&](double report_network::*member) {
    return std::any_of(order.begin(), order.end(), [&](std::size_t i) { return std::isfinite(data.networks[i].*member); });
  };
  const bool whole = any(&report_network::whole_cost), noise = any(&report_network::whole_noise), corrected = any(&report_network::corrected_cost), finished = any(&report_network::finished_score), test = any(&report_network::test_score), precedents = any(&report_network::precedents);
  const bool files = std::any_of(order.begin(), order.end(), [&](std::size_t i) { return !data.networks[i].files.empty(); });
  std::string html = "<div class='scroll'><table><tr><th>#</th><th class='name'>architecture</th>";
  const report_words words(data);
  const std::string price = "<th>" + markup_text(words.cost) + "<br>", head = "<th>" + markup_text(std::string(data.measure.name)) + "<br>";
  html += "<th>estimate<br>(sum of parts)</th>";
  if (whole) html += price + (words.has_latency ? "(measured)</th>" : "(whole)</th>");
  if (corrected) html += price + "(corrected)</th>";
  html += data.judges ? head + "(expected)</th><th>one deviation</th><th>single trainings<br>(validation)</th>" : head + "(validation)</th>";
  if (finished) html += head + "(trained longer)</th>";
  if (test) html += head + "(test)</th>";
  html += "<th>MACs</th><th>parameters</th>";
  if (precedents) html += "<th>precedents</th>";
  html += files ? "<th class='name'>files</th></tr>" : "</tr>";
  for (std::size_t row = 0; row < order.size(); ++row) {
    const report_network& network = data.networks[order[row]];
    html += "<tr><td>" + std::to_string(row + 1) + "</td><td class='name'>" + code(network.name) + "</td><td>" + cost_text(data, network.cost) + "</td>";
    if (whole) html += "<td>" + cost_text(data, network.whole_cost) + (noise ? " &plusmn; " + noise_text(data, network.whole_noise) : std::string()) + "</td>";
    if (corrected) html += "<td>" + cost_text(data, network.corrected_cost) + "</td>";
    html += "<td>" + score_text(data, network.score) + "</td>";
    if (data.judges) html += "<td>" + band_text(data, network) + "</td><td>" + runs_text(data, network) + "</td>";
    if (finished) html += "<td>" + score_text(data, network.finished_score) + "</td>";
    if (test) html += "<td>" + score_text(data, network.test_score) + "</td>";
    html += "<td>" + count_text(network.macs) + "</td><td>" + count_text(network.parameters) + "</td>";
    if (precedents) html += "<td>" + count_text(network.precedents) + "</td>";
    if (files) {
      html += "<td class='name'>";
      for (const auto& [label, path] : network.files) html += hyperlink(label, path) + " ";
      html += "</td>";
    }
    html += "</tr>";
  }
  return html + "</table></div>";
}

/// "within T" for round T, and "reaching A" for round A. Numbers are compared as they are shown, and costs of whole networks count.
/// `tail` makes the names of the two inputs those of a device.
inline std::string answer_tables(const report_data& data, const std::vector<std::size_t>& order, const std::string& tail = "") {
  const auto cost = [&](const report_network& network) {
    const double value = shown_cost(data, network.counted());
    return data.price == in_milliseconds ? std::round(value * 1e4) / 1e4 : std::strtod(exact_text(value, 4).c_str(), nullptr);
  };
  const auto score = [&](const report_network& network) { return std::round(data.measure.factor * network.score * 100) / 100; };
  const auto merit = [&](double shown) { return data.measure.merit(shown); };
  const auto row = [&](const std::string& question, const report_network& network) {
    return "<tr><td>" + question + "</td><td class='name'>" + code(network.name) + "</td><td>" + score_text(data, network.score) + "</td><td>" +
           cost_text(data, network.counted()) + "</td></tr>";
  };
  const report_words words(data);
  const std::string suffix(data.price.suffix);
  const report_network &cheapest = data.networks[order.front()], &best = data.networks[order.back()];
  std::string within, reaching;
  const double least = cost(cheapest), most = cost(best);
  const axis_ticks times = round_ticks(least, std::max(most * 1.4, least * 1.01), true, 7);
  for (const double time : times.values) {
    const report_network* found = nullptr;
    for (const std::size_t i : order)
      if (const report_network& each = data.networks[i]; cost(each) <= time && (!found || merit(score(each)) > merit(score(*found)))) found = &each;
    if (found) within += row(fixed_text(time, times.decimals) + " " + markup_text(suffix), *found);
  }
  const double first = data.measure.factor * cheapest.score, last = data.measure.factor * best.score;
  const axis_ticks levels = round_ticks(std::min(first, last), std::max({first, last, first + 0.01}), false, 7);
  for (const double level : levels.values) {
    const report_network* found = nullptr;
    for (const std::size_t i : order)
      if (const report_network& each = data.networks[i]; merit(score(each)) >= merit(level) && (!found || cost(each) < cost(*found))) found = &each;
    if (found) reaching += row(score_text(data, level / data.measure.factor, levels.decimals), *found);
  }
  const report_network& central = data.networks[order[order.size() / 2]];
  const std::string middle = data.price == in_milliseconds ? fixed_text(cost(central), 4) : exact_text(cost(central), 4), level = fixed_text(score(central), 2);
  const std::string columns = markup_text(words.score) + "</th><th>" + markup_text(words.cost) + "</th></tr>";
  return "<div class='pair'><div><div class='ask'><label>The " + words.best + " network within <input id='within" + tail + "' inputmode='decimal' value='" + middle +
         "'> " + markup_text(suffix) + "</label><output id='within" + tail + "-answer'></output></div><div class='scroll'><table><tr><th>within</th><th class='name'>best network</th><th>" + columns + within + "</table></div></div><div><div class='ask'><label>The " + words.cheapest + " network that reaches <input id='reaching" + tail + "' inputmode='decimal' value='" + level +
         "'> " + markup_text(std::string(data.measure.unit)) + "</label><output id='reaching" + tail + "-answer'></output></div><div class='scroll'><table><tr><th>reaching</th><th class='name'>" + words.cheapest + " network</th><th>" + columns + reaching + "</table></div></div></div>";
}

/// Everything that is drawn, for other programs and for the page's own script.
inline json report_json(const report_data& data) {
  const report_words words(data);
  json result = {{"title", data.title}, {"facts", facts_json(data.facts)}, {"warnings", data.warnings}, {"networks", json::array()}, {"comparison", json::array()},
                 {"pruning", json::array()}, {"pairs", json::array()}, {"sums", json::array()}, {"certificates", json::array()},
                 {"admissible", number_or_null(data.admissible)}, {"noise_floor_milliseconds", number_or_null(data.noise_floor_milliseconds)},
                 {words.has_latency ? "latency_tau" : "cost_tau", number_or_null(data.cost_tau)}, {words.has_accuracy ? "accuracy_tau" : "merit_tau", number_or_null(data.merit_tau)},
                 {"metric", metric_json(data.measure)}};
  if (!words.has_latency) result["price"] = price_json(data.price);
  for (const report_network& network : data.networks) {
    json curve = json::array();
    for (const epoch_record& epoch : network.curve)
      curve.push_back({{"epoch", epoch.epoch}, {"loss", number_or_null(epoch.loss)}, {words.has_accuracy ? "train_accuracy" : "train_correct", number_or_null(epoch.train_correct)},
                       {words.score_key("validation_"), number_or_null(epoch.validation_score)}});
    result["networks"].push_back({{"name", network.name}, {words.cost_key(), number_or_null(network.cost)}, {words.score_key(), number_or_null(network.score)},
                                  {words.whole_key(), number_or_null(network.whole_cost)}, {words.whole_key() + "_noise", number_or_null(network.whole_noise)},
                                  {"corrected_" + words.cost_key(), number_or_null(network.corrected_cost)}, {words.score_key("finished_"), number_or_null(network.finished_score)},
                                  {words.score_key("test_"), number_or_null(network.test_score)},
                                  {"macs", number_or_null(network.macs)}, {"parameters", number_or_null(network.parameters)},
                                  {"precedents", number_or_null(network.precedents)}, {"runs", network.runs}, {words.score_key() + "_low", number_or_null(network.score_low)},
                                  {words.score_key() + "_high", number_or_null(network.score_high)}, {words.score_key("kept_"), number_or_null(network.kept_score)}, {"on_frontier", network.on_frontier}, {"curve", curve}});
    if (!data.devices.empty()) result["networks"].back()["places"] = places_json(words, network);
  }
  if (!data.devices.empty()) result["devices"] = data.devices;
  for (const report_point& point : data.comparison)
    result["comparison"].push_back({{"name", point.name}, {words.cost_key(), number_or_null(point.cost)}, {words.score_key(), number_or_null(point.score)}});
  for (const report_progress& at : data.pruning)
    result["pruning"].push_back({{"trained", number_or_null(at.trained)}, {"pruned", number_or_null(at.pruned)}, {"living", number_or_null(at.living)}});
  for (const report_pair& pair : data.pairs) result["pairs"].push_back({pair.lower, pair.upper});
  for (const report_sum& sum : data.sums)
    result["sums"].push_back({{"name", sum.name}, {"sum_milliseconds", number_or_null(sum.sum_milliseconds)}, {"whole_milliseconds", number_or_null(sum.whole_milliseconds)}});
  if (data.forecast) result["forecast"] = forecast_json(words, *data.forecast);
  for (const report_certificate& claim : data.certificates) result["certificates"].push_back(certificate_json(data, claim));
  return result;
}

inline std::string order_section(const report_data& data) {
  const report_words words(data);
  const order_summary order = summarise_order(data);
  const bool precedents = std::any_of(data.networks.begin(), data.networks.end(), [](const report_network& n) { return std::isfinite(n.precedents) && std::isfinite(n.score); });
  if (order.pairs == 0 && !precedents) return {};
  const double pairs = static_cast<double>(order.pairs);
  std::string html = "<div class='cards'>" + card(std::to_string(order.pairs), "comparable pairs of trained networks");
  if (order.pairs) {
    const auto worst = [](double value, const std::string& text) { return value > 0 ? ", at worst by " + text : std::string(); };
    html += card(percent_text(static_cast<double>(order.dearer_fails) / pairs, 1),
                 "of pairs have the larger network " + words.cheaper + worst(order.worst_cost, cost_text(data, order.worst_cost))) +
            card(percent_text(static_cast<double>(order.better_fails) / pairs, 1),
                 "of pairs have the larger network " + words.worse + worst(order.worst_score, fixed_text(data.measure.factor * order.worst_score, 2) + " " + words.points));
    if (std::isfinite(data.cost_tau)) html += card(fixed_text(data.cost_tau, 2), "Kendall's tau of order and " + words.cost);
    if (std::isfinite(data.merit_tau)) html += card(fixed_text(data.merit_tau, 2), "Kendall's tau of order and " + words.score);
  }
  html += "</div><div class='pair' style='margin-top:16px'>" + (order.pairs ? "<div>" + order.picture.svg() + "</div>" : "") +
          (precedents ? "<div>" + precedents_plot(data).svg() + "</div>" : "") + "</div>";
  return section("Does the order deserve its trust?",
                 (data.devices.empty() ? "" : "By the latencies of " + data.devices.front() + ". ") + "Pruning assumes that a network which contains another is " + words.dearer + " and " + words.better + ". Every comparable pair of trained networks is a test of "
                 "that; points left of or below the dashed lines contradict it. " + capital(words.score) + " should also " + (data.measure.larger_is_better ? "rise" : "fall") + " with the number of architectures below a network.",
                 html);
}

}  // namespace detail

HASSE_BODY std::string frontier_svg(const report_data& data) {
  if (!data.devices.empty()) return detail::devices_plot(data).svg(true);
  const detail::report_words words(data);
  plot picture = detail::frontier_plot(data);
  for (const std::size_t i : detail::frontier_order(data)) {
    const report_network& network = data.networks[i];
    picture.notes.push_back(std::to_string(picture.notes.size() + 1) + ": " + network.name + " " + detail::score_text(data, network.score, 1) + " in " +
                            (words.has_latency ? fixed_text(network.cost, 3) + " ms" : detail::cost_text(data, network.cost)));
  }
  return picture.svg(true);
}

HASSE_BODY std::string frontier_table(const report_data& data) {
  if (!data.devices.empty()) {
    std::string all;
    for (std::size_t device = 0; device < data.devices.size(); ++device)
      all += "device " + std::to_string(device + 1) + ": " + data.devices[device] + "\n" + frontier_table(detail::on_device(data, device)) + "\n";
    return all + detail::serving_text(data);
  }
  const detail::report_words words(data);
  std::vector<std::vector<std::string>> rows{{"#", "estimate", words.cost, "+-", "corrected", words.score, "one deviation", "trainings", "longer", "test", "MACs", "parameters", "architecture"}};
  for (const std::size_t i : detail::frontier_order(data)) {
    const report_network& network = data.networks[i];
    std::string name;
    for (const char letter : network.name) name += letter >= ' ' && letter <= '~' ? letter : '?';
    rows.push_back({std::to_string(rows.size()), detail::cost_text(data, network.cost), detail::cost_text(data, network.whole_cost), detail::noise_text(data, network.whole_noise), detail::cost_text(data, network.corrected_cost),
                    detail::score_text(data, network.score), detail::band_text(data, network), data.judges ? detail::runs_text(data, network) : "-", detail::score_text(data, network.finished_score), detail::score_text(data, network.test_score), count_text(network.macs), count_text(network.parameters), name});
  }
  std::string table;
  for (const auto& row : rows) {
    for (std::size_t column = 0; column < row.size(); ++column) {
      const auto empty = [&](const auto& other) { return &other == &rows[0] || other[column] == "-"; };
      if (rows.size() > 1 && std::all_of(rows.begin(), rows.end(), empty)) continue;
      std::size_t wide = 0;
      for (const auto& other : rows) wide = std::max(wide, other[column].size());
      const std::string space(wide - row[column].size(), ' ');
      table += column + 1 < row.size() ? space + row[column] + "  " : row[column];
    }
    table += '\n';
  }
  return table;
}

HASSE_BODY std::string report_html(const report_data& data) {
  using namespace detail;
  const report_words words(data);
  const bool several = !data.devices.empty();
  const std::vector<std::size_t> order = union_order(data);
  std::string html = page_head(data.title);
  if (several) html += paragraph(serving_summary(data));
  else if (!order.empty()) {
    const report_network &cheapest = data.networks[order.front()], &best = data.networks[order.back()];
    html += paragraph(order.size() == 1 ? "One network is at least as " + words.cheap + " and as " + words.good + " as every other that was trained."
                                        : "From " + score_text(data, cheapest.score, 2) + " in " + cost_text(data, cheapest.counted()) + " to " +
                                              score_text(data, best.score, 2) + " in " + cost_text(data, best.counted()) + ".");
  }
  html += "<div class='cards'>" + card(std::to_string(order.size()), several ? "networks on a frontier" : "networks on the frontier") + card(std::to_string(data.networks.size()), "networks trained");
  if (!data.pruning.empty()) {
    const report_progress& last = data.pruning.back();
    html += card(std::isfinite(last.pruned) ? count_text(last.pruned) : "not counted", (data.prunes ? "pruned without training" : "settled by the order without training") + (std::isfinite(data.admissible) ? " of " + count_text(data.admissible) + " admissible" : std::string()));
    if (std::isfinite(last.living)) html += card(count_text(last.living), "still undecided");
    if (last.trained > 0 && std::isfinite(last.pruned))
      html += card(fixed_text(last.pruned / last.trained, 1) + " x", (data.prunes ? "pruned per training (decided per training: " : "settled per training (decided per training: ") + fixed_text((last.pruned + last.trained) / last.trained, 1) + ")");
  }
  html += "</div>";
  html += warning_list(data.warnings);

  if (order.empty()) {
    html += section("The frontier", "No training has ended with " + words.a_score + " yet.", "");
  } else if (several) {
    html += section("The frontiers over one another", "Each line is the best " + words.score + " that can be had within a given " + words.cost + " on one device." + judging_text(data), devices_plot(data).svg() + serving_rows(data));
    for (std::size_t device = 0; device < data.devices.size(); ++device) {
      const report_data one = on_device(data, device);
      const std::vector<std::size_t> front = frontier_order(one);
      html += section("On " + data.devices[device], "By the latencies of this device alone.", frontier_plot(one).svg() + frontier_rows(one, front) + answer_tables(one, front, "-" + std::to_string(device + 1)));
    }
  } else {
    html += section("The frontier", "Each point is a network that was trained; the line is the best " + words.score + " that can be had within a given " + words.cost + "." + judging_text(data) + " Numbers refer to the table.",
                    frontier_plot(data).svg() + frontier_rows(data, order));
    const bool whole_costs = std::any_of(order.begin(), order.end(), [&](std::size_t i) { return std::isfinite(data.networks[i].whole_cost); });
    html += section("The two questions", "Among the networks that were trained" + std::string(whole_costs ? words.has_latency ? ", by the latencies of whole networks." : ", by what whole networks cost." : "."), answer_tables(data, order));
  }
  if (data.pruning.size() > 1 || !data.certificates.empty()) {
    std::string content = data.pruning.size() > 1 ? "<div class='pair'><div>" + pruning_plot(data).svg() + "</div><div>" : "<div><div>";
    if (!data.certificates.empty()) {
      content += "<details open><summary>Certificates</summary><div class='scroll' style='max-height:330px;overflow-y:auto'><table><tr>" + std::string(several ? "<th>device</th>" : "") + "<th class='name'>" + std::string(data.prunes ? "pruned" : "settled") + "</th><th class='name'>precedes</th><th class='name'>take instead</th></tr>";
      for (std::size_t i = 0; i < std::min<std::size_t>(data.certificates.size(), 200); ++i) {
        const report_certificate& claim = data.certificates[i];
        content += "<tr>" + (several ? "<td>" + std::to_string(claim.device + 1) + "</td>" : std::string()) + "<td class='name'>" + (claim.pruned.empty() ? "whatever precedes the next and is not " + words.cheaper + " than the last" : code(claim.pruned)) + "</td><td class='name'>" + code(claim.above) + "</td><td class='name'>" + code(claim.instead) + "</td></tr>";
      }
      content += "</table></div></details>";
    }
    html += section(data.prunes ? "What was pruned, and why" : "What the order settles",
                    (data.prunes ? std::string("An architecture is pruned when") : std::string("The search did not prune, but by the order what it trained settles others: an architecture needs no training when")) +
                        " it precedes a trained network (so it is no " + words.better + ") and another trained network is at least as " + words.good + " as that one and no " + words.dearer +
                        " than the " + (data.prunes ? "pruned one" : "one that is settled") + (several ? ", on every device." : "."),
                    content + "</div></div>");
  }
  if (data.forecast) html += forecast_section(data, *data.forecast);
  html += order_section(data);
  if (const std::string diagram = hasse_diagram(united(data)); !diagram.empty())
    html += section("The order around the frontier", "Trained networks, smaller ones below: a line joins neighbours in the order. Blue networks are on the frontier; a red line marks a larger network that is " + words.worse + ".", diagram);
  if (const sum_summary sums = summarise_sums(data); sums.networks > 0)
    html += section("Sum of the table against whole networks",
                    std::to_string(sums.networks) + " networks measured whole: the sum is off by " + percent_text(sums.median, 1) + " in the median and " + percent_text(sums.worst, 1) +
                        " at worst" + (std::isfinite(data.noise_floor_milliseconds) ? "; the noise floor of the table is " + uncertainty_text(data.noise_floor_milliseconds) : std::string()) + ".",
                    "<div class='pair'><div>" + sums.absolute.svg() + "</div><div>" + sums.relative.svg() + "</div></div>");
  if (std::any_of(data.networks.begin(), data.networks.end(), [](const report_network& n) { return n.curve.size() > 1; }))
    html += section("Trainings", "Every candidate is trained with the same recipe.",
                    "<div class='pair'><div>" + curves_plot(data, score_label(data, "validation"), &epoch_record::validation_score, data.measure.factor, false).svg() + "</div><div>" +
                        curves_plot(data, "training loss", &epoch_record::loss, 1, true).svg() + "</div></div>");
  return html + fact_section(data.facts) + page_foot(report_json(data), page_script(data));
}

HASSE_BODY void write_report(const std::filesystem::path& path, const report_data& data) { replace_file(path, report_html(data)); }

}  // namespace hasse
