// The page of result/gated_report.hpp: its pictures, tables and numbers. Used there and in its test.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/file/json.hpp>
#include <hasse/result/detail/page.hpp>
#include <hasse/result/gated_data.hpp>
#include <hasse/result/svg.hpp>

namespace hasse {

namespace detail {

inline constexpr std::array gated_roles{gated_role::random, gated_role::other, gated_role::found};

constexpr ink ink_of(gated_role role) {
  return role == gated_role::found ? ink::frontier : role == gated_role::other ? ink::other : ink::trained;
}

/// Throws `error` where an epoch's probabilities are not those of the blocks.
inline void check(const gated_data& data) {
  std::size_t wanted = 0;
  for (const gated_report_block& block : data.blocks) wanted += block.candidates.size();
  for (const gated_report_epoch& each : data.epochs)
    if (!each.probabilities.empty() && each.probabilities.size() != wanted)
      throw error("epoch " + std::to_string(each.epoch) + " of a report was given " + std::to_string(each.probabilities.size()) +
                  " probabilities, and its blocks have " + std::to_string(wanted) +
                  " candidates; give one for each candidate, block after block, or none");
}

inline std::string cost_text(double value, const std::string& unit) {
  if (unit == "ms") return milliseconds_text(value);
  const double size = std::abs(value);
  return fixed_text(value, size < 10 ? 3 : size < 1000 ? 2 : 0) + (std::isfinite(value) && !unit.empty() ? " " + unit : "");
}
/// Four digits of a number of any size: "0.6931", "1.25e-05".
inline std::string digits_text(double value) {
  if (!std::isfinite(value)) return "-";
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, 4).ptr};
}
/// "+1.2 %".
inline std::string change_text(double share) { return (share > 0 ? "+" : "") + percent_text(share, 1); }

/// How a candidate looks in every picture of a page: candidates that begin alike (k5e3, k5e6) share a hue.
struct candidate_look {
  std::string text;
  ink colour = ink::trained;
  double strength = 0.55;  ///< opacity
  std::string group{};
};

/// One look for each word that names a candidate, in the order in which they come up. Zero is grey.
inline std::vector<candidate_look> candidate_looks(const gated_data& data) {
  std::vector<candidate_look> looks;
  std::vector<std::string> groups;
  const auto add = [&](const std::string& text) {
    if (text.empty() || std::any_of(looks.begin(), looks.end(), [&](const auto& each) { return each.text == text; })) return;
    const std::string_view digits = "0123456789";
    const std::size_t number = text.find_first_of(digits);
    candidate_look look{.text = text,
                        .group = text.substr(0, number == text.npos ? number : text.find_first_not_of(digits, number))};
    if (text != "zero" && std::find(groups.begin(), groups.end(), look.group) == groups.end()) groups.push_back(look.group);
    looks.push_back(std::move(look));
  };
  for (const gated_report_block& block : data.blocks)
    for (const std::string& text : block.candidates) add(text);
  for (const gated_report_network& network : data.networks)
    for (const drawn_block& block : network.blocks) add(block.is_zero ? "zero" : block.candidate);
  constexpr std::array inks{ink::frontier, ink::other, ink::good, ink::pruned, ink::violation};
  for (std::size_t group = 0; group < groups.size(); ++group) {
    const auto is_member = [&](const candidate_look& each) { return each.text != "zero" && each.group == groups[group]; };
    const auto members = std::count_if(looks.begin(), looks.end(), is_member);
    double place = 0;
    for (candidate_look& each : looks)
      if (is_member(each)) {
        each.colour = inks[group % inks.size()];
        each.strength = members < 2 ? 1 : 0.45 + 0.55 * place++ / static_cast<double>(members - 1);
      }
  }
  return looks;
}

inline const candidate_look& look_of(const std::vector<candidate_look>& looks, const std::string& text) {
  static const candidate_look same{.text = {}, .colour = ink::grid, .strength = 1};
  const auto found = std::find_if(looks.begin(), looks.end(), [&](const candidate_look& each) { return each.text == text; });
  return found == looks.end() ? same : *found;
}

inline std::string candidate_legend(const std::vector<candidate_look>& looks) {
  std::string html = "<p class='keys'>";
  for (const candidate_look& each : looks)
    html += "<span><i class='k-" + std::string(name_of(each.colour)) + "' style='opacity:" + fixed_text(each.strength, 2) +
            "'></i>" + markup_text(each.text) + "</span>";
  return html + "</p>";
}

/// A probability as it is drawn: whatever it is, inside of 0..1.
inline double drawn_share(double probability) { return std::isfinite(probability) ? std::clamp(probability, 0.0, 1.0) : 0.0; }

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

/// Where the columns of drawn networks stand: there is a gap before a block that changes the resolution, and room for the shape
/// behind one that changes the shape, whichever network does.
struct block_columns {
  std::vector<double> middle;
  double width = 1040;
  explicit block_columns(const std::vector<const gated_report_network*>& networks) {
    std::size_t count = 0;
    for (const gated_report_network* each : networks) count = std::max(count, each->blocks.size());
    const double pitch = std::clamp(840.0 / static_cast<double>(std::max<std::size_t>(1, count)), 34.0, 84.0);
    const auto any = [&](std::size_t at, auto changes) {
      return at > 0 && std::any_of(networks.begin(), networks.end(), [&](const gated_report_network* each) {
               return at < each->blocks.size() && changes(each->blocks[at - 1].out, each->blocks[at].out);
             });
    };
    double x = 24 - pitch;
    for (std::size_t at = 0; at < count; ++at) {
      const bool resolves = any(at, [](feature_shape from, feature_shape to) { return from.h != to.h || from.w != to.w; });
      const bool was_shaped = at == 1 || any(at - 1, std::not_equal_to<feature_shape>());
      x += pitch + (resolves ? 12 : 0) + (at > 0 && was_shaped ? 7 : 0);
      middle.push_back(x);
    }
    width = std::max(width, x + 40);
  }
};

/// How many places hold another block than in the other network; they are compared where both have blocks.
inline bool differs(const drawn_block& one, const drawn_block& other) {
  return one.is_zero != other.is_zero || one.label != other.label || one.candidate != other.candidate;
}
inline bool differs(const gated_report_network& one, const gated_report_network& other, std::size_t at) {
  return at >= one.blocks.size() || at >= other.blocks.size() || differs(one.blocks[at], other.blocks[at]);
}

inline std::string hwc_text(feature_shape it) {
  return std::to_string(it.h) + "x" + std::to_string(it.w) + "x" + std::to_string(it.c);
}

/// What a network is, and how well it does, in one line.
inline std::string network_line(const gated_report_network& network, const gated_data& data) {
  std::string line;
  const auto add = [&](bool known, const std::string& text) {
    if (known) line += (line.empty() ? "" : ", ") + text;
  };
  const bool has_test = std::isfinite(network.test_accuracy);
  add(has_test, percent_text(network.test_accuracy) + " on test images");
  add(!has_test && std::isfinite(network.accuracy), percent_text(network.accuracy) + " on validation images");
  add(std::isfinite(network.summed), cost_text(network.summed, data.cost) + " summed");
  add(std::isfinite(network.milliseconds), milliseconds_text(network.milliseconds) + " measured");
  add(std::isfinite(network.macs), count_text(network.macs) + " MACs");
  return line;
}

/// A network as a row of boxes: as high as its kernels, as wide as its expansion. Blocks that the first network does not have in
/// their place are underlined.
inline std::string network_drawing(const gated_report_network& network, const gated_report_network& compared,
                                   const block_columns& columns, const gated_data& data, const std::vector<candidate_look>& looks) {
  const double height = 168, middle = 92, bar = height - 10;
  int most = 1;
  for (const drawn_block& each : compared.blocks) most = std::max(most, each.expand);
  for (const drawn_block& each : network.blocks) most = std::max(most, each.expand);
  std::string title = network.name + ":", svg;
  std::size_t different = 0;
  for (std::size_t at = 0; at < network.blocks.size(); ++at) {
    const drawn_block& block = network.blocks[at];
    const double x = columns.middle[at];
    const double high = block.is_zero ? 44 : 44 + 8.0 * std::clamp(block.kernel, 0, 9);
    const double wide = block.is_zero ? 8 : block.expand > 0 ? 14 + 8.0 * std::min(block.expand, most) / most : 16;
    const std::string hint = (block.name.empty() ? "" : block.name + ": ") + (block.is_zero ? "left out" : block.label);
    title += (at ? ", " : " ") + hint;
    const std::string frame = "<rect x='" + svg_number(x - wide / 2) + "' y='" + svg_number(middle - high / 2) + "' width='" +
                              svg_number(wide) + "' height='" + svg_number(high) + "' rx='3' class='";
    const std::string note = "<title>" + markup_text(hint + ", " + hwc_text(block.out)) + "</title></rect>";
    const auto upright = [&](double from, std::string_view text, const std::string& style, const std::string& look) {
      const std::string at_x = svg_number(from), at_y = svg_number(middle);
      return "<text x='" + at_x + "' y='" + at_y + "' text-anchor='middle' transform='rotate(-90 " + at_x + " " + at_y +
             ")' style='" + style + "' pointer-events='none' " + look + ">" + markup_text(text) + "</text>";
    };
    if (block.is_zero) {
      svg += frame + "k-quiet' fill='transparent' stroke='currentColor' stroke-dasharray='3 3'>" + note;
    } else {
      const candidate_look& look = look_of(looks, block.candidate);
      svg += frame + "paper'/>" + frame + "k-" + std::string(name_of(look.colour)) + "' fill='currentColor' opacity='" +
             fixed_text(look.strength, 2) + "'>" + note;
      const bool is_dark = look.strength > 0.8 && look.colour != ink::grid;
      const auto room = static_cast<std::size_t>((high - 4) / (0.56 * 10.5));
      svg += upright(x + 3.7, std::string_view(block.label).substr(0, room), "font-size:10.5px",
                     is_dark ? "class='paper'" : "class='k-text' fill='currentColor'");
    }
    const bool is_last = at + 1 == network.blocks.size();
    const feature_shape before = at ? network.blocks[at - 1].out : feature_shape{};
    if (block.out != before || is_last) {
      const double beside = x + (is_last ? wide / 2 + 13 : (columns.middle[at + 1] - x) / 2 + 3.2);
      svg += "<g class='halo'>" +
             upright(beside, hwc_text(block.out), "font-size:9px;paint-order:stroke;stroke-width:4px",
                     "class='k-quiet' fill='currentColor'") +
             "</g>";
    }
    if (&network != &compared && differs(network, compared, at)) {
      ++different;
      svg += svg_line(x - 11, bar, x + 11, bar, ink::violation, 2.5);
    }
  }
  const double end = columns.middle[network.blocks.size() - 1];
  std::string heading = network_line(network, data);
  if (&network != &compared)
    heading += (heading.empty() ? "" : "; ") +
               (different == 0 ? std::string("the same blocks as ")
                               : std::to_string(different) + (different == 1 ? " block" : " blocks") + " unlike ") +
               compared.name;
  return svg_open(columns.width, height, title, false) +
         svg_text(8, 18, network.name, "start", ink::text, " style='font-size:13px;font-weight:600'") +
         svg_text(8 + text_width(network.name, 14.5) + 10, 18, heading, "start", ink::quiet) +
         svg_line(columns.middle.front(), middle, end, middle, ink::trained, 1.2) + svg + "</svg>\n";
}

/// Which block each network has in each place.
inline std::string block_table(const std::vector<const gated_report_network*>& networks) {
  std::size_t count = 0;
  const gated_report_network* longest = networks.front();
  for (const gated_report_network* each : networks)
    if (each->blocks.size() > count) count = each->blocks.size(), longest = each;
  std::vector<std::string> cells{"block"};
  for (const gated_report_network* each : networks) cells.push_back(markup_text(each->name));
  std::string rows = table_row(cells, cells.size(), true);
  for (std::size_t at = 0; at < count; ++at) {
    const std::string& name = longest->blocks[at].name;
    cells = {name.empty() ? std::to_string(at + 1) : markup_text(name)};
    for (const gated_report_network* each : networks) {
      const bool has = at < each->blocks.size();
      const std::string text = !has ? "-"
                               : each->blocks[at].is_zero
                                   ? "left out"
                                   : markup_text(each->blocks[at].label + ", " + hwc_text(each->blocks[at].out));
      cells.push_back(differs(*each, *networks.front(), at) ? "<b>" + text + "</b>" : text);
    }
    rows += table_row(cells, cells.size());
  }
  return scrolling_table(rows);
}

/// Networks with blocks, drawn beneath each other: those that were found in sight, random ones folded.
inline std::string drawing_section(const gated_data& data, const std::vector<candidate_look>& looks) {
  std::vector<const gated_report_network*> found, random, all;
  for (const gated_report_network& each : data.networks)
    if (!each.blocks.empty()) (each.role == gated_role::random ? random : found).push_back(&each);
  if (found.empty()) std::swap(found, random);
  if (found.empty()) return {};
  all = found;
  all.insert(all.end(), random.begin(), random.end());
  const block_columns columns(all);
  const auto draw = [&](const std::vector<const gated_report_network*>& networks) {
    std::string html = "<div class='scroll'><div style='min-width:" + fixed_text(0.85 * columns.width, 0) + "px'>";
    for (const gated_report_network* each : networks) html += network_drawing(*each, *found.front(), columns, data, looks);
    return html + "</div></div>";
  };
  std::string html = draw(found);
  if (!random.empty()) html += folded("The random networks drawn", draw(random));
  return section(
      all.size() == 1 ? "The network that was found" : "The networks that were found",
      "A box is a block: the higher, the larger its kernel; the wider, the more it expands its channels; colours are those of "
      "its candidates below. A dashed box was left out. Between the boxes stands the shape of what passes, height x width x "
      "channels, where it changes" +
          std::string(all.size() > 1 ? "; a red line marks a block that the first network does not have in this place." : "."),
      html + folded("Block by block", block_table(all)));
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

/// Whether the target is about the latency that was measured on this machine.
inline bool limits_measured(const gated_data& data) { return data.cost == "ms" && data.is_measured; }

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
                 {{"of the cross-entropy", ink::frontier, &epoch::loss_pull}, {"of the cost", ink::other, &epoch::cost_pull}});
  double least = 0, most = 0;
  for (const plot_series& line : pull.series)
    for (const plot_point& point : line.points)
      if (point.y > 0) least = least > 0 ? std::min(least, point.y) : point.y, most = std::max(most, point.y);
  pull.y.logarithmic = least > 0 && most > 20 * least;
  std::string pictures;
  for (const plot& picture :
       {cost, entropy, epoch_plot(data, "loss of the paths that were drawn", {{"", ink::frontier, &epoch::loss}}),
        epoch_plot(data, "accuracy (%)",
                   {{"training", ink::trained, &epoch::train_accuracy, 100},
                    {"validation, likeliest", ink::frontier, &epoch::validation_accuracy, 100}}),
        pull})
    if (!picture.series.empty()) pictures += "<div>" + picture.svg() + "</div>";

  std::string rows =
      table_row({"epoch", "", "loss", "accuracy<br>(training)", "accuracy<br>(validation)", "entropy", "expected<br>cost",
                 "cost of the<br>likeliest", "learning rate", "pull of the<br>cross-entropy", "pull of<br>the cost"},
                0, true);
  for (const epoch& each : data.epochs)
    rows += table_row({std::to_string(each.epoch), each.is_warmup ? "warm-up" : "", fixed_text(each.loss, 4),
                       percent_text(each.train_accuracy), percent_text(each.validation_accuracy), fixed_text(each.entropy, 4),
                       markup_text(cost_text(each.expected, data.cost)), markup_text(cost_text(each.likeliest, data.cost)),
                       fixed_text(each.learning_rate, 6), digits_text(each.loss_pull), digits_text(each.cost_pull)},
                      0);
  return section(
      "Epoch by epoch",
      "Loss and training accuracy are those of paths that are drawn at random while all candidates learn; they say little "
      "about what a network reaches that is trained by itself.",
      "<div class='pair'>" + pictures + "</div>" + folded("All epochs", scrolling_table(rows)));
}

/// Accuracy against a number of the networks, marks by role.
inline plot gated_accuracy_plot(const gated_data& data, const std::string& label, double gated_report_network::*across) {
  const drawn_accuracy accuracy(data.networks);
  plot picture{
      .title = "Accuracy against " + label, .x = {.label = label}, .y = {.label = accuracy.label}, .width = 560, .height = 380};
  for (const gated_role role : gated_roles) {
    plot_series marks{.name = std::string(to_text(role)), .colour = ink_of(role), .size = role == gated_role::random ? 4.0 : 5.0};
    for (const gated_report_network& network : data.networks) {
      const double x = network.*across, y = 100 * (network.*accuracy.of);
      if (network.role != role || !std::isfinite(x) || !std::isfinite(y)) continue;
      const std::string facts = network_line(network, data);
      marks.points.push_back(
          {x, y, network.name + (facts.empty() ? "" : ": " + facts), role == gated_role::random ? std::string() : network.name});
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
  const auto percent = [](double value) { return percent_text(value); };
  const double network::*limited = limits_measured(data) ? &network::milliseconds : &network::summed;
  const std::vector<network_column> columns{
      {"accuracy<br>(validation)", with(&network::accuracy, percent)},
      {"accuracy<br>(test)", with(&network::test_accuracy, percent)},
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
      if (each.role != gated_role::random) fastest.back() = std::fmin(fastest.back(), on(each, device));
  }
  std::string rows = table_row(cells, 2, true);
  for (const gated_report_network& each : data.networks) {
    cells = {markup_text(each.name), std::string(to_text(each.role))};
    for (std::size_t at = 0; at < devices.size(); ++at) {
      const double value = on(each, devices[at]);
      const bool is_fastest = each.role != gated_role::random && value == fastest[at];
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
  plot summed = gated_accuracy_plot(data, "cost in the search" + (data.cost.empty() ? "" : " (" + data.cost + ")"),
                                    &gated_report_network::summed);
  plot measured = gated_accuracy_plot(data, "measured latency (ms)", &gated_report_network::milliseconds);
  add_target(summed, data, true);
  if (limits_measured(data)) add_target(measured, data, true);
  std::string pictures;
  for (const plot& picture : {summed, measured})
    if (!picture.series.empty()) pictures += "<div>" + picture.svg() + "</div>";
  return section("Accuracy against cost", "Every network was trained by itself, with the same recipe.",
                 "<div class='pair'>" + pictures + "</div>" + gated_network_table(data));
}

/// The found network in a few numbers, and how it does beside random ones.
inline std::string gated_cards(const gated_data& data) {
  const auto found =
      std::find_if(data.networks.begin(), data.networks.end(), [](const auto& each) { return each.role == gated_role::found; });
  if (found == data.networks.end()) return {};
  const drawn_accuracy accuracy(data.networks);
  const double reached = (*found).*accuracy.of;
  std::string html;
  if (std::isfinite(reached))
    html += card(percent_text(reached), accuracy.label.substr(0, accuracy.label.find(" (")) + " of the found network");
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
    if (each.role == gated_role::random && std::isfinite(each.*accuracy.of)) random.push_back(each.*accuracy.of);
  if (std::isfinite(reached) && !random.empty()) {
    std::sort(random.begin(), random.end());
    const std::size_t half = random.size() / 2;
    const double median = random.size() % 2 ? random[half] : (random[half - 1] + random[half]) / 2;
    html +=
        card(fixed_text(100 * (reached - median), 2),
             random.size() == 1 ? "points more accurate than a random network"
                                : "points more accurate than the median of " + std::to_string(random.size()) + " random networks");
  }
  return html.empty() ? html : "<div class='cards'>" + html + "</div>";
}

}  // namespace detail

/// Everything that the page shows, for other programs. Accuracies and probabilities in 0..1, latencies in ms, null: not known.
/// Throws `error` where the probabilities of an epoch are not those of the blocks.
inline json gated_json(const gated_data& data) {
  detail::check(data);
  json result = {{"schema", 1},
                 {"title", data.title},
                 {"facts", json::object()},
                 {"warnings", data.warnings},
                 {"cost", data.cost},
                 {"target", number_or_null(data.target)},
                 {"tolerance", number_or_null(data.tolerance)},
                 {"blocks", json::array()},
                 {"epochs", json::array()},
                 {"networks", json::array()}};
  for (const auto& [key, value] : data.facts) result["facts"][key] = value;
  for (const gated_report_block& each : data.blocks)
    result["blocks"].push_back({{"name", each.name}, {"candidates", each.candidates}});
  for (const gated_report_epoch& each : data.epochs) {
    json probabilities = json::array();
    for (const double value : each.probabilities) probabilities.push_back(number_or_null(value));
    result["epochs"].push_back({{"epoch", each.epoch},
                                {"warmup", each.is_warmup},
                                {"loss", number_or_null(each.loss)},
                                {"train_accuracy", number_or_null(each.train_accuracy)},
                                {"validation_accuracy", number_or_null(each.validation_accuracy)},
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
                                  {"accuracy", number_or_null(each.accuracy)},
                                  {"test_accuracy", number_or_null(each.test_accuracy)},
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
