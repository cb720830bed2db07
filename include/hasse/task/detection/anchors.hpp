// Anchors: the boxes that a detector's answers are measured against, at every cell of its maps. Published, written as a list, or
// made for a data set. Used by task/detection.hpp; programs show how well they fit.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/objects.hpp>

namespace hasse {

/// One anchor of a cell: the side of a square of its area, as a share of the shorter side of the image, and width / height.
struct anchor_form {
  double scale = 0, ratio = 1;
  bool operator==(const anchor_form&) const = default;
};

/// What stands at every cell of each map, finest map first. A map without anchors gets no predictors.
struct anchor_plan {
  std::vector<std::vector<anchor_form>> maps;
  bool operator==(const anchor_plan&) const = default;
};

/// The anchors of SSD as the published MobileDets have them, scales 0.2 to 0.95: three a cell on the first of at least two maps,
/// six on the others.
HASSE_BODY anchor_plan published_anchors(int maps = 6);

/// "0.1:1 0.2:2 | 0.2:1": scale and ratio, cell by cell; maps are divided by '|'.
HASSE_BODY std::string to_text(const anchor_plan& plan);
/// The reverse. Throws `error` where that is no plan.
HASSE_BODY anchor_plan anchor_plan_of(std::string_view text);

/// The anchors of an input in its pixels, in the order of a network's answers: map, row, column, anchor. They stand in the middle
/// of their cells, are square in pixels where the ratio is 1, and are not clipped. `maps` are the shapes of the network's maps.
HASSE_BODY std::vector<box> anchors_of(const anchor_plan& plan, feature_shape input, std::span<const feature_shape> maps);

/// How well anchors fit the objects of one class.
struct anchor_fit {
  std::size_t objects = 0;  ///< crowds and difficult ones left out
  double recall = 0;        ///< share of them that an anchor overlaps by at least a half: below 0.9 explains a bad detector
  double overlap = 0;       ///< mean of the best overlaps
};
/// Class by class; the objects' places are pixels of the network's input.
HASSE_BODY std::vector<anchor_fit> fit_of(std::span<const box> anchors, std::span<const labelled_object> objects, int kinds);

/// Anchors for these objects, whose places are pixels of the network's input: per class the sides that 10, 50 and 90 % stay below,
/// each on the coarsest map whose cells are at least 2.4 times smaller (else on the finest), with the ratios 3:2 and 2:3 at the
/// median. Scales of one map that differ by less than 15 % become one.
HASSE_BODY anchor_plan anchors_for(std::span<const labelled_object> objects, int kinds, feature_shape input,
                                   std::span<const feature_shape> maps);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/task/detection/anchors.inl>
#endif
