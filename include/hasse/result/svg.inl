// The bodies of result/svg.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/file/json.hpp>
#include <hasse/result/svg.hpp>

namespace hasse {

HASSE_BODY std::string markup_text(std::string_view text) {
  const std::string valid = valid_utf8(std::string(text));
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

HASSE_BODY axis_ticks round_ticks(double least, double most, bool logarithmic, int about) {
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

namespace detail {

HASSE_BODY std::string svg_text(double x, double y, std::string_view text, std::string_view anchor, ink colour,
                            std::string_view more) {
  return "<text x='" + svg_number(x) + "' y='" + svg_number(y) + "' text-anchor='" + std::string(anchor) + "' class='k-" +
         std::string(name_of(colour)) + "' fill='currentColor'" + std::string(more) + ">" + markup_text(text) + "</text>";
}

HASSE_BODY std::string svg_line(double x1, double y1, double x2, double y2, ink colour, double width, std::string_view more) {
  return "<line x1='" + svg_number(x1) + "' y1='" + svg_number(y1) + "' x2='" + svg_number(x2) + "' y2='" + svg_number(y2) + "' class='k-" +
         std::string(name_of(colour)) + "' stroke='currentColor' stroke-width='" + svg_number(width) + "'" + std::string(more) + "/>";
}

HASSE_BODY std::string svg_open(double width, double height, const std::string& title, bool alone) {
  const std::string size = svg_number(width) + " " + svg_number(height);
  return "<svg xmlns='http://www.w3.org/2000/svg' class='plot' role='img' aria-label='" + markup_text(title) + "' viewBox='0 0 " + size + "'" +
         (alone ? " width='" + svg_number(width) + "' height='" + svg_number(height) + "'>" : ">") +
         (alone ? "<style>" + std::string(svg_style) + "</style>" : "") + "<rect class='paper' width='100%' height='100%' rx='6'/>";
}

HASSE_BODY bool label_writer::write(std::string& svg, double x, double y, const std::string& label, double size) {
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

HASSE_BODY double axis_scale::of(double value) const {
  const double share = logarithmic ? std::log(value / least) / std::log(most / least) : (value - least) / (most - least);
  return from + share * (to - from);
}

HASSE_BODY axis_scale fitted(const plot_axis& axis, double least, double most, double from, double to) {
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

HASSE_BODY std::string plot::svg(bool alone) const {
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
