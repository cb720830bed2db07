// What a training is expected to add to the hypervolume of a frontier: known cost, uncertain merit, in closed form.
// Used by search_model and by tests.
#pragma once

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>

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
HASSE_BODY double expected_excess(const merit_scale& scale, double mean, double deviation, double height);

/// The area below a frontier, as stairs: from each cost to the next one, the best merit for at most that cost.
class staircase {
 public:
  /// Nothing is won at `dearest` or beyond it, nor by a merit of at most `least`.
  staircase(double least, double dearest) : dearest_(dearest), steps_{{-INFINITY, least}} {}

  /// Points in any order, cost and merit, besides those that are there.
  void add(std::vector<std::pair<double, double>> points);

  /// The area that is expected to be won by one more point, whose merit is as in expected_excess.
  double expected_gain(const merit_scale& scale, double cost, double mean, double deviation) const;

  /// The best merit for at most this cost.
  double height(double cost) const {
    const auto dearer = std::find_if(steps_.begin(), steps_.end(), [&](const step& each) { return each.cost > cost; });
    return std::prev(dearer)->merit;
  }

  /// From the reference on.
  double area() const;

 private:
  struct step {
    double cost, merit;
  };
  double dearest_;
  std::vector<step> steps_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/search/expected_improvement.inl>
#endif
