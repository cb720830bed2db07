// The page of result/gated_report.hpp: its pictures, tables and numbers. Used there and in its test.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/file/json.hpp>
#include <hasse/result/detail/gated_drawing.hpp>
#include <hasse/result/detail/gated_epochs.hpp>
#include <hasse/result/detail/gated_looks.hpp>
#include <hasse/result/detail/page.hpp>
#include <hasse/result/gated_data.hpp>
#include <hasse/result/svg.hpp>

namespace hasse {

namespace detail {

/// Scores against a number of the networks, marks by role.
inline plot gated_score_plot(const gated_data& data, const std::string& label, double gated_report_network::*across) {
  const drawn_score drawn(data.networks);
  plot picture{.title = capital(score_words(data.measure).score) + " against " + label, .x = {.label = label}, .y = {.label = score_label(data.measure, drawn.set)}, .width = 560, .height = 380};
  for (const gated_role role : gated_roles) {
    plot_series marks{.name = std::string(to_text(role)), .colour = ink_of(role), .size = is_beside(role) ? 4.0 : 5.0};
    for (const gated_report_network& network : data.networks) {
      const double x = network.*across, y = data.measure.factor * (network.*drawn.of);
      if (network.role != role || !std::isfinite(x) || !std::isfinite(y)) continue;
      const std::string facts = network_line(network, data);
      marks.points.push_back(
          {x, y, network.name + (facts.empty() ? "" : ": " + facts), is_beside(role) ? std::string() : network.name});
    }
    if (!marks.points.empty()) picture.series.push_back(std::move(marks));
  }
  return picture;
}

/// One column of the table of networks.
struct network_column {
  std::string heading;
  std::function<std::string(const gated_report_network&)> text;  ///< markup; "-": not known
};

inline std::string gated_network_table(const gated_data& data) {
  using network = gated_report_network;
  const auto with = [](auto member, auto write) {
    return [member, write](const network& it) -> std::string { return write(it.*member); };
  };
  const auto score = [&](double value) { return markup_text(score_text(data.measure, value)); };
  const std::string name = markup_text(score_words(data.measure).score);
  const double network::*limited = limits_measured(data) ? &network::milliseconds : &network::summed;
  const std::vector<network_column> columns{
      {name + "<br>(validation)", with(&network::accuracy, score)},
      {name + "<br>(test)", with(&network::test_accuracy, score)},
      {"cost in<br>the search", with(&network::summed, [&](double value) { return markup_text(cost_text(value, data.cost)); })},
      {"latency<br>(measured)", with(&network::milliseconds, milliseconds_text)},
      {"against<br>the target",
       [&](const network& it) {
         const double cost = std::isfinite(it.*limited) ? it.*limited : it.summed;
         return it.role == gated_role::other || !(data.target > 0) ? "-" : change_text(cost / data.target - 1);
       }},
      {"MACs", with(&network::macs, count_text)},
      {"parameters", with(&network::parameters, count_text)},
      {"peak memory<br>(bytes)", with(&network::peak_bytes, count_text)},
      {"files", [](const network& it) {
         std::string links;
         for (const auto& [label, path] : it.files) links += (links.empty() ? "" : " ") + hyperlink(label, path);
         return links.empty() ? "-" : links;
       }}};
  std::vector<const network_column*> shown;
  for (const network_column& column : columns)
    if (std::any_of(data.networks.begin(), data.networks.end(), [&](const network& it) { return column.text(it) != "-"; }))
      shown.push_back(&column);
  std::vector<std::string> cells{"<span style='display:inline-block;min-width:7em'>network</span>", ""};
  for (const network_column* column : shown) cells.push_back(column->heading);
  std::string rows = table_row(cells, 2, true), choices;
  for (const network& it : data.networks) {
    cells = {markup_text(it.name), std::string(to_text(it.role))};
    for (const network_column* column : shown) cells.push_back(column->text(it));
    rows += table_row(cells, 2);
    if (!it.choice.empty()) choices += table_row({markup_text(it.name), code(it.choice, ' ')}, 2);
  }
  if (!choices.empty()) choices = folded("Choices", scrolling_table(table_row({"network", "blocks"}, 2, true) + choices));
  return scrolling_table(rows) + choices;
}

/// Latency of every network on every device; the fastest of those that were searched is bold. Empty for less than two devices.
inline std::string device_section(const gated_data& data) {
  std::vector<std::string> devices;
  for (const gated_report_network& each : data.networks)
    for (const auto& [device, milliseconds] : each.costs)
      if (std::find(devices.begin(), devices.end(), device) == devices.end()) devices.push_back(device);
  if (devices.size() < 2) return {};
  const auto on = [](const gated_report_network& network, const std::string& device) {
    const auto found =
        std::find_if(network.costs.begin(), network.costs.end(), [&](const auto& each) { return each.first == device; });
    return found == network.costs.end() ? unknown : found->second;
  };
  std::vector<double> fastest;
  std::vector<std::string> cells{"network", ""};
  for (const std::string& device : devices) {
    cells.push_back(markup_text(device));
    fastest.push_back(unknown);
    for (const gated_report_network& each : data.networks)
      if (!is_beside(each.role)) fastest.back() = std::fmin(fastest.back(), on(each, device));
  }
  std::string rows = table_row(cells, 2, true);
  for (const gated_report_network& each : data.networks) {
    cells = {markup_text(each.name), std::string(to_text(each.role))};
    for (std::size_t at = 0; at < devices.size(); ++at) {
      const double value = on(each, devices[at]);
      const bool is_fastest = !is_beside(each.role) && value == fastest[at];
      cells.push_back(is_fastest ? "<b>" + milliseconds_text(value) + "</b>" : milliseconds_text(value));
    }
    rows += table_row(cells, 2);
  }
  return section(
      "On other devices",
      "The same networks by the table of each device; bold: the fastest that was searched for. A search pays where the network "
      "that was searched for a device is the bold one in its column.",
      scrolling_table(rows));
}

inline std::string network_section(const gated_data& data) {
  if (data.networks.empty()) return {};
  plot summed = gated_score_plot(data, "cost in the search" + (data.cost.empty() ? "" : " (" + data.cost + ")"),
                                    &gated_report_network::summed);
  plot measured = gated_score_plot(data, "measured latency (ms)", &gated_report_network::milliseconds);
  add_target(summed, data, true);
  if (limits_measured(data)) add_target(measured, data, true);
  std::string pictures;
  for (const plot& picture : {summed, measured})
    if (!picture.series.empty()) pictures += "<div>" + picture.svg() + "</div>";
  return section(capital(score_words(data.measure).score) + " against cost", "Every network was trained by itself, with the same recipe.",
                 "<div class='pair'>" + pictures + "</div>" + gated_network_table(data));
}

/// The found network in a few numbers, and how it does beside random ones.
inline std::string gated_cards(const gated_data& data) {
  const auto found =
      std::find_if(data.networks.begin(), data.networks.end(), [](const auto& each) { return each.role == gated_role::found; });
  if (found == data.networks.end()) return {};
  const drawn_score drawn(data.networks);
  const score_words words(data.measure);
  const double reached = (*found).*drawn.of;
  std::string html;
  if (std::isfinite(reached))
    html += card(score_text(data.measure, reached), drawn.set + " " + words.score + " of the found network");
  const bool measured = limits_measured(data) && std::isfinite(found->milliseconds);
  if (const double cost = measured ? found->milliseconds : found->summed; std::isfinite(cost))
    html += card(cost_text(cost, data.cost), (measured ? "measured" : "counted") +
                                                 (data.target > 0 ? ", " + change_text(cost / data.target - 1) +
                                                                        " of the target of " + cost_text(data.target, data.cost)
                                                                  : std::string(", without a target")));
  const auto left_out = std::count_if(found->blocks.begin(), found->blocks.end(), [](const auto& each) { return each.is_zero; });
  if (!found->blocks.empty() && !data.blocks.empty())
    html += card(std::to_string(left_out) + " of " + std::to_string(data.blocks.size()), "searched blocks left out");
  std::vector<double> random;
  for (const gated_report_network& each : data.networks)
    if (each.role == gated_role::random && std::isfinite(each.*drawn.of)) random.push_back(each.*drawn.of);
  if (std::isfinite(reached) && !random.empty()) {
    std::sort(random.begin(), random.end());
    const std::size_t half = random.size() / 2;
    const double median = random.size() % 2 ? random[half] : (random[half - 1] + random[half]) / 2;
    html +=
        card(fixed_text(data.measure.merit(data.measure.factor * (reached - median)), 2),
             words.points + ' ' + words.better + " than " + (random.size() == 1 ? std::string("a random network") : "the median of " + std::to_string(random.size()) + " random networks"));
  }
  return html.empty() ? html : "<div class='cards'>" + html + "</div>";
}

}  // namespace detail

/// Everything that the page shows, for other programs. Scores as the metric gives them (an accuracy in 0..1), latencies in ms, null: not known.
/// Throws `error` where the probabilities of an epoch are not those of the blocks.
inline json gated_json(const gated_data& data) {
  detail::check(data);
  const detail::score_words words(data.measure);
  json result = {{"schema", 1},
                 {"title", data.title},
                 {"facts", detail::facts_json(data.facts)},
                 {"warnings", data.warnings},
                 {"metric", data.measure.name},
                 {"cost", data.cost},
                 {"target", number_or_null(data.target)},
                 {"tolerance", number_or_null(data.tolerance)},
                 {"blocks", json::array()},
                 {"epochs", json::array()},
                 {"networks", json::array()}};
  for (const gated_report_block& each : data.blocks)
    result["blocks"].push_back({{"name", each.name}, {"candidates", each.candidates}});
  for (const gated_report_epoch& each : data.epochs) {
    json probabilities = json::array();
    for (const double value : each.probabilities) probabilities.push_back(number_or_null(value));
    result["epochs"].push_back({{"epoch", each.epoch},
                                {"warmup", each.is_warmup},
                                {"loss", number_or_null(each.loss)},
                                {words.score_key("train_"), number_or_null(each.train_accuracy)},
                                {words.score_key("validation_"), number_or_null(each.validation_accuracy)},
                                {"entropy", number_or_null(each.entropy)},
                                {"expected", number_or_null(each.expected)},
                                {"likeliest", number_or_null(each.likeliest)},
                                {"learning_rate", number_or_null(each.learning_rate)},
                                {"loss_pull", number_or_null(each.loss_pull)},
                                {"cost_pull", number_or_null(each.cost_pull)},
                                {"probabilities", probabilities}});
  }
  for (const gated_report_network& each : data.networks) {
    json blocks = json::array(), files = json::array(), costs = json::array();
    for (const drawn_block& block : each.blocks)
      blocks.push_back({{"name", block.name},
                        {"candidate", block.candidate},
                        {"label", block.label},
                        {"kernel", block.kernel},
                        {"expand", block.expand},
                        {"stride", block.stride},
                        {"out", {block.out.h, block.out.w, block.out.c}},
                        {"zero", block.is_zero}});
    for (const auto& [label, path] : each.files) files.push_back({{"label", label}, {"path", path}});
    for (const auto& [device, value] : each.costs) costs.push_back({{"device", device}, {"milliseconds", number_or_null(value)}});
    result["networks"].push_back({{"name", each.name},
                                  {"role", std::string(to_text(each.role))},
                                  {"choice", each.choice},
                                  {"blocks", blocks},
                                  {"macs", number_or_null(each.macs)},
                                  {"parameters", number_or_null(each.parameters)},
                                  {"summed", number_or_null(each.summed)},
                                  {"milliseconds", number_or_null(each.milliseconds)},
                                  {"peak_bytes", number_or_null(each.peak_bytes)},
                                  {words.score_key(), number_or_null(each.accuracy)},
                                  {words.score_key("test_"), number_or_null(each.test_accuracy)},
                                  {"files", files},
                                  {"costs", costs}});
  }
  return result;
}

/// The whole page. Throws as gated_json does.
inline std::string gated_html(const gated_data& data) {
  using namespace detail;
  const json numbers = gated_json(data);
  const std::vector<candidate_look> looks = candidate_looks(data);
  std::string html = page_head(data.title) + gated_cards(data) + warning_list(data.warnings);
  if (data.networks.empty() && data.epochs.empty()) html += section("The search", "Nothing has been searched yet.", "");
  return html + drawing_section(data, looks) + probability_section(data, looks) + epoch_section(data) + network_section(data) +
         device_section(data) + fact_section(data.facts) + page_foot(numbers);
}

}  // namespace hasse
