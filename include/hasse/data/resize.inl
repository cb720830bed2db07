// The bodies of data/resize.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/data/resize.hpp>

namespace hasse {

HASSE_BODY image_fit parse_image_fit(std::string_view text, std::string_view what) {
  for (const image_fit each : image_fits)
    if (text == to_text(each)) return each;
  throw error(std::string(what) + " " + detail::in_quotes(text, 40) + " is not known; choose stretch, crop (the middle) or pad (black beside it)");
}

HASSE_BODY void image_fitter::append(std::span<const std::uint8_t> image, feature_shape shape, std::vector<std::uint8_t>& to) {
  recolour(image, shape);
  feature_shape coloured{shape.h, shape.w, wanted_.c};
  if (coloured == wanted_) {
    to.insert(to.end(), recoloured_.begin(), recoloured_.end());
    return;
  }
  if (fit_ == image_fit::crop) coloured = crop(coloured);
  if (fit_ != image_fit::pad) return resample(coloured, wanted_, to);

  // The longer side, by the proportions wanted, is filled; the other is as long as it comes out, and stands in the middle.
  const std::int64_t across = std::int64_t{shape.w} * wanted_.h, down = std::int64_t{shape.h} * wanted_.w;
  feature_shape part = wanted_;
  if (across > down)
    part.h = static_cast<int>(std::max<std::int64_t>(1, (2 * down * wanted_.h + across) / (2 * across)));
  else
    part.w = static_cast<int>(std::max<std::int64_t>(1, (2 * across * wanted_.w + down) / (2 * down)));
  inner_.clear();
  resample(coloured, part, inner_);
  const auto c = static_cast<std::size_t>(wanted_.c), row = static_cast<std::size_t>(part.w) * c, wide = static_cast<std::size_t>(wanted_.w) * c;
  const std::size_t start = to.size() + static_cast<std::size_t>((wanted_.h - part.h) / 2) * wide + static_cast<std::size_t>((wanted_.w - part.w) / 2) * c;
  to.resize(to.size() + static_cast<std::size_t>(wanted_.size()));
  for (std::size_t y = 0; y < static_cast<std::size_t>(part.h); ++y)
    std::copy_n(inner_.data() + y * row, row, to.data() + start + y * wide);
}

HASSE_BODY feature_shape image_fitter::crop(feature_shape shape) {
  const std::int64_t across = std::int64_t{shape.w} * wanted_.h, down = std::int64_t{shape.h} * wanted_.w;
  feature_shape part = shape;
  if (across > down)
    part.w = static_cast<int>(std::max<std::int64_t>(1, (2 * down + wanted_.h) / (2 * std::int64_t{wanted_.h})));
  else
    part.h = static_cast<int>(std::max<std::int64_t>(1, (2 * across + wanted_.w) / (2 * std::int64_t{wanted_.w})));
  part.w = std::min(part.w, shape.w), part.h = std::min(part.h, shape.h);
  if (part == shape) return shape;
  const auto c = static_cast<std::size_t>(shape.c), wide = static_cast<std::size_t>(shape.w) * c, row = static_cast<std::size_t>(part.w) * c;
  const std::size_t first = static_cast<std::size_t>((shape.h - part.h) / 2) * wide + static_cast<std::size_t>((shape.w - part.w) / 2) * c;
  for (std::size_t y = 0; y < static_cast<std::size_t>(part.h); ++y)  // towards the front, a row never over one that is still to be read
    if (first + y * wide != y * row) std::copy_n(recoloured_.data() + first + y * wide, row, recoloured_.data() + y * row);
  recoloured_.resize(static_cast<std::size_t>(part.size()));
  return part;
}

HASSE_BODY void image_fitter::resample(feature_shape shape, feature_shape target, std::vector<std::uint8_t>& to) {
  const auto c = static_cast<std::size_t>(target.c);
  plan(shape.w, target.w, across_);
  plan(shape.h, target.h, down_);
  const auto wide = static_cast<std::size_t>(target.w), in_row = static_cast<std::size_t>(shape.w) * c, out_row = wide * c;
  narrowed_.resize(static_cast<std::size_t>(shape.h) * out_row);
  for (std::size_t y = 0; y < static_cast<std::size_t>(shape.h); ++y)
    for (std::size_t x = 0; x < wide; ++x)
      for (std::size_t k = 0; k < c; ++k)
        narrowed_[y * out_row + x * c + k] = across_[x].blend(recoloured_.data() + y * in_row + k, c, 256);
  const std::size_t start = to.size();
  to.resize(start + static_cast<std::size_t>(target.size()));
  for (std::size_t y = 0; y < static_cast<std::size_t>(target.h); ++y)
    for (std::size_t i = 0; i < out_row; ++i)
      to[start + y * out_row + i] = static_cast<std::uint8_t>((down_[y].blend(narrowed_.data() + i, out_row, 1) + 128) >> 8);
}

HASSE_BODY void image_fitter::plan(int in, int out, std::vector<window>& windows) {
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

HASSE_BODY void image_fitter::recolour(std::span<const std::uint8_t> image, feature_shape shape) {
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

}  // namespace hasse
