// The page of result/slimming_report.hpp: its pictures, tables and numbers. Used there and in its test.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/file.hpp>
#include <hasse/file/json.hpp>
#include <hasse/network/channel_groups.hpp>
#include <hasse/result/detail/page.hpp>
#include <hasse/result/detail/score.hpp>
#include <hasse/result/slimming_data.hpp>
#include <hasse/result/svg.hpp>

namespace hasse {

namespace detail {

inline constexpr std::array slimming_roles{slimming_role::shared, slimming_role::alone, slimming_role::slimmed};

constexpr ink ink_of(slimming_role role) {
  return role == slimming_role::shared ? ink::frontier : role == slimming_role::alone ? ink::other : ink::good;
}

inline double width_of(const slimming_network& network) { return network.width > 0 ? network.width / 1000.0 : unknown; }
inline std::string width_cell(const slimming_network& network) {
  return network.width > 0 ? hasse::width_text(network.width) : "-";
}

/// Scores against `across`: the slimmable network as a line, the others as marks.
template <class Across>
plot score_plot(const slimming_data& data, const std::string& against, const std::string& label, bool may_be_logarithmic,
                Across&& across) {
  const drawn_score drawn(data.networks);
  plot picture{.title = capital(score_words(data.measure).score) + " against " + against, .x = {.label = label}, .y = {.label = score_label(data.measure, drawn.set)}, .width = 560, .height = 380};
  double least = std::numeric_limits<double>::max(), most = 0;
  for (const slimming_role role : slimming_roles) {
    plot_series marks{.colour = ink_of(role), .size = role == slimming_role::shared ? 3.2 : 4.5};
    for (const slimming_network& network : data.networks) {
      const double x = across(network), y = data.measure.factor * (network.*drawn.of);
      if (network.role != role || !std::isfinite(x) || !std::isfinite(y)) continue;
      marks.points.push_back({x,
                              y,
                              network.name + ": " + std::string(to_text(role)) +
                                  (network.width > 0 ? ", width " + hasse::width_text(network.width) : "") + ", " +
                                  score_text(data.measure, network.*drawn.of) + " in " + milliseconds_text(network.milliseconds) + ", " +
                                  count_text(network.macs) + " MACs",
                              {}});
      least = std::min(least, x), most = std::max(most, x);
    }
    if (marks.points.empty()) continue;
    std::stable_sort(marks.points.begin(), marks.points.end(), [](const plot_point& a, const plot_point& b) { return a.x < b.x; });
    if (role == slimming_role::shared) {
      plot_series line{.name = std::string(to_text(role)), .colour = ink_of(role), .shape = plot_shape::line, .size = 2};
      for (const plot_point& each : marks.points) line.points.push_back({each.x, each.y, {}, {}});
      picture.series.push_back(std::move(line));
    } else {
      marks.name = to_text(role);
    }
    picture.series.push_back(std::move(marks));
  }
  picture.x.logarithmic = may_be_logarithmic && least > 0 && most > 4 * least;
  return picture;
}

inline bool draws(const plot& picture) { return !picture.series.empty(); }

/// Error or cost after each removal; what met a target is marked, and targets of the cost are dashed lines.
HASSE_BODY plot trace_plot(const slimming_data& data, bool of_cost);

inline std::string group_name(const slimming_data& data, std::size_t group) {
  return group < data.groups.size() && !data.groups[group].empty() ? data.groups[group] : "group " + std::to_string(group);
}

/// A wide pale bar per channel group for all its channels, before it a narrow one for what each target left. With `share` all of a
/// group's channels are 100 %, so that narrow groups can be seen beside wide ones.
HASSE_BODY std::string channel_bars(const slimming_data& data, bool share);

HASSE_BODY std::string network_table(const slimming_data& data);

HASSE_BODY std::string trace_tables(const slimming_data& data);

HASSE_BODY std::string channel_table(const slimming_data& data);

/// How much better the slimmable network is than networks trained alone, in points, over the widths that both have.
HASSE_BODY std::string comparison_cards(const slimming_data& data);

}  // namespace detail

/// Everything that the page shows, for other programs. Scores as the metric gives them, errors in 0..1, latencies in ms, null: not measured.
HASSE_BODY json slimming_json(const slimming_data& data);

/// The whole page.
HASSE_BODY std::string slimming_html(const slimming_data& data);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/detail/slimming_page.inl>
#endif
