// Segmentation: what stands behind a backbone of stride 32 to give every pixel a class. (spec: partial-order-pruning.md 1.6, dense-tasks.md E.2
// and E.3.) Used by space/segmentation.hpp, which has the spaces of these, and by the published networks of that family.
#pragma once

#include <algorithm>
#include <string>

#include <hasse/space/head.hpp>
#include <hasse/space/search_space.hpp>
#include <hasse/space/spaces.hpp>
#include <hasse/space/spec.hpp>

namespace hasse {

/// Pyramid pooling (Zhao et al. 2017): averages over ever smaller windows, each by a 1x1 convolution to a quarter of the channels and
/// resized, beside what was pooled, joined by a 3x3 convolution. The windows are 1, 2, 4 and 8 rows of the map, and as many columns as
/// keep them square: those of the released networks, which average 32, 16, 8 and 4 pixels a side, at 1024 x 2048 and 1024 x 1024. A
/// number of windows that the map has no pixels for is left out.
struct pyramid_pooling {
  friend constexpr bool operator==(const pyramid_pooling&, const pyramid_pooling&) = default;

  /// How many columns of windows stand in `rows` rows of them.
  static constexpr int columns_of(feature_shape map, int rows) { return std::max(1, (2 * rows * map.w + map.h) / (2 * map.h)); }

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const feature_shape map = list.shape_of(from);
    value_id joined = from;
    for (int rows = 1; rows <= 8; rows *= 2) {
      const int columns = columns_of(map, rows);
      if (rows > map.h || columns > map.w) continue;
      const value_id pooled = list.conv_bn(list.adaptive_average_pool(from, rows, columns), std::max(1, map.c / 4), 1, 1, activation::relu, df_norm);
      joined = list.concat(joined, list.corner_resize(pooled, map.h, map.w));
    }
    return list.conv_bn(joined, map.c, 3, 1, activation::relu, df_norm);
  }
  std::string text() const { return "pyramid_pooling"; }
};

/// Joins a coarse map with one of twice its size, and as wide as that: the coarse one through a 1x1 convolution and upsampled. `fades`: what
/// lies outside counts as zero, as in the released networks; else the border is repeated.
struct fusion_node {
  bool fades = true;
  friend constexpr bool operator==(const fusion_node&, const fusion_node&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id coarse, value_id fine) const {
    const feature_shape shape = list.shape_of(fine);
    const value_id narrow = list.conv_bn(coarse, shape.c, 1, 1, activation::relu, df_norm);
    const value_id large = fades ? list.upsample(narrow, 2) : list.resize(narrow, shape.h, shape.w);
    return list.conv_bn(list.concat(fine, large), shape.c, 3, 1, activation::relu, df_norm);
  }
  std::string text() const { return "fusion_node"; }
};

/// A score per class for every pixel: a 3x3 convolution with batch norm and without activation.
struct pixel_scores {
  int classes = 19;
  friend constexpr bool operator==(const pixel_scores&, const pixel_scores&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const { return list.batch_norm(list.convolution(from, classes, 3), df_norm); }
  std::string text() const { return "pixel_scores"; }
};

namespace detail {
template <class Widths>
using df_controller = searched<conv{.kernel = 1, .norm = df_norm}, Widths>;
}  // namespace detail

/// The decoder of DF-Seg behind a backbone of three stages of stride 2: pyramid pooling, controllers whose widths are searched, fusion nodes,
/// scores at stride 8, enlarged to the size of the image.
template <int Classes, class Widths>
using df_decoder = head<pyramid_pooling, detail::df_controller<Widths>, with_stage<2, fusion_node, detail::df_controller<Widths>>,
                        with_stage<1, fusion_node, detail::df_controller<Widths>>, fixed_layer<pixel_scores{.classes = Classes}>, upsample<8>>;

/// The last stage of a DF backbone as one block: basic blocks of which the last is twice as wide as the others, `narrow` of them.
struct widening {
  int out = 0, stride = 1, narrow = 1;
  batch_norm_rule norm{};
  friend constexpr bool operator==(const widening&, const widening&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    int step = stride;
    for (int block = 0; block < narrow; ++block, step = 1) from = basic{.out = out / 2, .stride = step, .norm = norm}.lower(list, from);
    return basic{.out = out, .stride = step, .norm = norm}.lower(list, from);
  }
  std::string text() const { return "widening s" + std::to_string(stride) + " " + std::to_string(narrow); }
};

}  // namespace hasse
