// The colours in which classes of pixels are shown, in masks, pictures and reports.
// Used by data/mask.hpp, result/segmentation_report.hpp and program/segment.hpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace hasse {

/// Told apart from its neighbours on most grounds, the same everywhere: the bits of the index spread over the three channels from the top, as
/// in the palette of Pascal VOC, which begins with black. Here that is 255, what has no class.
constexpr std::array<std::uint8_t, 3> mask_colour(int at) {
  std::array<std::uint8_t, 3> colour{};
  if (at == 255) return colour;
  int left = at + 1;
  for (int bit = 7; bit >= 0; --bit, left >>= 3)
    for (std::size_t c = 0; c < 3; ++c) colour[c] = static_cast<std::uint8_t>(colour[c] | (((left >> c) & 1) << bit));
  return colour;
}

}  // namespace hasse
