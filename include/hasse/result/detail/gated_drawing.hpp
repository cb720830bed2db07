// The networks of a search through gates, drawn beneath each other. Used by the page.
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
    if (!each.blocks.empty()) (is_beside(each.role) ? random : found).push_back(&each);
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
  if (!random.empty()) html += folded(random.front()->role == gated_role::random ? "The random networks drawn" : "The others drawn", draw(random));
  return section(
      all.size() == 1 ? "The network that was found" : "The networks that were found",
      "A box is a block: the higher, the larger its kernel; the wider, the more it expands its channels; colours are those of "
      "its candidates below. A dashed box was left out. Between the boxes stands the shape of what passes, height x width x "
      "channels, where it changes" +
          std::string(all.size() > 1 ? "; a red line marks a block that the first network does not have in this place." : "."),
      html + folded("Block by block", block_table(all)));
}

}  // namespace hasse::detail
