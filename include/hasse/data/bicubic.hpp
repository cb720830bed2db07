// Half and twice the size by bicubic interpolation, on batches of floating-point images: what super-resolution reads, and what it
// is compared with. Used by train.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <vector>

#include <hasse/core/shape.hpp>

namespace hasse {

/// Keys' cubic with a = -1/2, as PIL and MATLAB have it, so that weights are exact in binary.
struct bicubic {
  /// Half the size, antialiased: the kernel is stretched to eight pixels, 2o - 3 to 2o + 4 for output o.
  static constexpr std::array<double, 8> half{-3 / 256.0,  -9 / 256.0, 29 / 256.0, 111 / 256.0,
                                              111 / 256.0, 29 / 256.0, -9 / 256.0, -3 / 256.0};
  /// Twice the size: output 2i reads the pixels i - 2 to i + 2 with row 0, output 2i + 1 with row 1.
  static constexpr std::array<std::array<double, 5>, 2> twice{
      {{-3 / 128.0, 29 / 128.0, 111 / 128.0, -9 / 128.0, 0}, {0, -9 / 128.0, 111 / 128.0, 29 / 128.0, -3 / 128.0}}};
};

namespace detail {
/// One output pixel row (or column) as a blend of lines that lie `stride` values apart, each of `length` neighbouring values.
/// Taps beyond the border are left out and the others made up to 1, as PIL does.
template <class Scalar>
void blend_lines(const Scalar* from, int lines, std::ptrdiff_t stride, std::ptrdiff_t length, int first,
                 std::span<const double> taps, Scalar* to) {
  double total = 0;
  const int begin = std::max(0, -first), end = std::min(static_cast<int>(taps.size()), lines - first);
  for (int t = begin; t < end; ++t) total += taps[static_cast<std::size_t>(t)];
  std::fill_n(to, length, Scalar{});
  for (int t = begin; t < end; ++t) {
    const auto weight = static_cast<Scalar>(taps[static_cast<std::size_t>(t)] / total);
    const Scalar* line = from + (first + t) * stride;
    for (std::ptrdiff_t i = 0; i < length; ++i) to[i] += weight * line[i];
  }
}

/// Both directions of `count` images; `line(output, first)` gives the taps of an output line and the first line that they read.
template <class Scalar, class Line>
void resample(const Scalar* from, feature_shape in, int count, feature_shape out, Scalar* to, std::vector<Scalar>& between,
              Line line) {
  between.resize(static_cast<std::size_t>(std::ptrdiff_t{out.h} * in.w * in.c));
  const std::ptrdiff_t row = std::ptrdiff_t{in.w} * in.c;
  for (int n = 0; n < count; ++n, from += in.size(), to += out.size()) {
    for (int y = 0; y < out.h; ++y) {
      int first = 0;
      const std::span<const double> taps = line(y, first);
      blend_lines(from, in.h, row, row, first, taps, between.data() + y * row);
    }
    for (int y = 0; y < out.h; ++y)
      for (int x = 0; x < out.w; ++x) {
        int first = 0;
        const std::span<const double> taps = line(x, first);
        blend_lines(between.data() + y * row, in.w, std::ptrdiff_t{in.c}, std::ptrdiff_t{in.c}, first, taps,
                    to + (std::ptrdiff_t{y} * out.w + x) * out.c);
      }
  }
}
}  // namespace detail

/// Bicubic resampling of batches by a factor of two; keeps its buffer between calls. Values are neither rounded nor clipped.
template <class Scalar>
class bicubic_resampler {
 public:
  /// `count` images of an even height and width, N x H x W x C, to half of both.
  void halve(const Scalar* from, feature_shape in, int count, Scalar* to) {
    detail::resample(from, in, count, {in.h / 2, in.w / 2, in.c}, to, between_, [](int output, int& first) {
      first = 2 * output - 3;
      return std::span<const double>(bicubic::half);
    });
  }
  /// To twice the height and width.
  void twice(const Scalar* from, feature_shape in, int count, Scalar* to) {
    detail::resample(from, in, count, {in.h * 2, in.w * 2, in.c}, to, between_, [](int output, int& first) {
      first = output / 2 - 2;
      return std::span<const double>(bicubic::twice[static_cast<std::size_t>(output % 2)]);
    });
  }

 private:
  std::vector<Scalar> between_;
};

}  // namespace hasse
