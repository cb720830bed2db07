// What a search for several devices found, as the report and the terminal show it: frontiers over one another, and who serves which.
// Used by report.inl.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <hasse/result/detail/page.hpp>
#include <hasse/result/detail/score.hpp>
#include <hasse/result/numbers.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/result/svg.hpp>

namespace hasse::detail {

inline std::size_t served_by(const report_network& network) {
  return static_cast<std::size_t>(std::count_if(network.places.begin(), network.places.end(), [](const report_place& each) { return each.on_frontier; }));
}

/// As if all devices were one: on the frontier is what is so on any.
inline report_data united(report_data data) {
  if (!data.devices.empty())
    for (report_network& each : data.networks) each.on_frontier = served_by(each) > 0;
  return data;
}

/// The frontier of every device, each in a colour of its own.
inline plot devices_plot(const report_data& data) {
  constexpr std::array colours{ink::frontier, ink::other, ink::good, ink::pruned, ink::violation};
  const report_words words(data);
  plot picture{.title = capital(words.cost) + " against " + words.score + ": the frontiers of " + std::to_string(data.devices.size()) + " devices",
               .x = {.label = cost_label(data)}, .y = {.label = score_label(data, "validation")}, .width = 860, .height = 460};
  double least = std::numeric_limits<double>::max(), most = 0;
  for (std::size_t device = 0; device < data.devices.size(); ++device) {
    const report_data one = on_device(data, device);
    plot_series steps{.name = data.devices[device], .colour = colours[device % colours.size()], .shape = plot_shape::steps, .size = 2.2, .dashed = device >= colours.size()};
    plot_series points{.colour = steps.colour, .size = 4.5};
    for (const std::size_t i : frontier_order(one)) {
      const report_network& network = one.networks[i];
      const double cost = shown_cost(data, network.cost);
      if (cost > 0) least = std::min(least, cost), most = std::max(most, cost);
      steps.points.push_back({cost, data.measure.factor * network.score, {}, {}});
      points.points.push_back({cost, data.measure.factor * network.score, network_hint(one, network) + "\non " + data.devices[device], {}});
    }
    picture.series.push_back(std::move(steps)), picture.series.push_back(std::move(points));
  }
  picture.x.logarithmic = most > 4 * least;
  return picture;
}

/// "5 networks are on a frontier, 2 of them on several."
inline std::string serving_summary(const report_data& data) {
  const std::vector<std::size_t> order = union_order(data);
  const auto shared = std::count_if(order.begin(), order.end(), [&](std::size_t i) { return served_by(data.networks[i]) > 1; });
  return std::to_string(order.size()) + (order.size() == 1 ? " network is" : " networks are") + " on the frontier of one of " + std::to_string(data.devices.size()) + " devices at least, " +
         (shared == 0 ? "none" : std::to_string(shared)) + (shared == 1 ? " serves" : " of them serve") + " several.";
}

/// Every network that is on a frontier, with what it costs on every device: as a whole where that is known. A star: on the frontier there.
inline std::string serving_rows(const report_data& data) {
  const report_words words(data);
  const std::vector<std::size_t> order = union_order(data);
  std::string html = "<div class='scroll'><table><tr><th>#</th><th class='name'>architecture</th><th>" + markup_text(words.score) + "<br>(validation)</th>";
  for (const std::string& device : data.devices) html += "<th style='white-space:normal'>" + markup_text(device) + "</th>";
  html += "<th>serves</th></tr>";
  for (std::size_t row = 0; row < order.size(); ++row) {
    const report_network& network = data.networks[order[row]];
    html += "<tr><td>" + std::to_string(row + 1) + "</td><td class='name'>" + code(network.name) + "</td><td>" + score_text(data, network.score) + "</td>";
    for (const report_place& place : network.places) html += "<td>" + std::string(place.on_frontier ? "&#9733; " : "") + cost_text(data, place.counted()) + "</td>";
    html += "<td>" + std::to_string(served_by(network)) + "</td></tr>";
  }
  return html + "</table></div>" + paragraph("A star: on the frontier of that device.");
}

/// The same for a terminal.
inline std::string serving_text(const report_data& data) {
  std::string text = serving_summary(data) + "\n";
  for (const std::size_t i : union_order(data)) {
    const report_network& network = data.networks[i];
    if (served_by(network) < 2) continue;
    std::string devices;
    for (std::size_t device = 0; device < network.places.size(); ++device)
      if (network.places[device].on_frontier) devices += (devices.empty() ? "" : ", ") + std::to_string(device + 1);
    std::string name;
    for (const char letter : network.name) name += letter >= ' ' && letter <= '~' ? letter : '?';
    text += "serves devices " + devices + ": " + name + ", " + score_text(data, network.score) + "\n";
  }
  return text;
}

}  // namespace hasse::detail
