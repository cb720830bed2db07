// The bodies of task/detection/voc.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <hasse/task/detection/voc.hpp>

namespace hasse {

HASSE_BODY void voc_evaluator::add(std::span<const labelled_object> objects, std::span<const detected_object> found) {
  const auto grown = [&](box place) {
    if (rule_.plus_one) ++place.x1, ++place.y1;
    return place;
  };
  for (const labelled_object& object : objects)
    if (!object.ignored()) ++kinds_[static_cast<std::size_t>(object.kind)].objects;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!std::isnan(found[i].score)) order.push_back(i);
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return found[a].score > found[b].score; });
  std::vector<bool> taken(objects.size(), false);
  for (const std::size_t i : order) {
    std::size_t chosen = objects.size();
    double best = -1;
    for (std::size_t j = 0; j < objects.size(); ++j) {
      if (objects[j].kind != found[i].kind) continue;
      const double shared = intersection_over_union(grown(found[i].place), grown(objects[j].place));
      if (shared > best) best = shared, chosen = j;
    }
    voc_outcome outcome = voc_outcome::wrong;
    if (chosen < objects.size() && best >= rule_.overlap) {
      if (objects[chosen].ignored())
        outcome = voc_outcome::neither;
      else if (!taken[chosen])
        outcome = voc_outcome::right, taken[chosen] = true;
    }
    kinds_[static_cast<std::size_t>(found[i].kind)].answers.push_back({found[i].score, outcome});
  }
}

HASSE_BODY voc_result voc_evaluator::result() const {
  voc_result made;
  double sum = 0, sum_11 = 0;
  int counting = 0;
  for (const of_kind& own : kinds_) {
    std::vector<judged> sorted = own.answers;
    std::ranges::stable_sort(sorted, [](const judged& a, const judged& b) { return a.score > b.score; });
    voc_class_scores& scores = made.classes.emplace_back();
    scores.objects = own.objects;
    std::vector<double> at_right;  // the precision where the n-th object was found; only there recall grows
    std::int64_t right = 0, wrong = 0;
    for (const judged& answer : sorted) {
      scores.outcomes.push_back(answer.outcome);
      if (answer.outcome == voc_outcome::wrong) ++wrong;
      if (answer.outcome == voc_outcome::right)
        ++right, at_right.push_back(static_cast<double>(right) / static_cast<double>(right + wrong));
    }
    if (own.objects == 0) continue;
    for (std::size_t i = at_right.size(); i-- > 1;) at_right[i - 1] = std::max(at_right[i - 1], at_right[i]);
    scores.ap = scores.ap_11 = 0;
    for (const double precision : at_right) scores.ap += precision / static_cast<double>(own.objects);
    for (std::int64_t k = 0; k <= 10; ++k) {  // in whole numbers: 0.1 * 3 in double is above three tenths
      const std::int64_t needed = std::max<std::int64_t>((k * own.objects + 9) / 10, 1);
      if (needed <= right) scores.ap_11 += at_right[static_cast<std::size_t>(needed - 1)] / 11;
    }
    sum += scores.ap, sum_11 += scores.ap_11, ++counting;
  }
  if (counting > 0) made.ap = sum / counting, made.ap_11 = sum_11 / counting;
  return made;
}

}  // namespace hasse
