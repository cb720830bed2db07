// What a training is expected to add to the hypervolume of a frontier: known cost, uncertain merit, in closed form.
// Used by search_model and by tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

namespace hasse {

/// A merit on the scale that a model sees it on: -log(best - merit), so that the last steps before the best possible count as much as the
/// first ones; without a best possible merit, the merit itself.
struct merit_scale {
  std::optional<double> best = {};

  /// A merit of the best possible, or above, counts as a millionth below it.
  double in(double merit) const { return best ? -std::log(std::max(*best - merit, 1e-6 * std::max(1.0, std::abs(*best)))) : merit; }
  double out(double seen) const { return best ? *best - std::exp(-seen) : seen; }
};

/// E max(0, merit - height) where the merit, as `scale` sees it, is normal with this mean and deviation (> 0).
inline double expected_excess(const merit_scale& scale, double mean, double deviation, double height) {
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

/// The area below a frontier, as stairs: from each cost to the next one, the best merit for at most that cost.
class staircase {
 public:
  /// Nothing is won at `dearest` or beyond it, nor by a merit of at most `least`.
  staircase(double least, double dearest) : dearest_(dearest), steps_{{-INFINITY, least}} {}

  /// Points in any order, cost and merit, besides those that are there.
  void add(std::vector<std::pair<double, double>> points) {
    for (std::size_t i = 1; i < steps_.size(); ++i) points.emplace_back(steps_[i].cost, steps_[i].merit);
    steps_.resize(1);
    std::sort(points.begin(), points.end());
    for (const auto& [cost, merit] : points)
      if (cost < dearest_ && merit > steps_.back().merit) {
        if (steps_.back().cost == cost) steps_.back().merit = merit;
        else steps_.push_back({cost, merit});
      }
  }

  /// The area that is expected to be won by one more point, whose merit is as in expected_excess.
  double expected_gain(const merit_scale& scale, double cost, double mean, double deviation) const {
    double area = 0;
    for (std::size_t i = steps_.size(); i-- > 0;) {
      const double to = i + 1 < steps_.size() ? steps_[i + 1].cost : dearest_, from = std::max(steps_[i].cost, cost);
      if (to <= cost) break;
      area += (to - from) * expected_excess(scale, mean, deviation, steps_[i].merit);
    }
    return area;
  }

  /// The best merit for at most this cost.
  double height(double cost) const {
    const auto dearer = std::find_if(steps_.begin(), steps_.end(), [&](const step& each) { return each.cost > cost; });
    return std::prev(dearer)->merit;
  }

  /// From the reference on.
  double area() const {
    double sum = 0;
    for (std::size_t i = 1; i < steps_.size(); ++i)
      sum += ((i + 1 < steps_.size() ? steps_[i + 1].cost : dearest_) - steps_[i].cost) * (steps_[i].merit - steps_[0].merit);
    return sum;
  }

 private:
  struct step {
    double cost, merit;
  };
  double dearest_;
  std::vector<step> steps_;
};

}  // namespace hasse
