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

/// A staircase for each of several devices, on which one network costs different things. Of one device areas are areas; of several they are
/// counted in shares of what each device has now, so that no device weighs more for being slow.
class staircases {
 public:
  staircases(double least, const std::vector<double>& dearest) {
    for (const double each : dearest) all_.emplace_back(least, each);
    weights_.assign(all_.size(), 1);
  }

  /// Points as costs on every device, and merit.
  void add(const std::vector<std::pair<std::vector<double>, double>>& points) {
    for (std::size_t device = 0; device < all_.size(); ++device) {
      std::vector<std::pair<double, double>> here;
      for (const auto& [costs, merit] : points) here.emplace_back(costs[device], merit);
      all_[device].add(std::move(here));
    }
  }
  /// From here on gains are shares of the areas now.
  void weigh() {
    if (all_.size() > 1)
      for (std::size_t device = 0; device < all_.size(); ++device)
        if (const double area = all_[device].area(); area > 0) weights_[device] = 1 / area;
  }
  /// As `other` counts.
  void weigh_as(const staircases& other) { weights_ = other.weights_; }

  double expected_gain(const merit_scale& scale, const std::vector<double>& costs, double mean, double deviation) const {
    double sum = 0;
    for (std::size_t device = 0; device < all_.size(); ++device) sum += weights_[device] * all_[device].expected_gain(scale, costs[device], mean, deviation);
    return sum;
  }
  /// Whether a point would be on one of the frontiers, or is.
  bool reaches(const std::vector<double>& costs, double merit, bool beyond = false) const {
    for (std::size_t device = 0; device < all_.size(); ++device)
      if (const double height = all_[device].height(costs[device]); beyond ? merit > height : merit >= height) return true;
    return false;
  }
  /// Of one device the area; of several how many have any, as each counts 1.
  double area() const {
    double sum = 0;
    for (std::size_t device = 0; device < all_.size(); ++device) sum += weights_[device] * all_[device].area();
    return sum;
  }
  /// The least that the areas are of those of `then`, over the devices.
  double share_of(const staircases& then) const {
    double least = 1;
    for (std::size_t device = 0; device < all_.size(); ++device)
      if (const double area = then.all_[device].area(); area > 0) least = std::min(least, all_[device].area() / area);
    return least;
  }

 private:
  std::vector<staircase> all_;
  std::vector<double> weights_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/search/expected_improvement.inl>
#endif
