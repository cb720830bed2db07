// Boxes around things: what a detector learns from, answers and is judged by. Used by readers of detection sets, by their augmentation,
// and by task.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace hasse {

/// A box in continuous pixels: pixel column j covers [j, j + 1), nothing is ever "+1".
struct box {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  constexpr double width() const { return x1 - x0; }
  constexpr double height() const { return y1 - y0; }
  constexpr double area() const { return width() * height(); }
  bool operator==(const box&) const = default;
};

/// The area that two boxes share.
constexpr double overlap(const box& a, const box& b) {
  const double width = std::min(a.x1, b.x1) - std::max(a.x0, b.x0), height = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  return width > 0 && height > 0 ? width * height : 0;
}

/// Intersection over union, 0 where both boxes are empty.
constexpr double intersection_over_union(const box& a, const box& b) {
  const double shared = overlap(a, b), all = a.area() + b.area() - shared;
  return all > 0 ? shared / all : 0;
}

/// A joint in pixels: `visible` 0 not labelled (then x = y = 0), 1 hidden, 2 seen.
struct keypoint {
  double x = 0, y = 0;
  std::uint8_t visible = 0;
  bool operator==(const keypoint&) const = default;
};

/// One thing in a picture. `kind` is a dense index into the set's classes. `area` is what metrics sort by size (of the mask where a
/// file gives one, else of the box). Crowds and difficult objects are no targets: what lies on them is neither right nor wrong.
struct labelled_object {
  box place;
  int kind = 0;
  double area = 0;
  bool crowd = false, difficult = false;
  std::vector<keypoint> joints{};
  bool ignored() const { return crowd || difficult; }
  bool operator==(const labelled_object&) const = default;
};

/// One answer of a detector, in pixels of the picture.
struct detected_object {
  box place;
  int kind = 0;
  double score = 0;
  bool operator==(const detected_object&) const = default;
};

}  // namespace hasse
