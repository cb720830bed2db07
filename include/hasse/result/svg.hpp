// Small plots as SVG text: axes with round numbers, points, lines, steps, labels that avoid each other, a legend; light and dark.
// Used by report.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/result/numbers.hpp>

namespace hasse {

/// Text for HTML and XML: valid UTF-8 without control characters, and nothing in it is markup.
HASSE_BODY std::string markup_text(std::string_view text);

/// Colours by meaning. Their values for light and dark are in svg_style.
enum class ink { text, quiet, grid, frontier, trained, other, violation, pruned, good };

constexpr std::string_view name_of(ink colour) {
  constexpr std::string_view names[] = {"text", "quiet", "grid", "frontier", "trained", "other", "violation", "pruned", "good"};
  return names[static_cast<int>(colour)];
}

/// The style sheet that every plot needs once: in the page, or inside a file that stands alone.
inline constexpr std::string_view svg_style = R"(
.plot{font-family:ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"DejaVu Sans",sans-serif;font-size:12px}
.plot .paper{fill:#ffffff}.plot .halo{stroke:#ffffff;fill:#ffffff}
.k-text{color:#1e293b}.k-quiet{color:#64748b}.k-grid{color:#e2e8f0}.k-frontier{color:#1d4ed8}.k-trained{color:#94a3b8}.k-other{color:#d97706}
.k-violation{color:#dc2626}.k-pruned{color:#7c3aed}.k-good{color:#059669}
@media (prefers-color-scheme:dark){.plot .paper{fill:#0f172a}.plot .halo{stroke:#0f172a;fill:#0f172a}
.k-text{color:#e2e8f0}.k-quiet{color:#94a3b8}.k-grid{color:#263449}.k-frontier{color:#60a5fa}.k-trained{color:#64748b}.k-other{color:#fbbf24}
.k-violation{color:#f87171}.k-pruned{color:#a78bfa}.k-good{color:#34d399}}
)";

/// Where an axis has numbers: ascending values, and how many decimals they need.
struct axis_ticks {
  std::vector<double> values;
  int decimals = 0;
  bool decades = false;  ///< 1, 2, 5 of every decade: each number needs only its own decimals
};

/// Round numbers (1, 2, 5 times a power of ten) inside [least, most]; on a logarithmic axis of more than a decade 1, 2, 5 per decade.
HASSE_BODY axis_ticks round_ticks(double least, double most, bool logarithmic = false, int about = 6);

/// One axis: its label with the unit, and bounds; without bounds it spans the data.
struct plot_axis {
  std::string label{};
  bool logarithmic = false;
  std::optional<double> least{}, most{};
};

/// A point of a plot. `hint` appears when the pointer rests on it, `label` is written beside it where there is room.
struct plot_point {
  double x = 0, y = 0;
  std::string hint{}, label{};
};

enum class plot_shape { points, line, steps };

/// Points that belong together. Points that are not finite, or not positive on a logarithmic axis, are left out.
struct plot_series {
  std::string name{};  ///< in the legend; empty: not there
  ink colour = ink::trained;
  plot_shape shape = plot_shape::points;
  std::vector<plot_point> points{};
  double size = 3.5;  ///< radius of points, width of lines
  double opacity = 1;
  bool dashed = false;
};

/// A range of an axis, shaded from side to side of the plot; with `middle` there is a dashed line halfway. Always in sight.
struct plot_band {
  double from = 0, to = 0;
  bool of_x = false;
  bool middle = false;
  std::string name{};  ///< over it, or in the legend where it is a range of y
};

struct plot {
  std::string title{};  ///< read aloud, not drawn
  plot_axis x{}, y{};
  std::vector<plot_series> series{};
  double width = 760, height = 420;  ///< without notes
  std::vector<std::string> notes{};  ///< short lines below the plot, in two columns
  std::vector<plot_band> bands{};    ///< behind everything else

  /// The SVG element; with `alone` a file of its own, style included.
  std::string svg(bool alone = false) const;
};

namespace detail {

struct rectangle {
  double left = 0, top = 0, right = 0, bottom = 0;
  bool meets(const rectangle& other) const { return left < other.right && other.left < right && top < other.bottom && other.top < bottom; }
};

inline std::string svg_number(double value) { return fixed_text(value, 1); }

inline double text_width(std::string_view text, double size = 12) { return 0.56 * size * static_cast<double>(text.size()); }

HASSE_BODY std::string svg_text(double x, double y, std::string_view text, std::string_view anchor = "start", ink colour = ink::text,
                            std::string_view more = "");

HASSE_BODY std::string svg_line(double x1, double y1, double x2, double y2, ink colour, double width = 1, std::string_view more = "");

HASSE_BODY std::string svg_open(double width, double height, const std::string& title, bool alone);

/// Writes labels beside points, at the first place that is free; a label without a place is left out (its hint remains).
class label_writer {
 public:
  explicit label_writer(rectangle area) : area_(area) {}
  void avoid(double x, double y, double radius) { taken_.push_back({x - radius, y - radius, x + radius, y + radius}); }
  /// A horizontal or vertical line.
  void avoid(double x1, double y1, double x2, double y2) { taken_.push_back({std::min(x1, x2) - 1, std::min(y1, y2) - 1, std::max(x1, x2) + 1, std::max(y1, y2) + 1}); }
  bool write(std::string& svg, double x, double y, const std::string& label, double size = 11);

 private:
  rectangle area_;
  std::vector<rectangle> taken_;
};

/// A range of data and the pixels that it is drawn on.
struct axis_scale {
  double least, most, from, to;
  bool logarithmic;
  double of(double value) const;
};

inline bool drawable(const plot_axis& axis, double value) {
  return std::isfinite(value) && std::abs(value) < 1e15 && (!axis.logarithmic || value > 1e-12) && (std::abs(value) > 1e-15 || value == 0);
}

/// The axis' range: its bounds, or the data with some air.
HASSE_BODY axis_scale fitted(const plot_axis& axis, double least, double most, double from, double to);

}  // namespace detail

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/result/svg.inl>
#endif
