// Convolution with any kernel, stride, padding and groups, linear layers, and their gradients, as tiled products of matrices.
// Used by kernel/cuda/programs/layers.hpp for what no other kernel and no library takes: right everywhere, fast nowhere.
#pragma once

#include <algorithm>
#include <cstddef>

#include <hasse/kernel/cuda/programs/block_program.hpp>
#include <hasse/kernel/cuda/programs/dense_problem.hpp>
#include <hasse/kernel/cuda/programs/pack.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail::gpu {

/// A convolution in plain numbers; a linear layer is one of 1x1 over images of one pixel.
struct plain_convolution {
  image_tensor in, out;
  int batch, kernel, stride, pad_top, pad_left, groups;

  plain_convolution(const layer& item, int images)
      : in{item.in.h, item.in.w, item.in.c},
        out{item.out.h, item.out.w, item.out.c},
        batch(images),
        kernel(item.kernel),
        stride(item.stride),
        pad_top(item.pad_top),
        pad_left(item.pad_left),
        groups(item.groups) {
    if (item.kind == layer_kind::linear) in = {1, 1, static_cast<int>(item.in.size())};
  }
  HASSE_DEVICE int group_in() const { return in.channels / groups; }
  HASSE_DEVICE int group_out() const { return out.channels / groups; }
  HASSE_DEVICE int taps() const { return kernel * kernel; }
  HASSE_DEVICE int weight(int group, int output, int input, int tap) const {
    return ((group * group_out() + output) * group_in() + input) * taps() + tap;
  }
};

/// Rows x columns of a result, each a sum over `depth` products. A block computes 64 x 64 of them, a thread 4 x 4, 16 products at a
/// time. The sums over pixels that weight gradients need are cut into segments: partial[segment][weight], for `combine`.
template <class Scalar, product_result Result>
struct product {
  static constexpr int side = 64, slice = 16, each = 4, threads = side / each * (side / each), phases = 2;
  struct shared {
    float left[slice][side + 1], right[slice][side + 1];
  };
  struct local {
    float sums[each][each];
  };

  plain_convolution shape;
  int rows, columns, depth, segments = 1, depth_each;
  activation act = activation::none;  // outputs only, as bias and other
  bool accumulate = false;            // sources only
  const Scalar* src = nullptr;
  const Scalar* d_dst = nullptr;
  const float* weights = nullptr;
  const float* bias = nullptr;
  const Scalar* other = nullptr;
  Scalar* to = nullptr;      // dst or d_src
  float* partial = nullptr;  // weight gradients

  product(const layer& item, int images) : shape(item, images) {
    const int out_pixels = images * shape.out.h * shape.out.w, in_pixels = images * shape.in.h * shape.in.w;
    if (Result == product_result::output)
      rows = out_pixels, columns = shape.group_out(), depth = shape.group_in() * shape.taps();
    else if (Result == product_result::source)
      rows = in_pixels, columns = shape.group_in(), depth = shape.group_out() * shape.taps();
    else
      rows = shape.group_in() * shape.taps(), columns = shape.group_out(), depth = out_pixels;
    depth_each = depth;
    if (Result == product_result::weights) {
      const int tiles = ceil_divide(rows, side) * ceil_divide(columns, side) * shape.groups;
      depth_each = std::max(ceil_divide(depth, ceil_divide(512, tiles)), 4 * slice);
      segments = ceil_divide(depth, depth_each);
    }
  }

  HASSE_DEVICE int weight_count() const { return shape.out.channels * shape.group_in() * shape.taps(); }
  grid_extent blocks() const { return {ceil_divide(rows, side), ceil_divide(columns, side), shape.groups * segments}; }
  HASSE_DEVICE int turns() const { return ceil_divide(depth_each, slice); }

  struct pixel {
    int image, y, x;
  };
  HASSE_DEVICE static pixel pixel_of(const image_tensor& tensor, int number) {
    return {number / (tensor.h * tensor.w), number / tensor.w % tensor.h, number % tensor.w};
  }
  /// The source under a tap of an output pixel, or zero.
  HASSE_DEVICE float source_at(const pixel& out, int tap, int channel) const {
    const int y = out.y * shape.stride - shape.pad_top + tap / shape.kernel,
              x = out.x * shape.stride - shape.pad_left + tap % shape.kernel;
    if (y < 0 || y >= shape.in.h || x < 0 || x >= shape.in.w) return 0;
    return widened(src[shape.in.at(out.image, y, x, channel)]);
  }
  /// The gradient that reaches an input pixel through a tap, or zero.
  HASSE_DEVICE float gradient_at(const pixel& in, int tap, int channel) const {
    const int down = in.y + shape.pad_top - tap / shape.kernel, across = in.x + shape.pad_left - tap % shape.kernel;
    if (down < 0 || across < 0 || down % shape.stride != 0 || across % shape.stride != 0) return 0;
    const int y = down / shape.stride, x = across / shape.stride;
    if (y >= shape.out.h || x >= shape.out.w) return 0;
    return widened(d_dst[shape.out.at(in.image, y, x, channel)]);
  }

  HASSE_DEVICE float left_at(int group, int row, int at) const {
    if (Result == product_result::output)
      return source_at(pixel_of(shape.out, row), at / shape.group_in(), group * shape.group_in() + at % shape.group_in());
    if (Result == product_result::source)
      return gradient_at(pixel_of(shape.in, row), at / shape.group_out(), group * shape.group_out() + at % shape.group_out());
    return source_at(pixel_of(shape.out, at), row / shape.group_in(), group * shape.group_in() + row % shape.group_in());
  }
  HASSE_DEVICE float right_at(int group, int column, int at) const {
    if (Result == product_result::output) return weights[shape.weight(group, column, at % shape.group_in(), at / shape.group_in())];
    if (Result == product_result::source)
      return weights[shape.weight(group, at % shape.group_out(), column, at / shape.group_out())];
    const pixel out = pixel_of(shape.out, at);
    return widened(d_dst[shape.out.at(out.image, out.y, out.x, group * shape.group_out() + column)]);
  }

  HASSE_DEVICE void finish(int group, int segment, int row, int column, float sum) const {
    if (Result == product_result::weights) {
      const int weight = shape.weight(group, column, row % shape.group_in(), row / shape.group_in());
      partial[static_cast<std::size_t>(segment) * static_cast<std::size_t>(weight_count()) + static_cast<std::size_t>(weight)] =
          sum;
      return;
    }
    const bool output = Result == product_result::output;
    const int channel = group * (output ? shape.group_out() : shape.group_in()) + column;
    const image_tensor& tensor = output ? shape.out : shape.in;
    const std::size_t where =
        static_cast<std::size_t>(row) * static_cast<std::size_t>(tensor.channels) + static_cast<std::size_t>(channel);
    if constexpr (Result == product_result::output) {
      if (bias) sum += bias[channel];
      if (other) sum += widened(other[where]);
      with_activation(act, [&sum](auto kind) { sum = activated<kind>(sum); });
    } else if (accumulate) {
      sum += widened(to[where]);
    }
    to[where] = narrowed<Scalar>(sum);
  }

  template <int Phase>
  HASSE_DEVICE void phase(const place& at, local& own, shared& memory) const {
    const int first_row = at.x * side, first_column = at.y * side, group = at.z % shape.groups, segment = at.z / shape.groups;
    if constexpr (Phase == 0) {
      if (at.turn == 0)
        for (auto& line : own.sums)
          for (float& sum : line) sum = 0;
      const int begin = segment * depth_each + at.turn * slice;
      const int limit = (segment + 1) * depth_each < depth ? (segment + 1) * depth_each : depth;
      for (int i = at.thread; i < slice * side; i += threads) {
        // What lies together in memory goes to neighbouring threads: depth runs over channels, but for the sums over pixels.
        const int k = Result == product_result::weights ? i / side : i % slice;
        const int line = Result == product_result::weights ? i % side : i / slice;
        const bool exists = begin + k < limit;
        memory.left[k][line] = exists && first_row + line < rows ? left_at(group, first_row + line, begin + k) : 0;
        memory.right[k][line] = exists && first_column + line < columns ? right_at(group, first_column + line, begin + k) : 0;
      }
    } else {
      constexpr int apart = side / each;
      const int row = at.thread / apart, column = at.thread % apart;
      for (int k = 0; k < slice; ++k) {
        float left[each], right[each];
        HASSE_UNROLL
        for (int i = 0; i < each; ++i) left[i] = memory.left[k][row + i * apart], right[i] = memory.right[k][column + i * apart];
        HASSE_UNROLL
        for (int i = 0; i < each; ++i) HASSE_UNROLL
        for (int j = 0; j < each; ++j) own.sums[i][j] += left[i] * right[j];
      }
      if (at.turn != turns() - 1) return;
      HASSE_LOOP
      for (int i = 0; i < each; ++i) {
        HASSE_UNROLL
        for (int j = 0; j < each; ++j)
          if (first_row + row + i * apart < rows && first_column + column + j * apart < columns)
            finish(group, segment, first_row + row + i * apart, first_column + column + j * apart, own.sums[0][j]);
        // The others move up: registers have no index.
        HASSE_UNROLL
        for (int k = 1; k < each; ++k) HASSE_UNROLL
        for (int j = 0; j < each; ++j) own.sums[k - 1][j] = own.sums[k][j];
      }
    }
  }
};

}  // namespace hasse::detail::gpu
