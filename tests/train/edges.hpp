// Patches that bicubic interpolation blurs and a network can learn to sharpen, and a small network for them.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include <hasse/core/random.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/network/published/super_resolution.hpp>
#include <hasse/space/layer_list.hpp>

namespace problem {

/// Sharp edges at any angle between two colours: what bicubic interpolation blurs, and a network can sharpen.
inline hasse::image_set edges(std::size_t count, std::uint64_t seed, int side = 16) {
  hasse::image_set set = hasse::empty_images("edges", {side, side, 3}, {"patch"});
  hasse::random_source random(seed);
  for (std::size_t n = 0; n < count; ++n) {
    const double angle = 6.2831853 * random.uniform(), place = (random.uniform() - 0.5) * side;
    int colours[2][3];
    for (auto& colour : colours)
      for (int& level : colour) level = static_cast<int>(random.below(256));
    for (int y = 0; y < side; ++y)
      for (int x = 0; x < side; ++x) {
        const double across = std::cos(angle) * (x - side / 2.0) + std::sin(angle) * (y - side / 2.0) - place;
        const double share = std::min(1.0, std::max(0.0, across + 0.5));
        for (int c = 0; c < 3; ++c)
          set.pixels.push_back(static_cast<std::uint8_t>(std::lround(colours[0][c] * share + colours[1][c] * (1 - share))));
      }
    set.labels.push_back(0);
  }
  return set;
}

inline hasse::layer_list enlarging(const hasse::wdsr_spec& spec, int side) {
  hasse::layer_list layers{.input = {side, side, 3}, .items = {}};
  spec.lower(hasse::layer_builder<hasse::layer_list>{layers}, 0);
  return layers;
}

inline constexpr hasse::wdsr_spec tiny{.width = 16, .blocks = 2, .expand = 2};

}  // namespace problem
