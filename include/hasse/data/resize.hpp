// Brings pixels to the shape that a network wants: triangle-filter resizing (bilinear up, area-like down) and grey <-> RGB.
// Used by the readers of files, whose images come in any shape. Integer arithmetic only: the same bytes on every machine.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/shape.hpp>

namespace hasse {

/// Resizes and recolours images of one destination shape; keeps its buffers between calls.
class image_fitter {
 public:
  explicit image_fitter(feature_shape wanted) : wanted_(wanted) {}

  /// Appends the image to `to`, in the wanted shape; channels of both are 1 or 3.
  void append(std::span<const std::uint8_t> image, feature_shape shape, std::vector<std::uint8_t>& to);

 private:
  /// The source positions and integer weights of one output position.
  struct window {
    std::size_t first = 0;
    std::vector<std::int64_t> weights;
    std::int64_t total = 0;

    template <class Value>
    std::int32_t blend(const Value* values, std::size_t stride, std::int64_t scale) const {
      std::int64_t sum = total / 2;
      for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] * scale * values[(first + i) * stride];
      return static_cast<std::int32_t>(sum / total);
    }
  };

  /// Distances are whole numbers in units of 1 / (2 out) source pixels.
  static void plan(int in, int out, std::vector<window>& windows);

  void recolour(std::span<const std::uint8_t> image, feature_shape shape);

  feature_shape wanted_;
  std::vector<window> across_, down_;
  std::vector<std::uint8_t> recoloured_;
  std::vector<std::int32_t> narrowed_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/resize.inl>
#endif
