// The bodies of result/detail/slimming_page.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <hasse/result/detail/slimming_page.hpp>

namespace hasse {

namespace detail {

HASSE_BODY plot trace_plot(const slimming_data& data, bool of_cost) {
  double most = 0;
  for (const slimming_point& point : data.trace)
    if (std::isfinite(point.cost)) most = std::max(most, point.cost);
  const double unit = !of_cost ? 0.01 : most >= 2e9 ? 1e9 : most >= 2e6 ? 1e6 : most >= 2e3 ? 1e3 : 1;
  const std::string label = !of_cost ? "error (%)"
                                     : data.cost + (unit == 1e9   ? " (billions)"
                                                    : unit == 1e6 ? " (millions)"
                                                    : unit == 1e3 ? " (thousands)"
                                                                  : "");
  plot picture{
      .title = label + " after each removal", .x = {.label = "removals"}, .y = {.label = label}, .width = 560, .height = 360};
  plot_series way{.colour = ink::frontier, .shape = plot_shape::line, .size = 2}, steps{.colour = ink::frontier, .size = 2};
  plot_series goals{.colour = ink::good, .size = 5};
  for (const slimming_point& point : data.trace) {
    const double y = (of_cost ? point.cost : point.error) / unit;
    const std::string when = point.removed.empty() ? "start" : "removal " + fixed_text(point.step, 0) + ", " + point.removed;
    way.points.push_back({point.step, y, {}, {}});
    steps.points.push_back(
        {point.step, y, when + ": " + percent_text(point.error) + " error, " + count_text(point.cost) + " " + data.cost, {}});
  }
  for (const slimming_goal& goal : data.goals) {
    goals.name = "within a target";
    goals.points.push_back({goal.step, (of_cost ? goal.cost : goal.error) / unit,
                            "target " + count_text(goal.target) + " " + data.cost, count_text(goal.target)});
    if (!of_cost || data.trace.empty()) continue;
    const double level = goal.target / unit;
    picture.series.push_back({.colour = ink::quiet,
                              .shape = plot_shape::line,
                              .points = {{data.trace.front().step, level, {}, {}}, {data.trace.back().step, level, {}, {}}},
                              .size = 1,
                              .dashed = true});
  }
  for (plot_series* each : {&way, &steps, &goals}) picture.series.push_back(std::move(*each));
  return picture;
}

HASSE_BODY std::string channel_bars(const slimming_data& data, bool share) {
  const std::size_t groups = data.channels.size();
  const double width = 1040, height = 300, left = 64, right = width - 16, top = 40, bottom = height - 44;
  const int most = std::max(1, *std::max_element(data.channels.begin(), data.channels.end()));
  const axis_scale up{0, share ? 100.0 : most, bottom, top, false};
  std::string svg = svg_open(
      width, height, share ? "Share of channels kept in each group" : "Channels of each group before and after slimming", false);
  const axis_ticks ticks = round_ticks(up.least, up.most, false, 5);
  for (const double value : ticks.values)
    svg += svg_line(left, up.of(value), right, up.of(value), ink::grid) +
           svg_text(left - 8, up.of(value) + 4, fixed_text(value, ticks.decimals), "end", ink::quiet);
  const std::string middle = svg_number((top + bottom) / 2);
  svg += svg_text(16, (top + bottom) / 2, share ? "kept (%)" : "channels", "middle", ink::text,
                  " transform='rotate(-90 16 " + middle + ")'");
  svg += svg_text((left + right) / 2, height - 8, "channel group, in the order of the layers", "middle");

  const auto bar = [&](double x, double wide, int count, int all, ink colour, double opacity, const std::string& hint) {
    if (count < 0 || all < 1) return;
    const double at = up.of(std::min(share ? 100.0 * count / all : count, up.most));
    svg += "<rect x='" + svg_number(x) + "' y='" + svg_number(at) + "' width='" + svg_number(wide) + "' height='" +
           svg_number(bottom - at) + "' fill='currentColor' class='k-" + std::string(name_of(colour)) + "' opacity='" +
           fixed_text(opacity, 2) + "'><title>" + markup_text(hint) + "</title></rect>";
  };
  constexpr std::array inks{ink::frontier, ink::other, ink::good, ink::pruned, ink::violation};
  const double slot = (right - left) / static_cast<double>(groups),
               inner = 0.7 * slot / static_cast<double>(std::max<std::size_t>(1, data.goals.size()));
  const std::size_t every = std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(22 / slot)));
  for (std::size_t g = 0; g < groups; ++g) {
    const double x = left + slot * static_cast<double>(g);
    const int all = data.channels[g];
    bar(x + 0.07 * slot, 0.86 * slot, all, all, ink::trained, 0.35,
        group_name(data, g) + ": all " + std::to_string(all) + " channels");
    for (std::size_t i = 0; i < data.goals.size(); ++i)
      if (g < data.goals[i].channels.size())
        bar(x + 0.15 * slot + inner * static_cast<double>(i), inner, data.goals[i].channels[g], all, inks[i % inks.size()], 1,
            group_name(data, g) + ": " + std::to_string(data.goals[i].channels[g]) + " of " + std::to_string(all) +
                " channels within " + count_text(data.goals[i].target) + " " + data.cost);
    if (g % every == 0) svg += svg_text(x + slot / 2, bottom + 16, std::to_string(g), "middle", ink::quiet);
  }
  svg += svg_line(left, bottom, right, bottom, ink::quiet);
  double legend = right;
  for (std::size_t i = data.goals.size() + 1; i-- > 0;) {
    const std::string name = i == 0 ? "all channels" : count_text(data.goals[i - 1].target);
    legend -= text_width(name) + 4;
    svg += svg_text(legend, 24, name) + "<rect x='" + svg_number(legend - 16) +
           "' y='14' width='11' height='11' fill='currentColor' class='k-" +
           std::string(name_of(i == 0 ? ink::trained : inks[(i - 1) % inks.size()])) + "'" + (i == 0 ? " opacity='0.35'" : "") +
           "/>";
    legend -= 28;
  }
  return svg + "</svg>\n";
}

HASSE_BODY std::string network_table(const slimming_data& data) {
  const std::string score = markup_text(score_words(data.measure).score);
  std::string rows = table_row({"network", "weights", "width", score + "<br>(validation)", score + "<br>(test)", "latency", "MACs",
                                "parameters", "peak memory<br>(bytes)"},
                               2, true);
  bool configured = false;
  for (const slimming_network& network : data.networks) {
    rows += table_row({markup_text(network.name), markup_text(to_text(network.role)), width_cell(network),
                       markup_text(score_text(data.measure, network.accuracy)), markup_text(score_text(data.measure, network.test_accuracy)), milliseconds_text(network.milliseconds),
                       count_text(network.macs), count_text(network.parameters), count_text(network.peak_bytes)},
                      2);
    configured = configured || !network.configuration.empty();
  }
  std::string html = scrolling_table(rows);
  if (!configured) return html;
  rows = table_row({"network", "channels of each group"}, 2, true);
  for (const slimming_network& network : data.networks)
    if (!network.configuration.empty()) rows += table_row({markup_text(network.name), code(network.configuration, ',')}, 2);
  return html + folded("Configurations", scrolling_table(rows));
}

HASSE_BODY std::string trace_tables(const slimming_data& data) {
  std::string html;
  if (!data.goals.empty()) {
    html = "<div class='scroll'><table>" +
           table_row({"channels of each group", "target", markup_text(data.cost), "error", "removals"}, 1, true);
    for (const slimming_goal& goal : data.goals)
      html += table_row({code(to_text(channel_configuration{goal.channels}), ','), count_text(goal.target), count_text(goal.cost),
                         percent_text(goal.error), fixed_text(goal.step, 0)},
                        1);
    html += "</table></div>";
  }
  std::string rows = table_row({"removal", "channels", "error", markup_text(data.cost)}, 0, true);
  for (const slimming_point& point : data.trace)
    rows += table_row({fixed_text(point.step, 0), point.removed.empty() ? "all" : markup_text(point.removed),
                       percent_text(point.error), count_text(point.cost)},
                      0);
  return html + (data.trace.empty() ? "" : folded("All removals", scrolling_table(rows)));
}

HASSE_BODY std::string channel_table(const slimming_data& data) {
  std::vector<std::string> cells{"group", "all"};
  for (const slimming_goal& goal : data.goals) cells.push_back(count_text(goal.target));
  std::string rows = table_row(cells, 1, true);
  for (std::size_t g = 0; g < data.channels.size(); ++g) {
    cells = {markup_text(group_name(data, g)), std::to_string(data.channels[g])};
    for (const slimming_goal& goal : data.goals) cells.push_back(g < goal.channels.size() ? std::to_string(goal.channels[g]) : "-");
    rows += table_row(cells, 1);
  }
  return folded("Channels in numbers", scrolling_table(rows));
}

HASSE_BODY std::string comparison_cards(const slimming_data& data) {
  const drawn_score drawn(data.networks);
  const score_words words(data.measure);
  std::array<std::size_t, slimming_roles.size()> counts{};
  double sum = 0, worst = std::numeric_limits<double>::max();
  std::size_t pairs = 0;
  for (const slimming_network& one : data.networks) {
    ++counts[static_cast<std::size_t>(one.role)];
    for (const slimming_network& other : data.networks) {
      const double more = data.measure.merit(data.measure.factor * (one.*drawn.of - other.*drawn.of));
      if (one.role != slimming_role::shared || other.role != slimming_role::alone || one.width <= 0 || one.width != other.width ||
          !std::isfinite(more))
        continue;
      ++pairs, sum += more, worst = std::min(worst, more);
    }
  }
  std::string html = "<div class='cards'>" + card(std::to_string(counts[0]), "networks that share weights") +
                     card(std::to_string(counts[1]), "trained alone");
  if (pairs)
    html += card(
        fixed_text(sum / static_cast<double>(pairs), 2),
        words.points + " that the slimmable network is " + words.better + " at equal widths, in the mean (least: " + fixed_text(worst, 2) + ")");
  if (counts[2]) html += card(std::to_string(counts[2]), "slimmed greedily");
  return html + "</div>";
}

}  // namespace detail

HASSE_BODY json slimming_json(const slimming_data& data) {
  const detail::score_words words(data.measure);
  json result = {{"schema", 1},
                 {"title", data.title},
                 {"facts", detail::facts_json(data.facts)},
                 {"warnings", data.warnings},
                 {"networks", json::array()},
                 {"cost", data.cost},
                 {"trace", json::array()},
                 {"goals", json::array()},
                 {"channels", data.channels},
                 {"groups", json::array()}};
  for (const slimming_network& each : data.networks)
    result["networks"].push_back({{"name", each.name},
                                  {"weights", std::string(to_text(each.role))},
                                  {"width", number_or_null(detail::width_of(each))},
                                  {"configuration", each.configuration},
                                  {words.score_key(), number_or_null(each.accuracy)},
                                  {words.score_key("test_"), number_or_null(each.test_accuracy)},
                                  {"milliseconds", number_or_null(each.milliseconds)},
                                  {"macs", number_or_null(each.macs)},
                                  {"parameters", number_or_null(each.parameters)},
                                  {"peak_bytes", number_or_null(each.peak_bytes)}});
  for (const slimming_point& each : data.trace)
    result["trace"].push_back({{"step", number_or_null(each.step)},
                               {"error", number_or_null(each.error)},
                               {"cost", number_or_null(each.cost)},
                               {"removed", each.removed}});
  for (const slimming_goal& each : data.goals)
    result["goals"].push_back({{"target", number_or_null(each.target)},
                               {"step", number_or_null(each.step)},
                               {"error", number_or_null(each.error)},
                               {"cost", number_or_null(each.cost)},
                               {"channels", each.channels}});
  for (std::size_t g = 0; g < data.channels.size(); ++g) result["groups"].push_back(detail::group_name(data, g));
  return result;
}

HASSE_BODY std::string slimming_html(const slimming_data& data) {
  using namespace detail;
  std::string html = page_head(data.title) + comparison_cards(data) + warning_list(data.warnings);
  const std::string heading = capital(score_words(data.measure).score);
  if (data.networks.empty()) {
    html += section(heading, "No network has been evaluated yet.", "");
  } else {
    std::string pictures;
    for (const plot& picture : {score_plot(data, "width", "width", false, width_of),
                                score_plot(data, "latency", "latency (ms)", true,
                                              [](const slimming_network& it) { return it.milliseconds; }),
                                score_plot(data, "multiply-accumulates", "million MACs", true,
                                              [](const slimming_network& it) { return it.macs / 1e6; })})
      if (draws(picture)) pictures += "<div>" + picture.svg() + "</div>";
    html += section(heading, "The line is one network that runs at every width; marks are networks with weights of their own.",
                    "<div class='pair'>" + pictures + "</div>" + network_table(data));
  }
  if (!data.trace.empty() || !data.goals.empty())
    html += section("Greedy slimming",
                    "Each removal takes channels from the group where the error on one fixed batch grows least; the first network "
                    "within a target is kept.",
                    "<div class='pair'><div>" + trace_plot(data, false).svg() + "</div><div>" + trace_plot(data, true).svg() +
                        "</div></div>" + trace_tables(data));
  if (!data.channels.empty())
    html += section("The channels that are left", "Pale: all channels of a group. In front: what each target left of them.",
                    channel_bars(data, false) + channel_bars(data, true) + channel_table(data));
  return html + fact_section(data.facts) + page_foot(slimming_json(data));
}

}  // namespace hasse
