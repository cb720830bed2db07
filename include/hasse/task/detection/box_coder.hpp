// Boxes as the numbers that a detector answers with, and back: how far a box is from its anchor. Used by task/detection.hpp.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include <hasse/data/objects.hpp>

namespace hasse {

/// The numbers of a box in the order of the answers: middle row, middle column, height, width.
template <class Scalar>
using box_code = std::array<Scalar, 4>;

/// The middle in tenths of the anchor's sides, the sides as a fifth of their logarithm: so all four have a spread of about 1.
inline box_code<double> encode(const box& place, const box& anchor) {
  const auto side = [](double length) { return std::max(length, 1e-8); };
  const double height = side(anchor.height()), width = side(anchor.width());
  return {10 * ((place.y0 + place.y1) - (anchor.y0 + anchor.y1)) / (2 * height),
          10 * ((place.x0 + place.x1) - (anchor.x0 + anchor.x1)) / (2 * width), 5 * std::log(side(place.height()) / height),
          5 * std::log(side(place.width()) / width)};
}

/// The reverse. Sides grow to 1000 / 16 times those of the anchor and no more, so that a network that has learned nothing has
/// boxes.
template <class Scalar>
box decode(const box_code<Scalar>& code, const box& anchor) {
  constexpr double most = 4.135166556742356;  // ln(1000 / 16)
  const auto grown = [&](Scalar logarithm) { return std::exp(std::min(static_cast<double>(logarithm) / 5, most)) / 2; };
  const double middle_y = (anchor.y0 + anchor.y1) / 2 + static_cast<double>(code[0]) / 10 * anchor.height(),
               middle_x = (anchor.x0 + anchor.x1) / 2 + static_cast<double>(code[1]) / 10 * anchor.width();
  const double half_height = grown(code[2]) * anchor.height(), half_width = grown(code[3]) * anchor.width();
  return {middle_x - half_width, middle_y - half_height, middle_x + half_width, middle_y + half_height};
}

}  // namespace hasse
