// The boundary of cost and merit of what has been trained: the non-dominated points, the two questions, the hypervolume.
// Used by every policy, by diagnostics and by result.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include <hasse/core/units.hpp>

namespace hasse {

template <class Candidate>
struct frontier_point {
  Candidate candidate{};
  ticks cost{};
  double merit = 0;
  friend bool operator==(const frontier_point&, const frontier_point&) = default;
};

/// The corner that hypervolumes are measured from: dearer or worse points count nothing.
struct hypervolume_reference {
  ticks cost{};
  double merit = 0;
};

/// Points that no other point equals or beats in both cost and merit, from cheap to good.
/// Ties: of two points with the same cost the better stays; of two equal in both the first one added.
template <class Candidate>
class frontier {
 public:
  using point = frontier_point<Candidate>;

  /// Adds a point (its merit is finite) and drops what it dominates; false when it changes nothing.
  bool add(point added) {
    const auto dearer = std::upper_bound(points_.begin(), points_.end(), added.cost, cheaper);
    if (dearer != points_.begin() && std::prev(dearer)->merit >= added.merit) return false;
    const auto first = std::lower_bound(points_.begin(), points_.end(), added.cost, [](const point& p, ticks value) { return p.cost < value; });
    const auto last = std::find_if(first, points_.end(), [&](const point& p) { return p.merit > added.merit; });
    points_.insert(points_.erase(first, last), std::move(added));
    return true;
  }

  /// Cost and merit both strictly increase.
  const std::vector<point>& points() const { return points_; }

  /// The best point of at most this cost.
  std::optional<point> best_within(ticks cost) const {
    const auto dearer = std::upper_bound(points_.begin(), points_.end(), cost, cheaper);
    return dearer == points_.begin() ? std::nullopt : std::optional(*std::prev(dearer));
  }

  /// The cheapest point of at least this merit.
  std::optional<point> cheapest_reaching(double merit) const {
    const auto found = std::lower_bound(points_.begin(), points_.end(), merit, [](const point& p, double value) { return p.merit < value; });
    return found == points_.end() ? std::nullopt : std::optional(*found);
  }

  /// The area between the boundary and the reference, in ticks times merit.
  double hypervolume(hypervolume_reference reference) const {
    double area = 0, below = reference.merit;
    for (const point& p : points_) {
      if (p.cost >= reference.cost) break;
      if (p.merit <= below) continue;
      area += static_cast<double>((reference.cost - p.cost).count) * (p.merit - below);
      below = p.merit;
    }
    return area;
  }

 private:
  static bool cheaper(ticks value, const point& p) { return value < p.cost; }
  std::vector<point> points_;
};

}  // namespace hasse
