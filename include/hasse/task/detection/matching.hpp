// Which anchor answers for which object of a picture. Used by task/detection.hpp, in the thread that reads.
#pragma once

#include <span>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/objects.hpp>

namespace hasse {

/// What an anchor has instead of an object: background, or no say in the loss at all.
inline constexpr int no_object = -1, left_out = -2;

struct match_rule {
  double overlap = 0.5;  ///< from here on an anchor is positive (intersection over union)
  double ignored_share =
      0.5;              ///< of an anchor's area, in a crowd or difficult object: from here on it is left out, unless positive
  bool unique = false;  ///< an object whose best anchor another one has takes its next best free one
  bool operator==(const match_rule&) const = default;
};

struct matching {
  std::vector<int> object;  ///< of each anchor: an index, no_object or left_out
  int positives = 0;        ///< anchors with an object
  int lost = 0;             ///< objects that overlap an anchor and have none, since earlier ones took theirs
};

/// As SSD of the TensorFlow object detection API: each anchor has the object that it overlaps most, the first of equals, if that is
/// enough; then each object takes its best anchor whatever the overlap, the first of equals, but none that it does not overlap.
/// Where two objects have one best anchor the first keeps it. Crowds and difficult objects are no targets.
HASSE_BODY void match_anchors(std::span<const box> anchors, std::span<const labelled_object> objects, const match_rule& rule,
                              matching& to);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/task/detection/matching.inl>
#endif
