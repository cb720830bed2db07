// An inverted bottleneck, or a Fused block, as one kernel for inference: the wide tensor is in shared memory only, a few channels
// at a time. Used by kernel/cuda/programs/layers.hpp. All products run on the plain cores, in float.
#pragma once

#include <cstddef>

#include <hasse/kernel/cuda/programs/block_program.hpp>
#include <hasse/kernel/cuda/programs/pack.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail::gpu {

/// What a layer inside a joined run brings along.
struct joined_layer {
  const float* weights;
  const float* bias;
  activation act;
};

/// The sum over the channels of a source pixel: `weights` of one output channel lie `step` apart. Channels beyond `channels` are
/// zero.
template <class Scalar, int Outputs>
HASSE_DEVICE void add_products(float (&sums)[Outputs], const Scalar* pixel, const row_packs<Scalar>& row,
                               const float* const (&weights)[Outputs], int step) {
  for (int channel = 0; channel < row.channels; channel += lanes_of<Scalar>) {
    const pack<Scalar> values = load(pixel + channel, row.at(channel));
    HASSE_UNROLL
    for (int lane = 0; lane < lanes_of<Scalar>; ++lane)
      if (channel + lane < row.channels) HASSE_UNROLL
    for (int i = 0; i < Outputs; ++i) sums[i] += values[lane] * weights[i][(channel + lane) * step];
  }
}

/// The end of both kernels: every thread sums up one output pixel of a tile of 32 and every eighth output channel, slice after
/// slice of the wide tensor.
template <class Scalar>
struct projection {
  static constexpr int slice = 16, unrolled = 4, finished = 8, pixels = 32, lines = 8, most_channels = 320,
                       each = most_channels / lines;
  struct wide_slice {
    float of[pixels][slice + 1];  // one more, so that neighbours lie in different banks
  };

  joined_layer layer;
  image_tensor out;
  const Scalar* other;
  Scalar* dst;
  int wide;

  HASSE_DEVICE void begin(float (&sums)[each], int line) const {
    HASSE_UNROLL
    for (int i = 0; i < each; ++i) sums[i] = layer.bias && line + i * lines < out.channels ? layer.bias[line + i * lines] : 0;
  }
  HASSE_DEVICE void add(float (&sums)[each], const wide_slice& memory, int first, int pixel, int line) const {
    HASSE_LOOP
    for (int part = 0; part < slice; part += unrolled) {
      float values[unrolled];
      HASSE_UNROLL
      for (int k = 0; k < unrolled; ++k) values[k] = memory.of[pixel][part + k];
      const float* const weights = layer.weights + first + part;
      HASSE_UNROLL
      for (int i = 0; i < each; ++i) {
        const int channel = line + i * lines;
        if (channel >= out.channels) break;
        HASSE_UNROLL
        for (int k = 0; k < unrolled; ++k)
          if (first + part + k < wide) sums[i] += values[k] * weights[channel * wide + k];
      }
    }
  }
  HASSE_DEVICE void end(float (&sums)[each], int image, int y, int x, int line) const {
    std::size_t where = out.at(image, y, x, line);
    HASSE_LOOP
    for (int channel = line; channel < out.channels; channel += finished * lines) {
      HASSE_UNROLL
      for (int i = 0; i < finished; ++i)
        if (other && channel + i * lines < out.channels) sums[i] += widened(other[where + static_cast<std::size_t>(i * lines)]);
      with_activation(layer.act, [&sums](auto kind) {
        HASSE_UNROLL
        for (int i = 0; i < finished; ++i) sums[i] = activated<kind>(sums[i]);
      });
      HASSE_UNROLL
      for (int i = 0; i < finished; ++i)
        if (channel + i * lines < out.channels) dst[where + static_cast<std::size_t>(i * lines)] = narrowed<Scalar>(sums[i]);
      where += finished * lines;
      // The others move up: registers have no index.
      HASSE_UNROLL
      for (int i = finished; i < each; ++i) sums[i - finished] = sums[i];
    }
  }
};

/// [Expand,] depthwise, project. A block computes a tile of 4 x 8 output pixels; for 16 channels of the wide tensor after the other
/// it expands the pixels under the tile, runs the depthwise window over them and adds what they give to the output.
template <class Scalar, int Kernel>
struct fused_bottleneck {
  static constexpr int rows = 4, columns = 8, threads = 256, phases = 3, slice = projection<Scalar>::slice, together = 4;
  static constexpr int most_pixels = ((rows - 1) * 2 + Kernel) * ((columns - 1) * 2 + Kernel);  // under a tile, at stride 2
  struct shared {
    float wide[most_pixels][slice];
    typename projection<Scalar>::wide_slice windowed;
  };
  struct local {
    float sums[projection<Scalar>::each];
  };

  image_tensor in;
  row_packs<Scalar> row;
  int batch, across, tiles, stride, pad_top, pad_left;
  joined_layer expand, depthwise;  // without weights nothing is expanded
  projection<Scalar> project;
  const Scalar* src;

  fused_bottleneck(const layer& window, const layer& last, feature_shape source, int images, const Scalar* from,
                   const joined_layer& first, const joined_layer& middle, const joined_layer& end, const Scalar* other, Scalar* to)
      : in{source.h, source.w, source.c},
        row(source.c),
        batch(images),
        across(ceil_divide(last.out.w, columns)),
        tiles(across * ceil_divide(last.out.h, rows)),
        stride(window.stride),
        pad_top(window.pad_top),
        pad_left(window.pad_left),
        expand(first),
        depthwise(middle),
        project{end, {last.out.h, last.out.w, last.out.c}, other, to, window.in.c},
        src(from) {}

  grid_extent blocks() const { return {tiles, batch, 1}; }
  HASSE_DEVICE int turns() const { return ceil_divide(project.wide, slice); }

  template <int Phase>
  HASSE_DEVICE void phase(const place& at, local& own, shared& memory) const {
    const int top = at.x / across * rows, left = at.x % across * columns, first = at.turn * slice;
    const int pixel = at.thread % projection<Scalar>::pixels, line = at.thread / projection<Scalar>::pixels;
    const int in_rows = (rows - 1) * stride + Kernel, in_columns = (columns - 1) * stride + Kernel;
    if constexpr (Phase == 0) {
      if (at.turn == 0) project.begin(own.sums, line);
      const int group = at.thread % (slice / together) * together;
      for (int p = at.thread / (slice / together); p < in_rows * in_columns; p += threads / (slice / together))
        widen(at.y, top * stride - pad_top + p / in_columns, left * stride - pad_left + p % in_columns, first + group,
              memory.wide[p] + group);
    } else if constexpr (Phase == 1) {
      for (int i = at.thread; i < projection<Scalar>::pixels * slice; i += threads) {
        const int channel = first + i % slice, of = i / slice, y = of / columns, x = of % columns;
        float sum = 0;
        if (channel < project.wide) {
          sum = depthwise.bias ? depthwise.bias[channel] : 0;
          HASSE_UNROLL
          for (int tap = 0; tap < Kernel * Kernel; ++tap)
            sum += depthwise.weights[channel * Kernel * Kernel + tap] *
                   memory.wide[(y * stride + tap / Kernel) * in_columns + x * stride + tap % Kernel][i % slice];
          with_activation(depthwise.act, [&sum](auto kind) { sum = activated<kind>(sum); });
        }
        memory.windowed.of[of][i % slice] = sum;
      }
    } else {
      project.add(own.sums, memory.windowed, first, pixel, line);
      const int y = top + pixel / columns, x = left + pixel % columns;
      if (at.turn == turns() - 1 && y < project.out.h && x < project.out.w) project.end(own.sums, at.y, y, x, line);
    }
  }

 private:
  /// A few wide channels of one pixel; zeros lie around the image.
  HASSE_DEVICE void widen(int image, int y, int x, int channel, float* to) const {
    float sums[together] = {};
    if (y >= 0 && y < in.h && x >= 0 && x < in.w) {
      const Scalar* const pixel = src + in.at(image, y, x, 0);
      if (expand.weights) {
        const float* weights[together];
        HASSE_UNROLL
        for (int i = 0; i < together; ++i) {
          const int mine = channel + i < project.wide ? channel + i : 0;
          weights[i] = expand.weights + mine * in.channels;
          if (expand.bias) sums[i] = expand.bias[mine];
        }
        add_products(sums, pixel, row, weights, 1);
        with_activation(expand.act, [&sums](auto kind) {
          HASSE_UNROLL
          for (int i = 0; i < together; ++i) sums[i] = activated<kind>(sums[i]);
        });
      } else {
        HASSE_UNROLL
        for (int i = 0; i < together; ++i)
          if (channel + i < in.channels) sums[i] = widened(pixel[channel + i]);
      }
    }
    HASSE_UNROLL
    for (int i = 0; i < together; ++i) to[i] = sums[i];
  }
};

/// A convolution with any square kernel, then a 1x1: the Fused block. Same tile, same slices.
template <class Scalar>
struct fused_block {
  static constexpr int rows = 4, columns = 8, threads = 256, phases = 2, slice = projection<Scalar>::slice, together = 2;
  using shared = typename projection<Scalar>::wide_slice;
  struct local {
    float sums[projection<Scalar>::each];
  };

  image_tensor in;
  row_packs<Scalar> row;
  int batch, across, tiles, kernel, stride, pad_top, pad_left;
  joined_layer window;
  projection<Scalar> project;
  const Scalar* src;

  fused_block(const layer& first, const layer& last, int images, const Scalar* from, const joined_layer& convolution,
              const joined_layer& end, const Scalar* other, Scalar* to)
      : in{first.in.h, first.in.w, first.in.c},
        row(first.in.c),
        batch(images),
        across(ceil_divide(last.out.w, columns)),
        tiles(across * ceil_divide(last.out.h, rows)),
        kernel(first.kernel),
        stride(first.stride),
        pad_top(first.pad_top),
        pad_left(first.pad_left),
        window(convolution),
        project{end, {last.out.h, last.out.w, last.out.c}, other, to, first.out.c},
        src(from) {}

  grid_extent blocks() const { return {tiles, batch, 1}; }
  HASSE_DEVICE int turns() const { return ceil_divide(project.wide, slice); }

  template <int Phase>
  HASSE_DEVICE void phase(const place& at, local& own, shared& memory) const {
    const int top = at.x / across * rows, left = at.x % across * columns, first = at.turn * slice;
    const int pixel = at.thread % projection<Scalar>::pixels, line = at.thread / projection<Scalar>::pixels;
    const int y = top + pixel / columns, x = left + pixel % columns;
    if constexpr (Phase == 0) {
      if (at.turn == 0) project.begin(own.sums, line);
      float sums[together] = {};
      const float* weights[together];
      HASSE_UNROLL
      for (int i = 0; i < together; ++i) {  // the eight lines of a pixel share out the slice
        const int channel = first + line * together + i, mine = channel < project.wide ? channel : 0;
        weights[i] = window.weights + mine * in.channels * kernel * kernel;
        if (window.bias) sums[i] = window.bias[mine];
      }
      for (int tap = 0; tap < kernel * kernel; ++tap) {
        const int from_y = y * stride - pad_top + tap / kernel, from_x = x * stride - pad_left + tap % kernel;
        if (from_y < 0 || from_y >= in.h || from_x < 0 || from_x >= in.w) continue;
        const float* of_tap[together];
        HASSE_UNROLL
        for (int i = 0; i < together; ++i) of_tap[i] = weights[i] + tap;
        add_products(sums, src + in.at(at.y, from_y, from_x, 0), row, of_tap, kernel * kernel);
      }
      with_activation(window.act, [&sums](auto kind) {
        HASSE_UNROLL
        for (int i = 0; i < together; ++i) sums[i] = activated<kind>(sums[i]);
      });
      HASSE_UNROLL
      for (int i = 0; i < together; ++i) memory.of[pixel][line * together + i] = sums[i];
    } else {
      project.add(own.sums, memory, first, pixel, line);
      if (at.turn == turns() - 1 && y < project.out.h && x < project.out.w) project.end(own.sums, at.y, y, x, line);
    }
  }
};

}  // namespace hasse::detail::gpu
