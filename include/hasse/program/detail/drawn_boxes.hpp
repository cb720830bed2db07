// Boxes drawn on pictures. Used by program/detect.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <hasse/data/detection_set.hpp>
#include <hasse/data/objects.hpp>

namespace hasse::detail {

struct box_colour {
  std::string_view name;
  std::array<std::uint8_t, 3> rgb;
};
/// Told apart on most grounds, and by those who see few colours; class 8 has that of class 0 again.
inline constexpr std::array<box_colour, 8> box_colours{{{"orange", {230, 159, 0}},
                                                        {"sky blue", {86, 180, 233}},
                                                        {"green", {0, 158, 115}},
                                                        {"yellow", {240, 228, 66}},
                                                        {"blue", {0, 114, 178}},
                                                        {"vermilion", {213, 94, 0}},
                                                        {"purple", {204, 121, 167}},
                                                        {"white", {255, 255, 255}}}};
inline const box_colour& colour_of(int kind) { return box_colours[static_cast<std::size_t>(kind) % box_colours.size()]; }

/// Frames of two pixels, or more where the picture is large; the best lie on top.
inline void draw_boxes(labelled_picture& picture, std::span<const detected_object> objects) {
  const int thick = std::max(2, std::min(picture.height, picture.width) / 240);
  for (std::size_t i = objects.size(); i-- > 0;) {
    const box& place = objects[i].place;
    const auto pixel = [](double at, int size) { return std::clamp(static_cast<int>(std::lround(at)), 0, size); };
    const int left = pixel(place.x0, picture.width), right = pixel(place.x1, picture.width), top = pixel(place.y0, picture.height),
              bottom = pixel(place.y1, picture.height);
    for (int y = top; y < bottom; ++y)
      for (int x = left; x < right; ++x) {
        const bool inside = y >= top + thick && y < bottom - thick && x >= left + thick && x < right - thick;
        if (inside) continue;
        const auto& rgb = colour_of(objects[i].kind).rgb;
        std::copy(rgb.begin(), rgb.end(), picture.pixels.begin() + 3 * (std::ptrdiff_t{y} * picture.width + x));
      }
  }
}

}  // namespace hasse::detail
