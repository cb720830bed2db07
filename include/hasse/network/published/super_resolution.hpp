// A super-resolution network without batch norm, after WDSR (Yu et al. 2018): twice the height and width.
// Used by program/super_resolution.hpp and tests; it is no classifier, so named_network does not list it.
#pragma once

#include <string>

#include <hasse/space/layer_builder.hpp>

namespace hasse {

/// WDSR-A x2: a 3x3 convolution to `width` channels, residual blocks that are `expand` times as wide before their ReLU, a 3x3
/// convolution to the four pixels that every pixel becomes; a 5x5 convolution of the image is added to those. Biases instead of the
/// weight normalisation of the paper, so that it folds into nothing and slims like any network.
struct wdsr_spec {
  int width = 32, blocks = 8, expand = 4;
  friend constexpr bool operator==(const wdsr_spec&, const wdsr_spec&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    const int pixels = 4 * list.shape_of(from).c;
    const auto convolution = [&](value_id value, int out, int kernel) {
      return list.convolution(value, out, kernel, 1, -1, 1, true);
    };
    value_id value = convolution(from, width, 3);
    for (int i = 0; i < blocks; ++i) {
      const value_id wide = list.activate(convolution(value, width * expand, 3), activation::relu);
      value = list.add(convolution(wide, width, 3), value);
    }
    const value_id detail = convolution(value, pixels, 3);
    return list.depth_to_space(list.add(convolution(from, pixels, 5), detail), 2);
  }
  std::string text() const {
    return "wdsr " + std::to_string(width) + 'x' + std::to_string(expand) + ", " + std::to_string(blocks) + " blocks";
  }
};

}  // namespace hasse
