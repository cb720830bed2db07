// Labels drawn on pictures, and pictures beside each other. Used by program/segment.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <hasse/data/detection_set.hpp>
#include <hasse/data/mask_colour.hpp>

namespace hasse::detail {

/// The colours of labels.
inline std::vector<std::uint8_t> coloured(std::span<const std::uint8_t> labels) {
  std::vector<std::uint8_t> pixels;
  pixels.reserve(3 * labels.size());
  for (const std::uint8_t label : labels)
    for (const std::uint8_t value : mask_colour(label)) pixels.push_back(value);
  return pixels;
}

/// Half the picture, half the colours of its labels.
inline std::vector<std::uint8_t> overlaid(std::span<const std::uint8_t> picture, std::span<const std::uint8_t> labels) {
  std::vector<std::uint8_t> pixels = coloured(labels);
  for (std::size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<std::uint8_t>((pixels[i] + picture[i] + 1) / 2);
  return pixels;
}

/// Pictures of one size from left to right, as RGB.
inline std::vector<std::uint8_t> side_by_side(std::span<const std::vector<std::uint8_t>> pictures, int height, int width) {
  const std::size_t row = static_cast<std::size_t>(width) * 3;
  std::vector<std::uint8_t> all;
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y)
    for (const std::vector<std::uint8_t>& picture : pictures) all.insert(all.end(), picture.begin() + static_cast<std::ptrdiff_t>(y * row), picture.begin() + static_cast<std::ptrdiff_t>((y + 1) * row));
  return all;
}

}  // namespace hasse::detail
