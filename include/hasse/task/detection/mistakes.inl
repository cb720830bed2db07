// The bodies of task/detection/mistakes.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <hasse/task/detection/mistakes.hpp>

namespace hasse {

HASSE_BODY std::string_view name_of(finding what) {
  constexpr std::string_view names[finding_count]{"right", "wrong class", "false alarm", "missed"};
  return names[static_cast<std::size_t>(what)];
}

HASSE_BODY std::vector<judged_object> judge_objects(std::span<const labelled_object> objects,
                                                    std::span<const detected_object> found, const finding_rule& rule) {
  std::vector<detected_object> order;
  for (const detected_object& each : found)
    if (each.score >= rule.score) order.push_back(each);
  std::ranges::stable_sort(order, [](const detected_object& a, const detected_object& b) { return a.score > b.score; });
  std::vector<judged_object> made;
  std::vector<bool> taken(objects.size(), false), answered(order.size(), false);
  const auto take = [&](bool same_class) {
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (answered[i]) continue;
      std::size_t chosen = objects.size();
      double best = 0;
      for (std::size_t j = 0; j < objects.size(); ++j) {
        if (taken[j] || objects[j].ignored() || (objects[j].kind == order[i].kind) != same_class) continue;
        const double shared = intersection_over_union(order[i].place, objects[j].place);
        if (shared >= rule.overlap && shared > best) best = shared, chosen = j;
      }
      if (chosen == objects.size()) continue;
      taken[chosen] = answered[i] = true;
      made.push_back({same_class ? finding::right : finding::wrong_class, order[i].place, order[i].kind, objects[chosen].kind,
                      order[i].score});
    }
  };
  take(true);
  take(false);
  for (std::size_t i = 0; i < order.size(); ++i) {
    // Of a crowd an answer may hold a small part only: its own area decides.
    const bool on_ignored = std::ranges::any_of(objects, [&](const labelled_object& object) {
      return object.ignored() && overlap(order[i].place, object.place) >= rule.overlap * order[i].place.area();
    });
    if (!answered[i] && !on_ignored)
      made.push_back({finding::false_alarm, order[i].place, order[i].kind, order[i].kind, order[i].score});
  }
  for (std::size_t j = 0; j < objects.size(); ++j)
    if (!taken[j] && !objects[j].ignored())
      made.push_back({finding::missed, objects[j].place, objects[j].kind, objects[j].kind, 0});
  return made;
}

}  // namespace hasse
