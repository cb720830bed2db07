// The bodies of search/expected_improvement.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include <hasse/search/expected_improvement.hpp>

namespace hasse {

HASSE_BODY double expected_excess(const merit_scale& scale, double mean, double deviation, double height) {
  const auto below = [](double deviations) { return 0.5 * std::erfc(-deviations * 0.70710678118654752); };
  if (!scale.best) {
    const double d = (mean - height) / deviation;
    return std::max(0.0, deviation * (d * below(d) + 0.39894228040143268 * std::exp(-0.5 * d * d)));
  }
  const double room = *scale.best - height;
  if (!(room > 0)) return 0;
  const double d = (mean + std::log(room)) / deviation;
  if (d < -8) return 0;  // less than 1e-15 of the room, and the difference below would be rounding
  return std::max(0.0, room * below(d) - std::exp(-mean + 0.5 * deviation * deviation) * below(d - deviation));
}

HASSE_BODY void staircase::add(std::vector<std::pair<double, double>> points) {
  for (std::size_t i = 1; i < steps_.size(); ++i) points.emplace_back(steps_[i].cost, steps_[i].merit);
  steps_.resize(1);
  std::sort(points.begin(), points.end());
  for (const auto& [cost, merit] : points)
    if (cost < dearest_ && merit > steps_.back().merit) {
      if (steps_.back().cost == cost) steps_.back().merit = merit;
      else steps_.push_back({cost, merit});
    }
}

HASSE_BODY double staircase::expected_gain(const merit_scale& scale, double cost, double mean, double deviation) const {
  double area = 0;
  for (std::size_t i = steps_.size(); i-- > 0;) {
    const double to = i + 1 < steps_.size() ? steps_[i + 1].cost : dearest_, from = std::max(steps_[i].cost, cost);
    if (to <= cost) break;
    area += (to - from) * expected_excess(scale, mean, deviation, steps_[i].merit);
  }
  return area;
}

HASSE_BODY double staircase::area() const {
  double sum = 0;
  for (std::size_t i = 1; i < steps_.size(); ++i)
    sum += ((i + 1 < steps_.size() ? steps_[i + 1].cost : dearest_) - steps_[i].cost) * (steps_[i].merit - steps_[0].merit);
  return sum;
}

}  // namespace hasse
