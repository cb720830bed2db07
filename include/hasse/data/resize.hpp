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

#include <hasse/core/shape.hpp>

namespace hasse {

/// Resizes and recolours images of one destination shape; keeps its buffers between calls.
class image_fitter {
 public:
  explicit image_fitter(feature_shape wanted) : wanted_(wanted) {}

  /// Appends the image to `to`, in the wanted shape; channels of both are 1 or 3.
  void append(std::span<const std::uint8_t> image, feature_shape shape, std::vector<std::uint8_t>& to) {
    recolour(image, shape);
    const feature_shape coloured{shape.h, shape.w, wanted_.c};
    if (coloured == wanted_) {
      to.insert(to.end(), recoloured_.begin(), recoloured_.end());
      return;
    }
    const auto c = static_cast<std::size_t>(wanted_.c);
    plan(shape.w, wanted_.w, across_);
    plan(shape.h, wanted_.h, down_);
    const auto wide = static_cast<std::size_t>(wanted_.w), in_row = static_cast<std::size_t>(shape.w) * c, out_row = wide * c;
    narrowed_.resize(static_cast<std::size_t>(shape.h) * out_row);
    for (std::size_t y = 0; y < static_cast<std::size_t>(shape.h); ++y)
      for (std::size_t x = 0; x < wide; ++x)
        for (std::size_t k = 0; k < c; ++k)
          narrowed_[y * out_row + x * c + k] = across_[x].blend(recoloured_.data() + y * in_row + k, c, 256);
    const std::size_t start = to.size();
    to.resize(start + static_cast<std::size_t>(wanted_.size()));
    for (std::size_t y = 0; y < static_cast<std::size_t>(wanted_.h); ++y)
      for (std::size_t i = 0; i < out_row; ++i)
        to[start + y * out_row + i] = static_cast<std::uint8_t>((down_[y].blend(narrowed_.data() + i, out_row, 1) + 128) >> 8);
  }

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
  static void plan(int in, int out, std::vector<window>& windows) {
    const std::int64_t reach = 2 * std::int64_t{std::max(in, out)};
    windows.resize(static_cast<std::size_t>(out));
    for (int o = 0; o < out; ++o) {
      window& here = windows[static_cast<std::size_t>(o)];
      const std::int64_t centre = (2 * std::int64_t{o} + 1) * in;
      here.weights.clear();
      here.total = 0;
      const std::int64_t begin = std::max<std::int64_t>(0, (centre - reach) / (2 * out) - 1);
      for (std::int64_t j = begin; j < in; ++j) {
        const std::int64_t weight = reach - std::abs((2 * j + 1) * out - centre);
        if (weight <= 0 && !here.weights.empty()) break;
        if (weight <= 0) continue;
        if (here.weights.empty()) here.first = static_cast<std::size_t>(j);
        here.weights.push_back(weight);
        here.total += weight;
      }
    }
  }

  void recolour(std::span<const std::uint8_t> image, feature_shape shape) {
    recoloured_.clear();
    if (shape.c == wanted_.c) {
      recoloured_.assign(image.begin(), image.end());
    } else if (wanted_.c == 3) {
      for (const std::uint8_t grey : image) recoloured_.insert(recoloured_.end(), 3, grey);
    } else {
      for (std::size_t i = 0; i + 2 < image.size(); i += 3)  // BT.601 luma in 1/65536
        recoloured_.push_back(
            static_cast<std::uint8_t>((19595u * image[i] + 38470u * image[i + 1] + 7471u * image[i + 2] + 32768u) >> 16));
    }
  }

  feature_shape wanted_;
  std::vector<window> across_, down_;
  std::vector<std::uint8_t> recoloured_;
  std::vector<std::int32_t> narrowed_;
};

}  // namespace hasse
