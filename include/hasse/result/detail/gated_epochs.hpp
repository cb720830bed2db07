// How a search through gates went, epoch by epoch: its probabilities, losses and costs. Used by the page.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <hasse/result/detail/gated_looks.hpp>
#include <hasse/result/detail/page.hpp>
#include <hasse/result/gated_data.hpp>
#include <hasse/result/svg.hpp>

namespace hasse::detail {

/// The candidate that a block would choose after an epoch, by its place in the flat list.
inline std::size_t likeliest(const gated_report_epoch& epoch, std::size_t first, std::size_t count) {
  std::size_t best = first;
  for (std::size_t i = first; i < first + count; ++i)
    if (drawn_share(epoch.probabilities[i]) > drawn_share(epoch.probabilities[best])) best = i;
  return best;
}

/// One block's probabilities over the epochs, stacked to 100 %. `first` is where the block begins in the flat lists.
inline std::string probability_chart(const gated_report_block& block, std::size_t first,
                                     const std::vector<const gated_report_epoch*>& epochs,
                                     const std::vector<candidate_look>& looks) {
  const double width = 250, height = 132, left = 6, right = width - 6, top = 24, bottom = height - 22;
  const axis_scale across{epochs.front()->epoch - 0.5, std::max(epochs.front()->epoch, epochs.back()->epoch) + 0.5, left, right,
                          false},
      up{0, 1, bottom, top, false};
  const std::size_t best = likeliest(*epochs.back(), first, block.candidates.size());
  const std::string end = block.candidates[best - first] + " " + percent_text(epochs.back()->probabilities[best], 0);
  std::string svg = svg_open(width, height, block.name + ": at the end " + end, false) +
                    svg_text(left, 16, block.name, "start", ink::text, " style='font-size:11px'") +
                    svg_text(right, 16, end, "end", ink::quiet, " style='font-size:11px'");
  const std::size_t every = (epochs.size() + 119) / 120;  // a picture has no room for more
  std::vector<double> below(epochs.size(), 0);
  for (std::size_t i = 0; i < block.candidates.size(); ++i) {
    std::string over, under;
    const auto mark = [&](double epoch, double low, double high) {
      const std::string x = svg_number(across.of(std::clamp(epoch, across.least, across.most)));
      over += (over.empty() ? "M" : "L") + x + " " + svg_number(up.of(high));
      under = "L" + x + " " + svg_number(up.of(low)) + under;
    };
    for (std::size_t at = 0; at < epochs.size(); ++at) {
      const double low = below[at], high = std::min(1.0, low + drawn_share(epochs[at]->probabilities[first + i]));
      below[at] = high;
      const bool is_first = at == 0, is_last = at + 1 == epochs.size();
      if (!is_first && !is_last && at % every != 0) continue;
      if (is_first) mark(across.least, low, high);
      mark(epochs[at]->epoch, low, high);
      if (is_last) mark(across.most, low, high);
    }
    const candidate_look& look = look_of(looks, block.candidates[i]);
    svg += "<path d='" + over + under + "Z' fill='currentColor' class='k-" + std::string(name_of(look.colour)) + "' opacity='" +
           fixed_text(look.strength, 2) + "'><title>" +
           markup_text(block.candidates[i] + ": " + percent_text(epochs.back()->probabilities[first + i], 1) + " at the end") +
           "</title></path>";
  }
  const auto last_warmup = std::find_if(epochs.rbegin(), epochs.rend(), [](const auto* each) { return each->is_warmup; });
  if (last_warmup != epochs.rend()) {
    const double until = across.of((*last_warmup)->epoch + 0.5);
    svg += "<rect class='paper' x='" + svg_number(left) + "' y='" + svg_number(top) + "' width='" + svg_number(until - left) +
           "' height='" + svg_number(bottom - top) + "' opacity='0.55'><title>warm-up</title></rect>" +
           svg_line(until, top, until, bottom, ink::quiet, 1, " stroke-dasharray='3 3'");
  }
  const std::string small = " style='font-size:10px'";
  svg += svg_text(left, height - 8, std::to_string(epochs.front()->epoch), "start", ink::quiet, small) +
         svg_text((left + right) / 2, height - 8, "epoch", "middle", ink::quiet, small);
  if (epochs.size() > 1) svg += svg_text(right, height - 8, std::to_string(epochs.back()->epoch), "end", ink::quiet, small);
  return svg + "</svg>\n";
}

/// A chart per searched block, and the last epoch in numbers. Empty without probabilities.
inline std::string probability_section(const gated_data& data, const std::vector<candidate_look>& looks) {
  std::vector<const gated_report_epoch*> epochs;
  for (const gated_report_epoch& each : data.epochs)
    if (!each.probabilities.empty()) epochs.push_back(&each);
  if (epochs.empty()) return {};
  std::vector<candidate_look> offered;  // no column for what only other networks have
  for (const candidate_look& look : looks)
    if (std::any_of(data.blocks.begin(), data.blocks.end(), [&](const gated_report_block& block) {
          return std::find(block.candidates.begin(), block.candidates.end(), look.text) != block.candidates.end();
        }))
      offered.push_back(look);
  std::vector<std::string> cells{"block"};
  for (const candidate_look& look : offered) cells.push_back(markup_text(look.text));
  std::string rows = table_row(cells, 1, true), charts;
  std::size_t first = 0;
  for (const gated_report_block& block : data.blocks) {
    if (block.candidates.empty()) continue;
    charts += "<div>" + probability_chart(block, first, epochs, looks) + "</div>";
    const std::size_t best = likeliest(*epochs.back(), first, block.candidates.size()) - first;
    cells = {markup_text(block.name)};
    for (const candidate_look& look : offered) {
      const auto found = std::find(block.candidates.begin(), block.candidates.end(), look.text);
      const auto at = static_cast<std::size_t>(found - block.candidates.begin());
      const std::string text = found == block.candidates.end() ? "" : percent_text(epochs.back()->probabilities[first + at], 1);
      cells.push_back(at == best ? "<b>" + text + "</b>" : text);
    }
    rows += table_row(cells, 1);
    first += block.candidates.size();
  }
  return section(
      "How every block made up its mind",
      "The probabilities of a block's candidates, stacked to 100 %, epoch by epoch; pale: the warm-up, in which they rest. In "
      "the corner is the likeliest candidate at the end.",
      candidate_legend(offered) + "<div class='charts'>" + charts + "</div>" +
          folded("Probabilities after epoch " + std::to_string(epochs.back()->epoch), scrolling_table(rows)));
}

/// A number of an epoch as a line of a plot.
struct epoch_line {
  std::string name;
  ink colour = ink::frontier;
  double gated_report_epoch::*of = nullptr;
  double factor = 1;
};

/// Lines over the epochs; those that are not known are left out. No series: nothing is known.
inline plot epoch_plot(const gated_data& data, const std::string& label, const std::vector<epoch_line>& lines) {
  plot picture{.title = label + " after each epoch", .x = {.label = "epoch"}, .y = {.label = label}, .width = 560, .height = 340};
  for (const epoch_line& line : lines) {
    plot_series way{.name = line.name, .colour = line.colour, .shape = plot_shape::line, .size = 2},
        marks{.colour = line.colour, .size = 2};
    for (const gated_report_epoch& each : data.epochs) {
      const double y = line.factor * (each.*line.of);
      if (!std::isfinite(y)) continue;
      const std::string hint =
          (line.name.empty() ? label : line.name) + " after epoch " + std::to_string(each.epoch) + ": " + digits_text(y);
      way.points.push_back({static_cast<double>(each.epoch), y, {}, {}});
      marks.points.push_back({static_cast<double>(each.epoch), y, hint, {}});
    }
    if (way.points.empty()) continue;
    picture.series.push_back(std::move(way));
    picture.series.push_back(std::move(marks));
  }
  const auto warms = [](const gated_report_epoch& each) { return each.is_warmup; };
  const auto first = std::find_if(data.epochs.begin(), data.epochs.end(), warms);
  const auto last = std::find_if(data.epochs.rbegin(), data.epochs.rend(), warms);
  if (first != data.epochs.end()) picture.bands.push_back({first->epoch - 0.5, last->epoch + 0.5, true, false, "warm-up"});
  return picture;
}

/// The target as a dashed line, around it what is tolerated.
inline void add_target(plot& picture, const gated_data& data, bool of_x) {
  if (!std::isfinite(data.target)) return;
  const double air = std::isfinite(data.tolerance) && data.tolerance > 0 ? data.tolerance * std::abs(data.target) : 0;
  picture.bands.push_back({data.target - air, data.target + air, of_x, true, "target"});
}

inline std::string epoch_section(const gated_data& data) {
  if (data.epochs.empty()) return {};
  using epoch = gated_report_epoch;
  plot cost = epoch_plot(data, "cost" + (data.cost.empty() ? "" : " (" + data.cost + ")"),
                         {{"expected", ink::trained, &epoch::expected}, {"likeliest network", ink::frontier, &epoch::likeliest}});
  add_target(cost, data, false);
  plot entropy = epoch_plot(data, "entropy of a block (nats)", {{"", ink::frontier, &epoch::entropy}});
  double alike = 0;
  for (const gated_report_block& block : data.blocks)
    alike +=
        std::log(static_cast<double>(std::max<std::size_t>(1, block.candidates.size()))) / static_cast<double>(data.blocks.size());
  if (!data.blocks.empty()) entropy.bands.push_back({alike, alike, false, true, "all alike"});
  plot pull =
      epoch_plot(data, "norm of the gradient",
                 {{"of the loss", ink::frontier, &epoch::loss_pull}, {"of the cost", ink::other, &epoch::cost_pull}});
  double least = 0, most = 0;
  for (const plot_series& line : pull.series)
    for (const plot_point& point : line.points)
      if (point.y > 0) least = least > 0 ? std::min(least, point.y) : point.y, most = std::max(most, point.y);
  pull.y.logarithmic = least > 0 && most > 20 * least;
  std::string pictures;
  for (const plot& picture :
       {cost, entropy, epoch_plot(data, "loss of the paths that were drawn", {{"", ink::frontier, &epoch::loss}}),
        epoch_plot(data, score_label(data.measure, ""),
                   {{"training", ink::trained, &epoch::train_accuracy, data.measure.factor},
                    {"validation, likeliest", ink::frontier, &epoch::validation_accuracy, data.measure.factor}}),
        pull})
    if (!picture.series.empty()) pictures += "<div>" + picture.svg() + "</div>";

  const std::string name = score_words(data.measure).score, score = markup_text(name);
  std::string rows =
      table_row({"epoch", "", "loss", score + "<br>(training)", score + "<br>(validation)", "entropy", "expected<br>cost",
                 "cost of the<br>likeliest", "learning rate", "pull of<br>the loss", "pull of<br>the cost"},
                0, true);
  for (const epoch& each : data.epochs)
    rows += table_row({std::to_string(each.epoch), each.is_warmup ? "warm-up" : "", fixed_text(each.loss, 4),
                       markup_text(score_text(data.measure, each.train_accuracy)), markup_text(score_text(data.measure, each.validation_accuracy)), fixed_text(each.entropy, 4),
                       markup_text(cost_text(each.expected, data.cost)), markup_text(cost_text(each.likeliest, data.cost)),
                       fixed_text(each.learning_rate, 6), digits_text(each.loss_pull), digits_text(each.cost_pull)},
                      0);
  return section(
      "Epoch by epoch",
      "Loss and training " + name + " are those of paths that are drawn at random while all candidates learn; they say little "
      "about what a network reaches that is trained by itself.",
      "<div class='pair'>" + pictures + "</div>" + folded("All epochs", scrolling_table(rows)));
}

}  // namespace hasse::detail
