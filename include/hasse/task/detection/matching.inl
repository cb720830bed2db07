// The bodies of task/detection/matching.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <hasse/task/detection/matching.hpp>

namespace hasse {

HASSE_BODY void match_anchors(std::span<const box> anchors, std::span<const labelled_object> objects, const match_rule& rule,
                              matching& to) {
  to.object.assign(anchors.size(), no_object);
  std::vector<double> best_of_anchor(anchors.size(), 0.0);
  std::vector<bool> taken(anchors.size(), false), overlaps(objects.size(), false), has_one(objects.size(), false);
  std::vector<int> choice(objects.size(), no_object);  // the anchor that an object takes whatever the overlap
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (objects[i].ignored()) continue;
    double best = 0;
    for (std::size_t a = 0; a < anchors.size(); ++a) {
      const double found = intersection_over_union(objects[i].place, anchors[a]);
      if (found <= 0) continue;
      overlaps[i] = true;
      if (found > best_of_anchor[a])
        best_of_anchor[a] = found, to.object[a] = found >= rule.overlap ? static_cast<int>(i) : no_object;
      if (found > best && !(rule.unique && taken[a])) best = found, choice[i] = static_cast<int>(a);
    }
    if (choice[i] == no_object) continue;
    if (taken[static_cast<std::size_t>(choice[i])])
      choice[i] = no_object;
    else
      taken[static_cast<std::size_t>(choice[i])] = true;
  }
  // Only now: a later object may overlap a taken anchor more.
  for (std::size_t i = 0; i < objects.size(); ++i)
    if (choice[i] != no_object) to.object[static_cast<std::size_t>(choice[i])] = static_cast<int>(i);
  for (const labelled_object& object : objects) {
    if (!object.ignored()) continue;
    for (std::size_t a = 0; a < anchors.size(); ++a)
      if (to.object[a] == no_object && overlap(object.place, anchors[a]) >= rule.ignored_share * anchors[a].area())
        to.object[a] = left_out;
  }
  to.positives = to.lost = 0;
  for (const int object : to.object)
    if (object >= 0) ++to.positives, has_one[static_cast<std::size_t>(object)] = true;
  for (std::size_t i = 0; i < objects.size(); ++i) to.lost += overlaps[i] && !has_one[i];
}

}  // namespace hasse
