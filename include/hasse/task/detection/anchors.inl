// The bodies of task/detection/anchors.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/task/detection/anchors.hpp>

namespace hasse {

HASSE_BODY anchor_plan published_anchors(int maps) {
  if (maps < 2) throw error("published anchors were asked for " + std::to_string(maps) + " maps; they are defined for at least 2");
  const auto scale = [&](int map) { return map < maps ? 0.2 + 0.75 * map / (maps - 1) : 1.0; };
  anchor_plan plan;
  plan.maps.push_back({{0.1, 1}, {0.2, 2}, {0.2, 0.5}});
  for (int map = 1; map < maps; ++map) {
    std::vector<anchor_form>& forms = plan.maps.emplace_back();
    for (const double ratio : {1.0, 2.0, 0.5, 3.0, 0.3333}) forms.push_back({scale(map), ratio});  // not 1/3: so it was trained
    forms.push_back({std::sqrt(scale(map) * scale(map + 1)), 1});
  }
  return plan;
}

HASSE_BODY std::string to_text(const anchor_plan& plan) {
  std::string text;
  const auto number = [&](double value) {
    char digits[32];
    text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  };
  for (std::size_t map = 0; map < plan.maps.size(); ++map) {
    if (map > 0) text += " |";
    for (const anchor_form& form : plan.maps[map]) {
      if (!text.empty()) text += ' ';
      number(form.scale);
      text += ':';
      number(form.ratio);
    }
  }
  return text;
}

HASSE_BODY anchor_plan anchor_plan_of(std::string_view text) {
  anchor_plan plan{.maps = {{}}};
  const auto refuse = [&](std::string_view piece) {
    throw error("the anchors " + detail::in_quotes(text) + " have " + detail::in_quotes(piece) +
                " where a scale and a ratio are needed, both above 0; write them as 0.1:1 0.2:2 | 0.2:1, with | between maps");
  };
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
    } else if (text[at] == '|') {
      plan.maps.emplace_back(), ++at;
    } else {
      const std::string_view piece = text.substr(at, std::min(text.find_first_of(" |", at), text.size()) - at);
      anchor_form form;
      const char* const end = piece.data() + piece.size();
      const auto scale = std::from_chars(piece.data(), end, form.scale);
      if (scale.ec != std::errc() || scale.ptr == end || *scale.ptr != ':') refuse(piece);
      const auto ratio = std::from_chars(scale.ptr + 1, end, form.ratio);
      if (ratio.ec != std::errc() || ratio.ptr != end) refuse(piece);
      if (!(form.scale > 0 && form.ratio > 0 && std::isfinite(form.scale) && std::isfinite(form.ratio))) refuse(piece);
      plan.maps.back().push_back(form);
      at += piece.size();
    }
  }
  if (std::ranges::all_of(plan.maps, [](const auto& forms) { return forms.empty(); }))
    throw error("the anchors " + detail::in_quotes(text) + " are none; write at least one scale and ratio, as 0.1:1");
  return plan;
}

HASSE_BODY std::vector<box> anchors_of(const anchor_plan& plan, feature_shape input, std::span<const feature_shape> maps) {
  if (plan.maps.size() != maps.size())
    throw error("there are anchors for " + std::to_string(plan.maps.size()) + " maps (" + to_text(plan) + ") but the network has " +
                std::to_string(maps.size()) + "; give each map its own, divided by |");
  std::vector<box> anchors;
  const double side = std::min(input.h, input.w);
  for (std::size_t map = 0; map < maps.size(); ++map)
    for (int y = 0; y < maps[map].h; ++y)
      for (int x = 0; x < maps[map].w; ++x)
        for (const anchor_form& form : plan.maps[map]) {
          const double root = std::sqrt(form.ratio), half_height = form.scale / root * side / 2,
                       half_width = form.scale * root * side / 2;
          const double middle_y = (y + 0.5) * input.h / maps[map].h, middle_x = (x + 0.5) * input.w / maps[map].w;
          anchors.push_back({middle_x - half_width, middle_y - half_height, middle_x + half_width, middle_y + half_height});
        }
  return anchors;
}

HASSE_BODY std::vector<anchor_fit> fit_of(std::span<const box> anchors, std::span<const labelled_object> objects, int kinds) {
  std::vector<anchor_fit> fits(static_cast<std::size_t>(kinds));
  for (const labelled_object& object : objects) {
    if (object.ignored()) continue;
    double best = 0;
    for (const box& anchor : anchors) best = std::max(best, intersection_over_union(object.place, anchor));
    anchor_fit& fit = fits[static_cast<std::size_t>(object.kind)];
    ++fit.objects, fit.recall += best >= 0.5, fit.overlap += best;
  }
  for (anchor_fit& fit : fits)
    if (fit.objects > 0) fit.recall /= static_cast<double>(fit.objects), fit.overlap /= static_cast<double>(fit.objects);
  return fits;
}

HASSE_BODY anchor_plan anchors_for(std::span<const labelled_object> objects, int kinds, feature_shape input,
                                   std::span<const feature_shape> maps) {
  struct wanted_scale {
    double side = 0;  // in pixels
    bool median = false;
  };
  std::vector<std::vector<wanted_scale>> wanted(maps.size());
  for (int kind = 0; kind < kinds; ++kind) {
    std::vector<double> sides;
    for (const labelled_object& object : objects)
      if (object.kind == kind && !object.ignored() && object.place.area() > 0) sides.push_back(std::sqrt(object.place.area()));
    if (sides.empty()) continue;
    std::ranges::sort(sides);
    for (const double quantile : {0.1, 0.5, 0.9}) {
      const double side = sides[static_cast<std::size_t>(std::lround(quantile * static_cast<double>(sides.size() - 1)))];
      const auto cell = [&](std::size_t map) { return static_cast<double>(input.h) / maps[map].h; };
      std::size_t finest = 0, chosen = maps.size();
      for (std::size_t map = 0; map < maps.size(); ++map) {
        if (cell(map) < cell(finest)) finest = map;
        if (cell(map) <= side / 2.4 && (chosen == maps.size() || cell(map) > cell(chosen))) chosen = map;
      }
      wanted[chosen == maps.size() ? finest : chosen].push_back({side, quantile == 0.5});
    }
  }
  anchor_plan plan;
  const double shorter = std::min(input.h, input.w);
  for (std::vector<wanted_scale>& scales : wanted) {
    std::vector<anchor_form>& forms = plan.maps.emplace_back();
    std::ranges::stable_sort(scales, {}, &wanted_scale::side);
    for (std::size_t first = 0, last = 0; first < scales.size(); first = last) {
      double logarithms = 0;
      bool median = false;
      for (; last < scales.size() && scales[last].side <= 1.15 * scales[first].side; ++last)
        logarithms += std::log(scales[last].side), median |= scales[last].median;
      // Three digits: enough for an anchor, and short in files.
      const double scale = std::round(1000 * std::exp(logarithms / static_cast<double>(last - first)) / shorter) / 1000;
      forms.push_back({scale, 1});
      if (median) forms.push_back({scale, 1.5}), forms.push_back({scale, 0.6667});
    }
  }
  if (std::ranges::all_of(plan.maps, [](const auto& forms) { return forms.empty(); }))
    throw error("no anchors can be made for a set without objects; give them as a list, or take the published ones");
  return plan;
}

}  // namespace hasse
