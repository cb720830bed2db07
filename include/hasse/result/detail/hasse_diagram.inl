// The bodies of result/detail/hasse_diagram.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <vector>

#include <hasse/result/detail/hasse_diagram.hpp>

namespace hasse::detail {

HASSE_BODY std::vector<std::size_t> around_frontier(const report_data& data, std::size_t most) {
  const std::size_t count = data.networks.size();
  std::vector<char> related(count, 0), near(count, 0);
  for (const report_pair& pair : data.pairs) {
    if (pair.lower >= count || pair.upper >= count) continue;
    related[pair.lower] = related[pair.upper] = 1;
    if (data.networks[pair.lower].on_frontier) near[pair.upper] = 1;
    if (data.networks[pair.upper].on_frontier) near[pair.lower] = 1;
  }
  std::vector<std::size_t> chosen;
  for (std::size_t i = 0; i < count; ++i)
    if (std::isfinite(data.networks[i].score) && (related[i] || data.networks[i].on_frontier)) chosen.push_back(i);
  const auto importance = [&](std::size_t i) { return data.networks[i].on_frontier ? 2 : near[i] ? 1 : 0; };
  std::stable_sort(chosen.begin(), chosen.end(), [&](std::size_t a, std::size_t b) {
    return importance(a) != importance(b) ? importance(a) > importance(b) : data.measure.merit(data.networks[a].score) > data.measure.merit(data.networks[b].score);
  });
  if (chosen.size() > most) chosen.resize(most);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

HASSE_BODY diagram lay_out(const report_data& data, std::size_t most) {
  diagram result;
  result.networks = around_frontier(data, most);
  const std::size_t count = result.networks.size();
  std::vector<std::size_t> node(data.networks.size(), count);
  for (std::size_t i = 0; i < count; ++i) node[result.networks[i]] = i;
  std::vector<std::vector<char>> below(count, std::vector<char>(count, 0));
  for (const report_pair& pair : data.pairs)
    if (pair.lower < node.size() && pair.upper < node.size() && node[pair.lower] < count && node[pair.upper] < count && pair.lower != pair.upper)
      below[node[pair.lower]][node[pair.upper]] = 1;
  for (std::size_t low = 0; low < count; ++low)
    for (std::size_t high = 0; high < count; ++high) {
      bool between = false;
      for (std::size_t middle = 0; middle < count && !between; ++middle) between = below[low][middle] && below[middle][high];
      if (below[low][high] && !between) result.covers.push_back({low, high});
    }

  result.row.assign(count, 0);
  for (bool moved = true; moved && result.rows <= count; ++result.rows) {  // a relation with a cycle is no order; then this ends, too
    moved = false;
    for (const diagram::edge& cover : result.covers)
      if (result.row[cover.upper] <= result.row[cover.lower] && result.row[cover.lower] < count) result.row[cover.upper] = result.row[cover.lower] + 1, moved = true;
  }
  for (std::size_t i = 0; i < count; ++i) {  // what has nothing below hangs under its lowest neighbour
    const auto is_upper = [&](const diagram::edge& cover) { return cover.upper == i; };
    std::size_t lowest = result.rows;
    for (const diagram::edge& cover : result.covers)
      if (cover.lower == i) lowest = std::min(lowest, result.row[cover.upper]);
    if (lowest > 0 && lowest < result.rows && std::none_of(result.covers.begin(), result.covers.end(), is_upper)) result.row[i] = lowest - 1;
  }
  result.rows = count ? *std::max_element(result.row.begin(), result.row.end()) + 1 : 0;

  std::vector<std::vector<std::size_t>> members(result.rows);
  for (std::size_t i = 0; i < count; ++i) members[result.row[i]].push_back(i);
  result.across.assign(count, 0.5);
  const auto spread = [&](std::vector<std::size_t>& row, bool shifted) {
    for (std::size_t place = 0; place < row.size(); ++place)
      result.across[row[place]] = (static_cast<double>(place) + (shifted ? 0.35 : 0.65)) / static_cast<double>(row.size());
  };
  for (std::size_t row = 0; row < result.rows; ++row) spread(members[row], row % 2);
  for (int sweep = 0; sweep < 12; ++sweep)
    for (std::size_t step = 0; step < result.rows; ++step) {
      const std::size_t row = sweep % 2 ? result.rows - 1 - step : step;
      std::vector<double> wish(count, 0), neighbours(count, 0);
      for (const diagram::edge& cover : result.covers) {
        wish[cover.upper] += result.across[cover.lower], ++neighbours[cover.upper];
        wish[cover.lower] += result.across[cover.upper], ++neighbours[cover.lower];
      }
      const auto place = [&](std::size_t i) { return neighbours[i] > 0 ? wish[i] / neighbours[i] : result.across[i]; };
      std::stable_sort(members[row].begin(), members[row].end(), [&](std::size_t a, std::size_t b) { return place(a) < place(b); });
      spread(members[row], row % 2);
    }
  return result;
}

HASSE_BODY std::string hasse_diagram(const report_data& data) {
  const diagram order = lay_out(data);
  if (order.covers.empty()) return {};
  const double gap = std::clamp(480.0 / static_cast<double>(order.rows), 56.0, 110.0), width = 1040, height = 36 + gap * static_cast<double>(order.rows - 1) + 36;
  const auto x = [&](std::size_t i) { return 30 + order.across[i] * (width - 60); };
  const auto y = [&](std::size_t i) { return height - 36 - gap * static_cast<double>(order.row[i]); };
  std::string svg = svg_open(width, height, "Hasse diagram of the trained networks around the frontier", false);
  const auto network = [&](std::size_t i) -> const report_network& { return data.networks[order.networks[i]]; };
  for (const bool wrong : {false, true})
    for (const diagram::edge& cover : order.covers)
      if ((data.measure.merit(network(cover.upper).score) < data.measure.merit(network(cover.lower).score)) == wrong)
        svg += svg_line(x(cover.lower), y(cover.lower), x(cover.upper), y(cover.upper), wrong ? ink::violation : ink::trained, wrong ? 1.5 : 1.1,
                        wrong ? " opacity='.8'" : " opacity='.55'");
  label_writer labels({6, 4, width - 6, height - 4});
  for (std::size_t i = 0; i < order.networks.size(); ++i) {
    const bool best = network(i).on_frontier;
    labels.avoid(x(i), y(i), best ? 8 : 6);
    svg += "<circle cx='" + svg_number(x(i)) + "' cy='" + svg_number(y(i)) + "' r='" + (best ? "6.5" : "4.5") + "' fill='currentColor' class='k-" +
           std::string(name_of(best ? ink::frontier : ink::trained)) + "'><title>" +
           markup_text(network(i).name + "\n" + score_text(data, network(i).score) + " in " + cost_text(data, network(i).cost)) + "</title></circle>";
  }
  const std::vector<std::size_t> numbers = frontier_order(data);
  const bool few = order.networks.size() <= 24;
  for (const bool best : {true, false})
    for (std::size_t i = 0; i < order.networks.size() && (best || few); ++i) {
      if (network(i).on_frontier != best) continue;
      const auto place = std::find(numbers.begin(), numbers.end(), order.networks[i]);
      const std::string number = place == numbers.end() ? std::string() : std::to_string(place - numbers.begin() + 1);
      if (!labels.write(svg, x(i), y(i), number.empty() ? network(i).name : number + "  " + network(i).name, best ? 11 : 9)) labels.write(svg, x(i), y(i), number);
    }
  return svg + "</svg>\n";
}

}  // namespace hasse::detail
