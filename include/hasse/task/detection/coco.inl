// The bodies of task/detection/coco.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <hasse/task/detection/coco.hpp>

namespace hasse {

namespace detail {
HASSE_BODY double average_precision::threshold(std::size_t index) {
  // 0.45 / 9 is not 0.05, and the last one is set: so the ninth is 0.8999999999999999.
  return index + 1 == thresholds ? 0.95 : static_cast<double>(index) * ((0.95 - 0.5) / 9) + 0.5;
}

HASSE_BODY void average_precision::match(std::size_t kind, std::span<const object> objects, std::span<const scored> found) {
  of_kind& own = kinds_[kind];
  own.sorted = false;
  const std::size_t first = own.answers.size();
  for (std::size_t i = 0; i < found.size(); ++i) own.answers.push_back({.score = found[i].score, .rank = static_cast<int>(i)});
  for (std::size_t range = 0; range < ranges_.size(); ++range) {
    const auto outside = [&](double area) { return area < ranges_[range].from || area > ranges_[range].to; };
    const auto ignored = [&](std::size_t j) { return objects[j].ignored || objects[j].crowd || outside(objects[j].area); };
    order_.clear();  // those that count first
    for (const bool wanted : {false, true})
      for (std::size_t j = 0; j < objects.size(); ++j)
        if (ignored(j) == wanted) order_.push_back(j);
    const auto counting = static_cast<std::size_t>(std::ranges::count_if(order_, [&](std::size_t j) { return !ignored(j); }));
    own.objects[range] += static_cast<std::int64_t>(counting);
    for (std::size_t at = 0; at < thresholds; ++at) {
      const std::uint64_t bit = std::uint64_t{1} << (range * thresholds + at);
      const double least = std::min(threshold(at), 1 - 1e-10);
      taken_.assign(objects.size(), 0);
      for (std::size_t i = 0; i < found.size(); ++i) {
        double best = least;
        std::size_t chosen = order_.size();
        for (std::size_t place = 0; place < order_.size(); ++place) {
          const std::size_t j = order_[place];
          if (taken_[j] && !objects[j].crowd) continue;
          if (chosen < counting && place >= counting) break;
          if (agreement_[i * objects.size() + j] < best) continue;
          best = agreement_[i * objects.size() + j], chosen = place;
        }
        judged& answer = own.answers[first + i];
        if (chosen < order_.size()) {
          taken_[order_[chosen]] = 1;
          answer.right |= bit;
          if (chosen >= counting) answer.ignored |= bit;
        } else if (outside(found[i].area)) {
          answer.ignored |= bit;
        }
      }
    }
  }
}

HASSE_BODY double average_precision::precision(std::size_t kind, std::size_t range, std::size_t threshold) {
  of_kind& own = kinds_[kind];
  if (own.objects[range] == 0) return -1;
  if (!own.sorted) std::ranges::stable_sort(own.answers, [](const judged& a, const judged& b) { return a.score > b.score; });
  own.sorted = true;
  const std::uint64_t bit = std::uint64_t{1} << (range * thresholds + threshold);
  std::vector<double> at_right;  // the precision where the n-th object was found; only there recall grows
  std::int64_t right = 0, wrong = 0;
  for (const judged& answer : own.answers) {
    if (answer.ignored & bit) continue;
    if (!(answer.right & bit)) {
      ++wrong;
      continue;
    }
    ++right;
    at_right.push_back(static_cast<double>(right) / (static_cast<double>(wrong + right) + 0x1p-52));
  }
  for (std::size_t i = at_right.size(); i-- > 1;) at_right[i - 1] = std::max(at_right[i - 1], at_right[i]);
  double sum = 0;
  std::size_t place = 0;
  for (int k = 0; k <= 100; ++k) {
    const double wanted = k == 100 ? 1.0 : k * 0.01;  // as numpy.linspace has it; k / 100.0 differs in ten places
    while (place < at_right.size() && static_cast<double>(place + 1) / static_cast<double>(own.objects[range]) < wanted) ++place;
    if (place == at_right.size()) break;
    sum += at_right[place];
  }
  return sum / 101;
}

HASSE_BODY double average_precision::recall(std::size_t kind, std::size_t range, std::size_t threshold, int most) const {
  const of_kind& own = kinds_[kind];
  if (own.objects[range] == 0) return -1;
  const std::uint64_t bit = std::uint64_t{1} << (range * thresholds + threshold);
  const auto right = std::ranges::count_if(
      own.answers, [&](const judged& answer) { return answer.rank < most && (answer.right & bit) && !(answer.ignored & bit); });
  return static_cast<double>(right) / static_cast<double>(own.objects[range]);
}

/// The mean of what is not -1; -1 where nothing is.
template <class Values>
double mean_where_any(const Values& values) {
  double sum = 0;
  int count = 0;
  for (const double value : values)
    if (value > -1) sum += value, ++count;
  return count > 0 ? sum / count : -1;
}

/// The indices of one class, the best score first, of equals the first, and at most `most`.
template <class Answer>
std::vector<std::size_t> best_of_class(std::span<const Answer> found, std::size_t kind, int most) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (static_cast<std::size_t>(found[i].kind) == kind && !std::isnan(found[i].score)) order.push_back(i);
  std::ranges::stable_sort(order, [&](std::size_t a, std::size_t b) { return found[a].score > found[b].score; });
  if (order.size() > static_cast<std::size_t>(most)) order.resize(static_cast<std::size_t>(most));
  return order;
}

inline std::array<double, average_precision::thresholds> at_all_thresholds(const auto& value) {
  std::array<double, average_precision::thresholds> values{};
  for (std::size_t at = 0; at < values.size(); ++at) values[at] = value(at);
  return values;
}
}  // namespace detail

HASSE_BODY coco_evaluator::coco_evaluator(int kinds)
    : counted_(static_cast<std::size_t>(kinds), {{0, 1e10}, {0, 32 * 32}, {32 * 32, 96 * 96}, {96 * 96, 1e10}}, 100) {}

HASSE_BODY void coco_evaluator::add(std::span<const labelled_object> objects, std::span<const detected_object> found) {
  std::vector<detail::average_precision::object> own;
  std::vector<detail::average_precision::scored> answers;
  std::vector<std::size_t> objects_of_kind;
  for (std::size_t kind = 0; kind < counted_.kinds(); ++kind) {
    own.clear(), answers.clear(), objects_of_kind.clear();
    for (std::size_t j = 0; j < objects.size(); ++j) {
      if (static_cast<std::size_t>(objects[j].kind) != kind) continue;
      objects_of_kind.push_back(j);
      own.push_back({objects[j].area, objects[j].difficult, objects[j].crowd});
    }
    const std::vector<std::size_t> order = detail::best_of_class(found, kind, counted_.most());
    for (const std::size_t i : order) answers.push_back({found[i].score, found[i].place.area()});
    counted_.add(kind, own, answers, [&](std::size_t i, std::size_t j) {
      const labelled_object& object = objects[objects_of_kind[j]];
      const box& place = found[order[i]].place;
      if (!object.crowd) return intersection_over_union(place, object.place);
      return place.area() > 0 ? overlap(place, object.place) / place.area() : 0.0;
    });
  }
}

HASSE_BODY coco_result coco_evaluator::result() {
  coco_result made;
  for (std::size_t kind = 0; kind < counted_.kinds(); ++kind) {
    coco_class_scores own;
    const auto precisions = [&](std::size_t range) {
      return detail::at_all_thresholds([&](std::size_t at) { return counted_.precision(kind, range, at); });
    };
    const auto recalls = [&](std::size_t range, int most) {
      return detail::at_all_thresholds([&](std::size_t at) { return counted_.recall(kind, range, at, most); });
    };
    own.precision = precisions(0), own.recall = recalls(0, 100);
    own.ap = detail::mean_where_any(own.precision), own.ap50 = own.precision[0], own.ap75 = own.precision[5];
    own.ap_small = detail::mean_where_any(precisions(1)), own.ap_medium = detail::mean_where_any(precisions(2));
    own.ap_large = detail::mean_where_any(precisions(3));
    own.ar1 = detail::mean_where_any(recalls(0, 1)), own.ar10 = detail::mean_where_any(recalls(0, 10));
    own.ar100 = detail::mean_where_any(own.recall), own.ar_small = detail::mean_where_any(recalls(1, 100));
    own.ar_medium = detail::mean_where_any(recalls(2, 100)), own.ar_large = detail::mean_where_any(recalls(3, 100));
    made.classes.push_back(own);
  }
  // A class counts at all thresholds of a range or at none, so that means of means are those of everything.
  for (double coco_scores::*const score :
       {&coco_scores::ap, &coco_scores::ap50, &coco_scores::ap75, &coco_scores::ap_small, &coco_scores::ap_medium,
        &coco_scores::ap_large, &coco_scores::ar1, &coco_scores::ar10, &coco_scores::ar100, &coco_scores::ar_small,
        &coco_scores::ar_medium, &coco_scores::ar_large}) {
    std::vector<double> values;
    for (const coco_class_scores& each : made.classes) values.push_back(each.*score);
    made.*score = detail::mean_where_any(values);
  }
  return made;
}

HASSE_BODY double keypoint_similarity(const labelled_object& object, std::span<const keypoint> found,
                                      std::span<const double> sigmas) {
  const auto labelled = std::ranges::count_if(object.joints, [](const keypoint& joint) { return joint.visible > 0; });
  const box& place = object.place;
  const double width = place.width(), height = place.height();
  double sum = 0;
  for (std::size_t i = 0; i < sigmas.size(); ++i) {
    double across, down;
    if (labelled > 0) {
      if (object.joints[i].visible == 0) continue;
      across = found[i].x - object.joints[i].x, down = found[i].y - object.joints[i].y;
    } else {
      across = std::max(0.0, place.x0 - width - found[i].x) + std::max(0.0, found[i].x - (place.x0 + 2 * width));
      down = std::max(0.0, place.y0 - height - found[i].y) + std::max(0.0, found[i].y - (place.y0 + 2 * height));
    }
    const double spread = 2 * sigmas[i];
    sum += std::exp(-(across * across + down * down) / (spread * spread) / (object.area + 0x1p-52) / 2);
  }
  return sum / static_cast<double>(labelled > 0 ? labelled : static_cast<std::ptrdiff_t>(sigmas.size()));
}

HASSE_BODY pose_evaluator::pose_evaluator(int kinds, std::vector<double> sigmas)
    : counted_(static_cast<std::size_t>(kinds), {{0, 1e10}, {32 * 32, 96 * 96}, {96 * 96, 1e10}}, 20), sigmas_(std::move(sigmas)) {}

HASSE_BODY void pose_evaluator::add(std::span<const labelled_object> objects, std::span<const detected_pose> found) {
  std::vector<detail::average_precision::object> own;
  std::vector<detail::average_precision::scored> answers;
  std::vector<std::size_t> objects_of_kind;
  for (std::size_t kind = 0; kind < counted_.kinds(); ++kind) {
    own.clear(), answers.clear(), objects_of_kind.clear();
    for (std::size_t j = 0; j < objects.size(); ++j) {
      const labelled_object& object = objects[j];
      if (static_cast<std::size_t>(object.kind) != kind) continue;
      objects_of_kind.push_back(j);
      const bool labelled = std::ranges::any_of(object.joints, [](const keypoint& joint) { return joint.visible > 0; });
      own.push_back({object.area, object.difficult || !labelled, object.crowd});
    }
    const std::vector<std::size_t> order = detail::best_of_class(found, kind, counted_.most());
    for (const std::size_t i : order) {
      const auto [left, right] = std::ranges::minmax(found[i].joints, {}, &keypoint::x);
      const auto [top, bottom] = std::ranges::minmax(found[i].joints, {}, &keypoint::y);
      answers.push_back({found[i].score, (right.x - left.x) * (bottom.y - top.y)});
    }
    counted_.add(kind, own, answers, [&](std::size_t i, std::size_t j) {
      return keypoint_similarity(objects[objects_of_kind[j]], found[order[i]].joints, sigmas_);
    });
  }
}

HASSE_BODY pose_scores pose_evaluator::result() {
  const auto mean = [&](auto value) {
    std::vector<double> values;
    for (std::size_t kind = 0; kind < counted_.kinds(); ++kind) values.push_back(value(kind));
    return detail::mean_where_any(values);
  };
  const auto precision = [&](std::size_t range) {
    return mean([&](std::size_t kind) {
      return detail::mean_where_any(detail::at_all_thresholds([&](std::size_t at) { return counted_.precision(kind, range, at); }));
    });
  };
  const auto recall = [&](std::size_t range) {
    return mean([&](std::size_t kind) {
      return detail::mean_where_any(
          detail::at_all_thresholds([&](std::size_t at) { return counted_.recall(kind, range, at, counted_.most()); }));
    });
  };
  const auto precision_at = [&](std::size_t at) { return mean([&](std::size_t kind) { return counted_.precision(kind, 0, at); }); };
  const auto recall_at = [&](std::size_t at) {
    return mean([&](std::size_t kind) { return counted_.recall(kind, 0, at, counted_.most()); });
  };
  return {.ap = precision(0),
          .ap50 = precision_at(0),
          .ap75 = precision_at(5),
          .ap_medium = precision(1),
          .ap_large = precision(2),
          .ar = recall(0),
          .ar50 = recall_at(0),
          .ar75 = recall_at(5),
          .ar_medium = recall(1),
          .ar_large = recall(2)};
}

}  // namespace hasse
