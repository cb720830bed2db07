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

#include <hasse/file/json.hpp>
#include <hasse/result/numbers.hpp>

namespace hasse {

/// Text for HTML and XML: valid UTF-8 without control characters, and nothing in it is markup.
inline std::string markup_text(std::string_view text) {
  const std::string valid = json::parse(json_text(json(std::string(text)))).get<std::string>();
  std::string result;
  for (const char letter : valid) {
    switch (letter) {
      case '&': result += "&amp;"; break;
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '"': result += "&quot;"; break;
      case '\'': result += "&#39;"; break;
      default: result += static_cast<unsigned char>(letter) < ' ' || letter == '\x7f' ? ' ' : letter;
    }
  }
  return result;
}

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
inline axis_ticks round_ticks(double least, double most, bool logarithmic = false, int about = 6) {
  axis_ticks ticks;
  if (!std::isfinite(least) || !std::isfinite(most) || !(least < most) || (logarithmic && !(least > 0))) return ticks;
  if (logarithmic && most / least >= 10) {
    const bool many = most / least > 1e3;
    for (int power = static_cast<int>(std::floor(std::log10(least))); power <= static_cast<int>(std::ceil(std::log10(most))); ++power)
      for (const double digit : {1.0, 2.0, 5.0}) {
        const double value = digit * std::pow(10.0, power);
        if (std::isfinite(value) && value >= least * (1 - 1e-9) && value <= most * (1 + 1e-9) && (!many || digit == 1.0)) ticks.values.push_back(value);
      }
    ticks.decimals = std::clamp(-static_cast<int>(std::floor(std::log10(least) + 1e-9)), 0, 9);
    ticks.decades = true;
    return ticks;
  }
  const double rough = most / about - least / about, power = std::pow(10.0, std::floor(std::log10(rough)));
  const double digit = rough / power <= 1.0 ? 1 : rough / power <= 2.0 ? 2 : rough / power <= 5.0 ? 5 : 10;
  const double step = digit * power;
  const double first = std::ceil(least / step - 1e-9);
  if (!(step > 0) || !(std::abs(first) < 1e15)) return ticks;  // no two round numbers in between can be told apart
  ticks.decimals = std::clamp(-static_cast<int>(std::floor(std::log10(step) + 1e-9)), 0, 9);
  for (double index = first; std::isfinite(index * step) && index * step <= most + step * 1e-9; ++index) ticks.values.push_back(index * step);
  return ticks;
}

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

inline std::string svg_text(double x, double y, std::string_view text, std::string_view anchor = "start", ink colour = ink::text,
                            std::string_view more = "") {
  return "<text x='" + svg_number(x) + "' y='" + svg_number(y) + "' text-anchor='" + std::string(anchor) + "' class='k-" +
         std::string(name_of(colour)) + "' fill='currentColor'" + std::string(more) + ">" + markup_text(text) + "</text>";
}

inline std::string svg_line(double x1, double y1, double x2, double y2, ink colour, double width = 1, std::string_view more = "") {
  return "<line x1='" + svg_number(x1) + "' y1='" + svg_number(y1) + "' x2='" + svg_number(x2) + "' y2='" + svg_number(y2) + "' class='k-" +
         std::string(name_of(colour)) + "' stroke='currentColor' stroke-width='" + svg_number(width) + "'" + std::string(more) + "/>";
}

inline std::string svg_open(double width, double height, const std::string& title, bool alone) {
  const std::string size = svg_number(width) + " " + svg_number(height);
  return "<svg xmlns='http://www.w3.org/2000/svg' class='plot' role='img' aria-label='" + markup_text(title) + "' viewBox='0 0 " + size + "'" +
         (alone ? " width='" + svg_number(width) + "' height='" + svg_number(height) + "'>" : ">") +
         (alone ? "<style>" + std::string(svg_style) + "</style>" : "") + "<rect class='paper' width='100%' height='100%' rx='6'/>";
}

/// Writes labels beside points, at the first place that is free; a label without a place is left out (its hint remains).
class label_writer {
 public:
  explicit label_writer(rectangle area) : area_(area) {}
  void avoid(double x, double y, double radius) { taken_.push_back({x - radius, y - radius, x + radius, y + radius}); }
  /// A horizontal or vertical line.
  void avoid(double x1, double y1, double x2, double y2) { taken_.push_back({std::min(x1, x2) - 1, std::min(y1, y2) - 1, std::max(x1, x2) + 1, std::max(y1, y2) + 1}); }
  bool write(std::string& svg, double x, double y, const std::string& label, double size = 11) {
    const double wide = text_width(label, size), gap = 7;
    struct place {
      double left, base;
      std::string_view anchor;
      double x;
    };
    const double under = y + gap + size, over = y - gap;
    const place places[] = {{x - gap - wide, over, "end", x - gap},          {x + gap, under, "start", x + gap},
                            {x - gap - wide, y + size * 0.35, "end", x - gap}, {x + gap, y + size * 0.35, "start", x + gap},
                            {x - wide / 2, over - 2, "middle", x},           {x - wide / 2, under + 2, "middle", x},
                            {x + gap, over, "start", x + gap},               {x - gap - wide, under, "end", x - gap}};
    for (const place& at : places) {
      const rectangle box{at.left, at.base - size, at.left + wide, at.base + 3};
      if (box.left < area_.left || box.right > area_.right || box.top < area_.top || box.bottom > area_.bottom) continue;
      if (std::any_of(taken_.begin(), taken_.end(), [&](const rectangle& other) { return box.meets(other); })) continue;
      taken_.push_back(box);
      const std::string style = " style='font-size:" + svg_number(size) + "px;paint-order:stroke;stroke-width:3px;stroke-linejoin:round' ";
      svg += "<g class='halo'>" + svg_text(at.x, at.base, label, at.anchor, ink::text, style) + "</g>";
      return true;
    }
    return false;
  }

 private:
  rectangle area_;
  std::vector<rectangle> taken_;
};

/// A range of data and the pixels that it is drawn on.
struct axis_scale {
  double least, most, from, to;
  bool logarithmic;
  double of(double value) const {
    const double share = logarithmic ? std::log(value / least) / std::log(most / least) : (value - least) / (most - least);
    return from + share * (to - from);
  }
};

inline bool drawable(const plot_axis& axis, double value) {
  return std::isfinite(value) && std::abs(value) < 1e15 && (!axis.logarithmic || value > 1e-12) && (std::abs(value) > 1e-15 || value == 0);
}

/// The axis' range: its bounds, or the data with some air.
inline axis_scale fitted(const plot_axis& axis, double least, double most, double from, double to) {
  if (least > most) least = axis.logarithmic ? 1 : 0, most = axis.logarithmic ? 10 : 1;
  const auto apart = [](double low, double high) { return high - low > 1e-9 * std::max(std::abs(low), std::abs(high)); };
  if (axis.logarithmic) {
    const double air = std::max(std::pow(most / least, 0.06), 1.02);
    least /= air, most *= air;
  } else {
    const double air = apart(least, most) ? 0.06 * (most - least) : std::max(std::abs(most) * 0.1, 1e-9);
    least -= air, most += air;
  }
  if (axis.least && drawable(axis, *axis.least)) least = *axis.least;
  if (axis.most && drawable(axis, *axis.most)) most = *axis.most;
  if (!apart(least, most)) most = axis.logarithmic ? least * 10 : least + std::max(1.0, std::abs(least));
  return {least, most, from, to, axis.logarithmic};
}

}  // namespace detail

inline std::string plot::svg(bool alone) const {
  using namespace detail;
  double x_least = std::numeric_limits<double>::max(), x_most = -x_least, y_least = x_least, y_most = -x_least;
  std::vector<plot_series> drawn = series;
  for (plot_series& each : drawn) {
    std::erase_if(each.points, [&](const plot_point& p) { return !drawable(x, p.x) || !drawable(y, p.y); });
    for (const plot_point& p : each.points) {
      x_least = std::min(x_least, p.x), x_most = std::max(x_most, p.x);
      y_least = std::min(y_least, p.y), y_most = std::max(y_most, p.y);
    }
  }
  std::vector<plot_band> shaded = bands;
  std::erase_if(shaded, [&](const plot_band& each) {
    const plot_axis& axis = each.of_x ? x : y;
    return !drawable(axis, each.from) || !drawable(axis, each.to);
  });
  for (const plot_band& each : shaded) {
    double &least = each.of_x ? x_least : y_least, &most = each.of_x ? x_most : y_most;
    least = std::min({least, each.from, each.to}), most = std::max({most, each.from, each.to});
  }
  const rectangle area{64, 40, width - 20, height - 48};
  const axis_scale across = fitted(x, x_least, x_most, area.left, area.right), up = fitted(y, y_least, y_most, area.bottom, area.top);

  const std::size_t note_rows = (notes.size() + 1) / 2;
  std::string svg = svg_open(width, height + (note_rows ? 19 * static_cast<double>(note_rows) + 14 : 0), title, alone);
  const axis_ticks x_ticks = round_ticks(across.least, across.most, x.logarithmic, static_cast<int>((area.right - area.left) / 90));
  for (const double value : x_ticks.values) {
    const double at = across.of(value);
    svg += svg_line(at, area.top, at, area.bottom, ink::grid) +
           svg_text(at, area.bottom + 18, fixed_text(value, x_ticks.decades ? std::clamp(-static_cast<int>(std::floor(std::log10(value) + 1e-9)), 0, x_ticks.decimals) : x_ticks.decimals), "middle", ink::quiet);
  }
  const axis_ticks y_ticks = round_ticks(up.least, up.most, y.logarithmic, static_cast<int>((area.bottom - area.top) / 55));
  for (const double value : y_ticks.values) {
    const double at = up.of(value);
    svg += svg_line(area.left, at, area.right, at, ink::grid) + svg_text(area.left - 8, at + 4, fixed_text(value, y_ticks.decimals), "end", ink::quiet);
  }
  svg += svg_line(area.left, area.bottom, area.right, area.bottom, ink::quiet) + svg_line(area.left, area.top, area.left, area.bottom, ink::quiet);
  svg += svg_text((area.left + area.right) / 2, height - 10, x.label, "middle");
  const std::string middle = svg_number((area.top + area.bottom) / 2);
  svg += svg_text(16, (area.top + area.bottom) / 2, y.label, "middle", ink::text, " transform='rotate(-90 16 " + middle + ")'");

  double legend = area.right;
  for (const plot_band& each : shaded) {
    if (each.name.empty()) continue;
    if (each.of_x) {
      svg += svg_text((across.of(each.from) + across.of(each.to)) / 2, area.top - 5, each.name, "middle", ink::quiet);
      continue;
    }
    legend -= text_width(each.name) + 4;
    svg += svg_text(legend, 24, each.name) + svg_line(legend - 22, 20, legend - 5, 20, ink::quiet, 1.4, " stroke-dasharray='5 4'");
    legend -= 40;
  }
  for (auto each = drawn.rbegin(); each != drawn.rend(); ++each) {
    if (each->name.empty()) continue;
    const std::string colour = "class='k-" + std::string(name_of(each->colour)) + "'";
    legend -= text_width(each->name) + 4;
    svg += svg_text(legend, 24, each->name);
    if (each->shape == plot_shape::points) {
      svg += "<circle cx='" + svg_number(legend - 10) + "' cy='20' r='4' fill='currentColor' " + colour + "/>";
    } else {
      svg += svg_line(legend - 22, 20, legend - 5, 20, each->colour, 2, each->dashed ? " stroke-dasharray='5 4'" : "");
    }
    legend -= each->shape == plot_shape::points ? 32 : 40;
  }

  const std::string clip = "clip" + std::to_string(static_cast<int>(width)) + "x" + std::to_string(static_cast<int>(height));
  svg += "<clipPath id='" + clip + "'><rect x='" + svg_number(area.left) + "' y='" + svg_number(area.top - 6) + "' width='" +
         svg_number(area.right - area.left) + "' height='" + svg_number(area.bottom - area.top + 6) + "'/></clipPath><g clip-path='url(#" + clip + ")'>";
  label_writer labels(area);
  for (const plot_band& each : shaded) {
    const axis_scale& scale = each.of_x ? across : up;
    const double from = scale.of(each.from), to = scale.of(each.to), half = (from + to) / 2, low = std::min(from, to);
    const double left = each.of_x ? low : area.left, top = each.of_x ? area.top : low;
    svg += "<rect x='" + svg_number(left) + "' y='" + svg_number(top) + "' width='" +
           svg_number(each.of_x ? std::abs(to - from) : area.right - area.left) + "' height='" +
           svg_number(each.of_x ? area.bottom - area.top : std::abs(to - from)) +
           "' fill='currentColor' class='k-grid' opacity='0.60'/>";
    const std::string_view dashes = " stroke-dasharray='5 4'";
    if (each.middle && each.of_x) svg += svg_line(half, area.top, half, area.bottom, ink::quiet, 1.4, dashes);
    if (each.middle && !each.of_x) svg += svg_line(area.left, half, area.right, half, ink::quiet, 1.4, dashes);
  }
  for (const plot_series& each : drawn) {
    const std::string colour = " class='k-" + std::string(name_of(each.colour)) + "' opacity='" + fixed_text(each.opacity, 2) + "'";
    if (each.shape == plot_shape::points) {
      for (const plot_point& p : each.points) {
        labels.avoid(across.of(p.x), up.of(p.y), each.size + 1);
        svg += "<circle cx='" + svg_number(across.of(p.x)) + "' cy='" + svg_number(up.of(p.y)) + "' r='" + svg_number(each.size) + "' fill='currentColor'" + colour;
        svg += p.hint.empty() ? "/>" : "><title>" + markup_text(p.hint) + "</title></circle>";
      }
    } else if (!each.points.empty()) {
      std::string path;
      for (std::size_t i = 0; i < each.points.size(); ++i) {
        const plot_point& p = each.points[i];
        if (i > 0 && each.shape == plot_shape::steps) {
          const double x1 = across.of(each.points[i - 1].x), y1 = up.of(each.points[i - 1].y), x2 = across.of(p.x);
          labels.avoid(x1, y1, x2, y1), labels.avoid(x2, y1, x2, up.of(p.y));
        }
        const std::string px = svg_number(across.of(p.x)), py = svg_number(up.of(p.y));
        if (path.empty()) path = "M" + px + " " + py;
        else path += each.shape == plot_shape::steps ? "H" + px + "V" + py : "L" + px + " " + py;
      }
      svg += "<path d='" + path + "' fill='none' stroke='currentColor' stroke-linejoin='round' stroke-width='" + svg_number(each.size) + "'" + colour +
             (each.dashed ? " stroke-dasharray='5 4'>" : ">") + (each.points[0].hint.empty() ? "" : "<title>" + markup_text(each.points[0].hint) + "</title>") + "</path>";
    }
  }
  for (const plot_series& each : drawn)
    for (const plot_point& p : each.points)
      if (!p.label.empty()) labels.write(svg, across.of(p.x), up.of(p.y), p.label);
  svg += "</g>";
  for (std::size_t i = 0; i < notes.size(); ++i)
    svg += svg_text(i < note_rows ? area.left : (area.left + area.right) / 2 + 12, height + 14 + 19 * static_cast<double>(i % note_rows), notes[i]);
  return svg + "</svg>\n";
}

}  // namespace hasse
