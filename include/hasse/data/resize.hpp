// Brings pixels to the shape that a network wants: triangle-filter resizing (bilinear up, area-like down) and grey <-> RGB.
// Used by the readers of files, whose images come in any shape. Integer arithmetic only: the same bytes on every machine.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/shape.hpp>

namespace hasse {

/// What becomes of images whose proportions are not those of the network.
enum class image_fit : std::uint8_t {
  stretch,  ///< both axes by their own factor: all is seen, and things look longer or wider
  crop,     ///< the largest window of the network's proportions in the middle
  pad       ///< all of it, with black beside it or above and below
};
/// All of them, for command lines.
inline constexpr std::array image_fits{image_fit::stretch, image_fit::crop, image_fit::pad};
constexpr std::string_view to_text(image_fit fit) { return fit == image_fit::stretch ? "stretch" : fit == image_fit::crop ? "crop" : "pad"; }
/// Reads what `to_text` wrote; `what` begins the sentence that refuses anything else.
HASSE_BODY image_fit parse_image_fit(std::string_view text, std::string_view what);

/// Resizes and recolours images to one shape; keeps its buffers between calls.
class image_fitter {
 public:
  explicit image_fitter(feature_shape wanted, image_fit fit = image_fit::stretch) : wanted_(wanted), fit_(fit) {}

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

  /// Keeps the window of the wanted proportions in the middle of what `recolour` made; the answer is its shape.
  feature_shape crop(feature_shape shape);
  /// What `recolour` made, of that shape, to `target` pixels, behind `to`.
  void resample(feature_shape shape, feature_shape target, std::vector<std::uint8_t>& to);

  feature_shape wanted_;
  image_fit fit_;
  std::vector<window> across_, down_;
  std::vector<std::uint8_t> recoloured_, inner_;
  std::vector<std::int32_t> narrowed_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/resize.inl>
#endif
