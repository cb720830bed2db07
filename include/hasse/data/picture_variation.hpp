// How a picture with objects comes to the size that a network reads, and how it varies in training. Values only.
// Used by detection sets, by the sampler that makes pixels and boxes of them, and by tasks.
#pragma once

#include <cstdint>

namespace hasse {

/// Both axes by their own factor; or both by one, with the rest filled by the mean colour: around the picture (letterbox), or below it and
/// on its right (corner), so that pixels stay where they are. The same in training, evaluation and export.
enum class picture_fit : std::uint8_t { stretch, letterbox, corner };

/// Windows that a training picture is cut to: those of SSD as torchvision draws them (boxes stay by their centre), or those of
/// TensorFlow's detectors (boxes stay by the share that is left of them); or, for pictures whose pixels have classes, windows of the
/// network's proportions at a drawn scale, whose place is drawn again, up to ten times, while one class covers more than three quarters.
enum class picture_crop : std::uint8_t { none, by_overlap, by_share, by_scale };

/// How training pictures vary. Mirroring and crops are what MobileDet was trained with; small sets gain by the rest.
struct picture_variation {
  bool mirrored = false;
  bool upside_down = false;  ///< mirrored from top to bottom, half of the time: for things that have no up
  picture_crop crop = picture_crop::none;
  bool zoomed_out = false;  ///< half of the time put onto a ground of up to 16 times the area, unless a thing would become less than 4 pixels
  bool recoloured = false;  ///< brightness, contrast, saturation and hue
  bool permuted = false;    ///< and channels: not for things that are known by their colour
  double least_scale = 0.5, most_scale = 2;  ///< of by_scale: how large things are shown, 1 as in the whole picture
  double repeated = 0;      ///< pictures with a class that is in less than this share of all come more often; 0: all come alike
  bool operator==(const picture_variation&) const = default;
};

}  // namespace hasse
