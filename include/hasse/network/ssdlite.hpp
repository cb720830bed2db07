// SSDLite: the head that makes a detector of a backbone, and how a backbone is cut out of a network that was made for something
// else. Used by network/published/mobiledet.hpp, by task/detection.hpp and by programs that train detectors.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/space/layer_builder.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// What stands on a backbone's maps (Sandler et al. 2018; as published with MobileDets): further maps, each half of the one before;
/// and on every map two predictors, which answer with four numbers of a box and with one per class for each anchor of each cell.
/// The outputs are called codes0, logits0, codes1, .. in the order of the maps, and leave one out that has no anchors.
struct ssdlite_head {
  static constexpr std::size_t most_maps = 8;
  std::array<int, most_maps> anchors{3, 6, 6, 6, 6, 6};   ///< at a cell of each map, finest first; 0 behind the last
  std::array<int, most_maps> depths{512, 256, 256, 128};  ///< channels of the maps that the backbone does not have
  int columns = 91;                                       ///< numbers per anchor: classes, and a background where there is one
  batch_norm_rule norm{.epsilon_millionths = 1000, .keep_percent = 97};
  padding pad = padding::same;
  friend constexpr bool operator==(const ssdlite_head&, const ssdlite_head&) = default;

  /// Up to the last one that has anchors.
  constexpr std::size_t map_count() const {
    std::size_t count = most_maps;
    while (count > 0 && anchors[count - 1] == 0) --count;
    return count;
  }

  /// Reads the backbone's maps, finest first. Returns the last output.
  template <class List>
  constexpr value_id lower(layer_builder<List> list, std::span<const value_id> maps) const {
    constexpr std::array<std::string_view, most_maps> codes{"codes0", "codes1", "codes2", "codes3",
                                                            "codes4", "codes5", "codes6", "codes7"},
        logits{"logits0", "logits1", "logits2", "logits3", "logits4", "logits5", "logits6", "logits7"};
    const std::size_t count = map_count();
    value_id map = no_value, last = no_value;
    for (std::size_t i = 0; i < count; ++i) {
      map = i < maps.size() ? maps[i] : further_map(list, map, depths[i - maps.size()]);
      if (anchors[i] == 0) continue;
      list.output(codes[i], predictor(list, map, 4 * anchors[i]));
      last = list.output(logits[i], predictor(list, map, columns * anchors[i]));
    }
    return last;
  }

 private:
  template <class List>
  constexpr value_id further_map(layer_builder<List> list, value_id from, int depth) const {
    const value_id narrow = list.conv_bn(from, depth / 2, 1, 1, activation::relu6, norm);
    return list.conv_bn(list.conv_bn(narrow, depth / 2, 3, 2, activation::relu6, norm, depth / 2, pad), depth, 1, 1,
                        activation::relu6, norm);
  }
  template <class List>
  constexpr value_id predictor(layer_builder<List> list, value_id from, int out) const {
    const int channels = list.shape_of(from).c;
    return list.convolution(list.conv_bn(from, channels, 3, 1, activation::relu6, norm, channels, pad), out, 1, 1, 0, 1, true);
  }
};

namespace detail {
/// Whether a value is made by a depthwise convolution, batch norm and activation in between or not.
HASSE_BODY bool is_made_depthwise(const layer_list& layers, value_id value);

/// The value that holds what a network has found at a side of the image by the time it goes on to a smaller one: the input of the
/// block that goes on, not its widened inside.
HASSE_BODY value_id map_of_side(const layer_list& layers, int h, int w);

/// The layers that these values need, without outputs; the values become those of the new list.
HASSE_BODY layer_list only_for(const layer_list& network, std::span<value_id> values);
}  // namespace detail

/// The part of a network that makes its maps at these strides, finest first, for instance of 16 and 32: they are its outputs,
/// called stride16 and so on. What only the rest needs (the layers of a classifier) is left out.
HASSE_BODY layer_list backbone_of(const layer_list& network, std::span<const int> strides);

/// A backbone whose outputs are maps, finest first, and a head on them: a detector. Layers that only a map behind the last anchors
/// needs are left out.
HASSE_BODY layer_list detector_of(const layer_list& backbone, const ssdlite_head& head);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/network/ssdlite.inl>
#endif
