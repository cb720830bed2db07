// The bodies of task/detection/suppression.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <span>
#include <vector>

#include <hasse/task/detection/suppression.hpp>

namespace hasse {

HASSE_BODY std::vector<int> suppressed(std::span<const box> boxes, std::span<const double> scores, double overlap, int most) {
  std::vector<int> order(boxes.size()), result;
  std::iota(order.begin(), order.end(), 0);
  const auto score = [&](int index) { return scores[static_cast<std::size_t>(index)]; };
  std::ranges::stable_sort(order, [&](int a, int b) { return score(a) > score(b); });
  kept_boxes kept;
  for (const int index : order) {
    if (most > 0 && static_cast<int>(result.size()) == most) break;
    const box& place = boxes[static_cast<std::size_t>(index)];
    if (kept.any_overlaps(place, overlap)) continue;
    kept.add(place);
    result.push_back(index);
  }
  return result;
}

HASSE_BODY void object_finder::begin(std::vector<detected_object>& objects) {
  objects.clear();
  kept_.resize(static_cast<std::size_t>(classes_));
  for (kept_boxes& each : kept_) each.clear();
  looked_at_.assign(kept_.size(), 0);
}

HASSE_BODY bool object_finder::take(std::size_t kind, std::size_t anchor, double score, const box_code<double>& code, std::vector<detected_object>& objects) {
  kept_boxes& kept = kept_[kind];
  if (looked_at_[kind] == rule_.before || static_cast<int>(kept.size()) == rule_.of_class) return true;
  box place = decode(code, anchors_[anchor]);
  place = {std::clamp(place.x0, 0.0, double(input_.w)), std::clamp(place.y0, 0.0, double(input_.h)),
           std::clamp(place.x1, 0.0, double(input_.w)), std::clamp(place.y1, 0.0, double(input_.h))};
  if (!(place.area() > 0)) return true;
  ++looked_at_[kind];
  if (kept.any_overlaps(place, rule_.overlap)) return true;
  kept.add(place);
  objects.push_back({place, static_cast<int>(kind), score});
  return static_cast<int>(objects.size()) < rule_.in_all;
}

}  // namespace hasse
