// The speed/accuracy boundary of what has been trained: the non-dominated points, the two questions, the hypervolume.
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
  ticks latency{};
  double accuracy = 0;
  friend bool operator==(const frontier_point&, const frontier_point&) = default;
};

/// The corner that hypervolumes are measured from: slower or less accurate points count nothing.
struct hypervolume_reference {
  ticks latency{};
  double accuracy = 0;
};

/// Points that no other point equals or beats in both latency and accuracy, from fast to accurate.
/// Ties: of two points with the same latency the more accurate stays; of two equal in both the first one added.
template <class Candidate>
class frontier {
 public:
  using point = frontier_point<Candidate>;

  /// Adds a point (its accuracy is finite) and drops what it dominates; false when it changes nothing.
  bool add(point added) {
    const auto slower = std::upper_bound(points_.begin(), points_.end(), added.latency, faster);
    if (slower != points_.begin() && std::prev(slower)->accuracy >= added.accuracy) return false;
    const auto first = std::lower_bound(points_.begin(), points_.end(), added.latency, [](const point& p, ticks value) { return p.latency < value; });
    const auto last = std::find_if(first, points_.end(), [&](const point& p) { return p.accuracy > added.accuracy; });
    points_.insert(points_.erase(first, last), std::move(added));
    return true;
  }

  /// Latency and accuracy both strictly increase.
  const std::vector<point>& points() const { return points_; }

  /// The most accurate point with at most this latency.
  std::optional<point> best_within(ticks latency) const {
    const auto slower = std::upper_bound(points_.begin(), points_.end(), latency, faster);
    return slower == points_.begin() ? std::nullopt : std::optional(*std::prev(slower));
  }

  /// The fastest point with at least this accuracy.
  std::optional<point> fastest_reaching(double accuracy) const {
    const auto found = std::lower_bound(points_.begin(), points_.end(), accuracy, [](const point& p, double value) { return p.accuracy < value; });
    return found == points_.end() ? std::nullopt : std::optional(*found);
  }

  /// The area between the boundary and the reference, in ticks times accuracy.
  double hypervolume(hypervolume_reference reference) const {
    double area = 0, below = reference.accuracy;
    for (const point& p : points_) {
      if (p.latency >= reference.latency) break;
      if (p.accuracy <= below) continue;
      area += static_cast<double>((reference.latency - p.latency).count) * (p.accuracy - below);
      below = p.accuracy;
    }
    return area;
  }

 private:
  static bool faster(ticks value, const point& p) { return value < p.latency; }
  std::vector<point> points_;
};

}  // namespace hasse
