// What the CPU backend computes in plain loops: all but products and batch norm. `Scalar` is what activations are stored in,
// float or bfloat16; arithmetic and sums are float. Used by kernel/cpu.hpp. Every loop gives the same bits for one thread count.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>

#include <hasse/core/bfloat16.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/detail/elementwise.hpp>

namespace hasse::detail {

/// Calls `body(first, last)` for one contiguous piece of [0, count) per thread.
template <class Body>
void parallel_pieces(int threads, std::ptrdiff_t count, Body&& body) {
  if (threads == 1 || count < 2) return body(std::ptrdiff_t{0}, count);
#pragma omp parallel for num_threads(threads) schedule(static)
  for (int piece = 0; piece < threads; ++piece) body(count * piece / threads, count * (piece + 1) / threads);
}

/// As parallel_pieces, over elements: a small job is not worth waking threads.
template <class Body>
void parallel_elements(int threads, std::ptrdiff_t count, Body&& body) {
  parallel_pieces(count < 16384 ? 1 : threads, count, body);
}

// Element-wise layers.

template <class Scalar>
void activate(int threads, std::ptrdiff_t count, activation act, const Scalar* src, Scalar* dst) {
  with_activation(act, [&](auto kind) {
    parallel_elements(threads, count, [=](std::ptrdiff_t first, std::ptrdiff_t last) {
#pragma omp simd
      for (std::ptrdiff_t i = first; i < last; ++i) dst[i] = activated<kind, float>(src[i]);
    });
  });
}

template <class Scalar>
void add(int threads, std::ptrdiff_t count, activation act, const Scalar* src, const Scalar* other, Scalar* dst) {
  with_activation(act, [&](auto kind) {
    parallel_elements(threads, count, [=](std::ptrdiff_t first, std::ptrdiff_t last) {
#pragma omp simd
      for (std::ptrdiff_t i = first; i < last; ++i) dst[i] = activated<kind>(src[i] + other[i]);
    });
  });
}

/// Gradients travel through small tiles that stay in the first cache: one loop makes them, others write them where they are wanted.
inline constexpr std::ptrdiff_t tile_elements = 1024;

template <class Scalar>
void write_values(const float* values, std::ptrdiff_t count, Scalar* to) {
#pragma omp simd
  for (std::ptrdiff_t i = 0; i < count; ++i) to[i] = values[i];
}
template <class Scalar>
void write_gradient(const float* values, std::ptrdiff_t count, bool accumulate, Scalar* gradient) {
  if (!accumulate) return write_values(values, count, gradient);
#pragma omp simd
  for (std::ptrdiff_t i = 0; i < count; ++i) gradient[i] = gradient[i] + values[i];
}

/// Backward of an activation (other is null) or of an add.
template <class Scalar>
void elementwise_backward(int threads, std::ptrdiff_t count, activation act, const training_operands<Scalar>& at) {
  with_activation(act, [&](auto kind) {
    parallel_elements(threads, count, [=, &at](std::ptrdiff_t first, std::ptrdiff_t last) {
      alignas(64) float tile[tile_elements];
      for (std::ptrdiff_t start = first; start < last; start += tile_elements) {
        const std::ptrdiff_t size = std::min(tile_elements, last - start);
        const Scalar* from = passes_back_from_result(kind) ? at.dst : at.src;
        if (!passes_back_from_result(kind) && at.other) {
#pragma omp simd
          for (std::ptrdiff_t i = 0; i < size; ++i)
            tile[i] = passed_back<kind, float>(at.d_dst[start + i], at.src[start + i] + at.other[start + i]);
        } else {
#pragma omp simd
          for (std::ptrdiff_t i = 0; i < size; ++i) tile[i] = passed_back<kind, float>(at.d_dst[start + i], from[start + i]);
        }
        if (at.d_src) write_gradient(tile, size, at.accumulate_d_src, at.d_src + start);
        if (at.d_other) write_gradient(tile, size, at.accumulate_d_other, at.d_other + start);
      }
    });
  });
}

// Scale: every pixel times the gate of its image and channel.

/// Calls `body(pixel's first element, gate's first element)` for the pixels first .. last - 1 of a batch.
template <class Body>
void for_each_gated_pixel(const layer& item, std::ptrdiff_t first, std::ptrdiff_t last, Body&& body) {
  for (std::ptrdiff_t at = first; at < last; ++at) body(at * item.in.c, at / item.in.pixels() * item.in.c);
}

template <class Scalar>
void scale(int threads, const layer& item, int batch, const Scalar* src, const Scalar* gate, Scalar* dst) {
  const std::ptrdiff_t pixels = batch * item.in.pixels();
  parallel_pieces(pixels * item.in.c < 16384 ? 1 : threads, pixels, [=, &item](std::ptrdiff_t first, std::ptrdiff_t last) {
    for_each_gated_pixel(item, first, last, [=, &item](std::ptrdiff_t at, std::ptrdiff_t image) {
#pragma omp simd
      for (int c = 0; c < item.in.c; ++c) dst[at + c] = src[at + c] * gate[image + c];
    });
  });
}

/// Channels are taken in groups whose sums fit in registers.
inline constexpr int channel_group = 64;

/// Images apart, so that no two threads write one gate's gradient. d_dst may be d_src.
template <class Scalar>
void scale_backward(int threads, const layer& item, int batch, const training_operands<Scalar>& at) {
  constexpr int group = channel_group;
  const std::ptrdiff_t pixels = item.in.pixels(), channels = item.in.c, groups = (channels + group - 1) / group;
  const bool small = batch * pixels * channels < 16384;
  parallel_pieces(small ? 1 : threads, batch * groups, [=, &at](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t piece = begin; piece < end; ++piece) {
      const std::ptrdiff_t image = piece / groups, first = piece % groups * group, start = image * pixels * channels + first;
      const int size = static_cast<int>(std::min<std::ptrdiff_t>(group, channels - first));
      const Scalar* const gate = at.other + image * channels + first;
      float sums[group] = {}, tile[group];
      for (std::ptrdiff_t pixel = start; pixel < start + pixels * channels; pixel += channels) {
        const Scalar *const x = at.src + pixel, *const g = at.d_dst + pixel;
#pragma omp simd
        for (int c = 0; c < size; ++c) sums[c] += g[c] * x[c], tile[c] = g[c] * gate[c];
        if (at.d_src) write_gradient(tile, size, at.accumulate_d_src, at.d_src + pixel);
      }
      if (at.d_other) write_gradient(sums, size, at.accumulate_d_other, at.d_other + image * channels + first);
    }
  });
}

// Pools and resize: forward over output rows, backward over images, so that no two threads write the same gradient.

/// Calls `body(image, y)` for every output row.
template <class Body>
void for_each_output_row(int threads, const layer& item, int batch, Body&& body) {
  parallel_pieces(threads, std::ptrdiff_t{batch} * item.out.h, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t row = first; row < last; ++row) body(row / item.out.h, static_cast<int>(row % item.out.h));
  });
}

inline std::ptrdiff_t pixel(feature_shape shape, std::ptrdiff_t image, int y, int x) {
  return ((image * shape.h + y) * shape.w + x) * shape.c;
}

/// Calls `body(first, size)` for every group of the channels.
template <class Body>
void for_each_channel_group(int channels, Body&& body) {
  for (int first = 0; first < channels; first += channel_group) body(first, std::min(channel_group, channels - first));
}

/// Keeps in `choice`, unless it is null, the tap that won.
template <class Scalar>
void max_pool(int threads, const layer& item, int batch, const Scalar* src, Scalar* dst, std::uint8_t* choice) {
  for_each_output_row(threads, item, batch, [=, &item](std::ptrdiff_t image, int y) {
    const index_range rows = taps_of_output(item.in.h, item.kernel, item.stride, item.pad_top, y);
    for (int x = 0; x < item.out.w; ++x) {
      const index_range columns = taps_of_output(item.in.w, item.kernel, item.stride, item.pad_left, x);
      for_each_channel_group(item.out.c, [&](int first, int size) {
        const std::ptrdiff_t here = pixel(item.out, image, y, x) + first;
        float best[channel_group];
        std::fill_n(best, size, -std::numeric_limits<float>::infinity());
        std::uint8_t* const won = choice ? choice + here : nullptr;
        if (won) std::fill_n(won, size, std::uint8_t{0});
        for (int ky = rows.first; ky < rows.last; ++ky)
          for (int kx = columns.first; kx < columns.last; ++kx) {
            const Scalar* const from =
                src + pixel(item.in, image, y * item.stride - item.pad_top + ky, x * item.stride - item.pad_left + kx) + first;
            const auto tap = static_cast<std::uint8_t>(ky * item.kernel + kx);
            if (won) {
#pragma omp simd
              for (int c = 0; c < size; ++c) {
                const float value = static_cast<float>(from[c]);
                won[c] = ((value > best[c]) | (value != value)) ? tap : won[c];  // a NaN wins
              }
            }
#pragma omp simd
            for (int c = 0; c < size; ++c) {
              const float value = static_cast<float>(from[c]);
              best[c] = ((value > best[c]) | (value != value)) ? value : best[c];
            }
          }
        write_values(best, size, dst + here);
      });
    }
  });
}

/// How much memory `for_each_source_image` needs.
template <class Scalar>
std::size_t image_sum_bytes(int threads, const layer& item) {
  return std::is_same_v<Scalar, float> ? 0 : static_cast<std::size_t>(threads * item.in.size()) * sizeof(float);
}

/// Calls `body(image, gradient)` for every image; it adds to a gradient that was cleared unless it is to be added to. Where
/// gradients are not stored as floats, each thread adds up those of one image in `sums`.
template <class Scalar, class Body>
void for_each_source_image(int threads, const layer& item, int batch, bool accumulate, Scalar* d_src, float* sums, Body&& body) {
  const std::ptrdiff_t size = item.in.size();
  const int pieces = std::min(threads, batch);
  parallel_pieces(pieces, pieces, [&](std::ptrdiff_t piece, std::ptrdiff_t) {
    for (std::ptrdiff_t image = batch * piece / pieces; image < batch * (piece + 1) / pieces; ++image) {
      Scalar* const gradient = d_src + image * size;
      if constexpr (std::is_same_v<Scalar, float>) {
        if (!accumulate) std::fill_n(gradient, size, 0.0f);
        body(image, gradient);
      } else {
        float* const own = sums + piece * size;
        std::fill_n(own, size, 0.0f);
        body(image, own);
        write_gradient(own, size, accumulate, gradient);
      }
    }
  });
}

template <class Scalar>
void max_pool_backward(int threads, const layer& item, int batch, const std::uint8_t* choice, const Scalar* d_dst, bool accumulate,
                       Scalar* d_src, float* sums) {
  for_each_source_image(threads, item, batch, accumulate, d_src, sums, [=, &item](std::ptrdiff_t image, float* gradient) {
    for (int y = 0; y < item.out.h; ++y)
      for (int x = 0; x < item.out.w; ++x) {
        const index_range rows = taps_of_output(item.in.h, item.kernel, item.stride, item.pad_top, y);
        const index_range columns = taps_of_output(item.in.w, item.kernel, item.stride, item.pad_left, x);
        const Scalar* const d = d_dst + pixel(item.out, image, y, x);
        const std::uint8_t* const won = choice + pixel(item.out, image, y, x);
        for (int ky = rows.first; ky < rows.last; ++ky)
          for (int kx = columns.first; kx < columns.last; ++kx) {
            float* const to =
                gradient + pixel(item.in, 0, y * item.stride - item.pad_top + ky, x * item.stride - item.pad_left + kx);
            const auto tap = static_cast<std::uint8_t>(ky * item.kernel + kx);
#pragma omp simd
            for (int c = 0; c < item.in.c; ++c) to[c] += won[c] == tap ? static_cast<float>(d[c]) : 0.0f;
          }
      }
  });
}

/// to += weight * from, over the channels of one pixel.
template <class Scalar>
void add_pixel(int channels, float weight, const Scalar* from, float* to) {
#pragma omp simd
  for (int c = 0; c < channels; ++c) to[c] += weight * from[c];
}

/// Calls `body(source pixel, share)` for the real inputs of one average pooling window.
template <class Body>
void for_each_share(const layer& item, std::ptrdiff_t image, int y, int x, Body&& body) {
  const index_range rows = averaged_inputs(item.kind, item.in.h, item.out.h, item.kernel, item.stride, item.pad_top, y);
  const index_range columns = averaged_inputs(item.kind, item.in.w, item.out.w, item.kernel, item.stride, item.pad_left, x);
  const float share = 1.0f / static_cast<float>(rows.size() * columns.size());
  for (int from_y = rows.first; from_y < rows.last; ++from_y)
    for (int from_x = columns.first; from_x < columns.last; ++from_x) body(pixel(item.in, image, from_y, from_x), share);
}

/// Calls `body(source pixel, weight)` for the four neighbours that a resized or upsampled pixel blends.
template <class Body>
void for_each_neighbour(const layer& item, std::ptrdiff_t image, const bilinear_tap<float>& row, int x, Body&& body) {
  const auto column = bilinear<float>(item.kind, item.in.w, item.out.w, x);
  body(pixel(item.in, image, row.low, column.low), row.low_weight * column.low_weight);
  body(pixel(item.in, image, row.low, column.high), row.low_weight * column.high_weight);
  body(pixel(item.in, image, row.high, column.low), row.high_weight * column.low_weight);
  body(pixel(item.in, image, row.high, column.high), row.high_weight * column.high_weight);
}

inline bool is_average(layer_kind kind) { return kind == layer_kind::average_pool || kind == layer_kind::adaptive_average_pool; }

/// An average pool, a resize or an upsampling: every output pixel is a weighted sum of source pixels.
template <class Scalar>
void blend(int threads, const layer& item, int batch, const Scalar* src, Scalar* dst) {
  for_each_output_row(threads, item, batch, [=, &item](std::ptrdiff_t image, int y) {
    const auto row = bilinear<float>(item.kind, item.in.h, item.out.h, y);
    for (int x = 0; x < item.out.w; ++x)
      for_each_channel_group(item.out.c, [&](int first, int size) {
        float sums[channel_group] = {};
        const auto take = [&](std::ptrdiff_t from, float weight) { add_pixel(size, weight, src + from + first, sums); };
        if (is_average(item.kind))
          for_each_share(item, image, y, x, take);
        else
          for_each_neighbour(item, image, row, x, take);
        write_values(sums, size, dst + pixel(item.out, image, y, x) + first);
      });
  });
}

template <class Scalar>
void blend_backward(int threads, const layer& item, int batch, const Scalar* d_dst, bool accumulate, Scalar* d_src, float* sums) {
  for_each_source_image(threads, item, batch, accumulate, d_src, sums, [=, &item](std::ptrdiff_t image, float* gradient) {
    for (int y = 0; y < item.out.h; ++y) {
      const auto row = bilinear<float>(item.kind, item.in.h, item.out.h, y);
      for (int x = 0; x < item.out.w; ++x) {
        const Scalar* const from = d_dst + pixel(item.out, image, y, x);
        const auto give = [=, &item](std::ptrdiff_t to, float weight) { add_pixel(item.out.c, weight, from, gradient + to); };
        if (is_average(item.kind))
          for_each_share(item, 0, y, x, give);
        else
          for_each_neighbour(item, 0, row, x, give);
      }
    }
  });
}

template <class Scalar>
void global_average_pool(int threads, const layer& item, int batch, const Scalar* src, Scalar* dst) {
  const std::ptrdiff_t pixels = item.in.pixels(), channels = item.in.c;
  parallel_pieces(threads, batch, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t image = begin; image < end; ++image)
      for_each_channel_group(static_cast<int>(channels), [&](int first, int size) {
        float sums[channel_group] = {};
        for (std::ptrdiff_t i = 0; i < pixels; ++i)
          add_pixel(size, 1.0f / static_cast<float>(pixels), src + (image * pixels + i) * channels + first, sums);
        write_values(sums, size, dst + image * channels + first);
      });
  });
}

template <class Scalar>
void global_average_pool_backward(int threads, const layer& item, int batch, const Scalar* d_dst, bool accumulate, Scalar* d_src) {
  const std::ptrdiff_t pixels = item.in.pixels(), channels = item.in.c;
  parallel_pieces(threads, batch, [=](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t image = begin; image < end; ++image)
      for_each_channel_group(static_cast<int>(channels), [&](int first, int size) {
        float share[channel_group] = {};
        add_pixel(size, 1.0f / static_cast<float>(pixels), d_dst + image * channels + first, share);
        for (std::ptrdiff_t i = 0; i < pixels; ++i)
          write_gradient(share, size, accumulate, d_src + (image * pixels + i) * channels + first);
      });
  });
}

// Concat, padding and depth to space: whole runs of channels move.

/// gradient = from, or += from.
template <class Scalar>
void move_gradient(const Scalar* from, std::ptrdiff_t count, bool accumulate, Scalar* gradient) {
  if (!accumulate) {
    std::copy_n(from, count, gradient);
    return;
  }
#pragma omp simd
  for (std::ptrdiff_t i = 0; i < count; ++i) gradient[i] = gradient[i] + from[i];
}

/// Calls `body(pixel)` for every pixel of the batch.
template <class Body>
void for_each_pixel(int threads, const layer& item, int batch, Body&& body) {
  const std::ptrdiff_t pixels = batch * item.out.pixels();
  parallel_pieces(pixels * item.out.c < 16384 ? 1 : threads, pixels, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t pixel = first; pixel < last; ++pixel) body(pixel);
  });
}

/// The channels of src, then those of other, or zeros where it is null.
template <class Scalar>
void concat(int threads, const layer& item, int batch, const Scalar* src, const Scalar* other, Scalar* dst) {
  const std::ptrdiff_t all = item.out.c, first = item.in.c, more = all - first;
  for_each_pixel(threads, item, batch, [=](std::ptrdiff_t pixel) {
    Scalar* const rest = std::copy_n(src + pixel * first, first, dst + pixel * all);
    if (other)
      std::copy_n(other + pixel * more, more, rest);
    else
      std::fill_n(rest, more, Scalar());
  });
}

/// d_src and d_other may be one tensor; a pixel's are then written one after the other.
template <class Scalar>
void concat_backward(int threads, const layer& item, int batch, const training_operands<Scalar>& at) {
  const std::ptrdiff_t all = item.out.c, first = item.in.c, more = all - first;
  for_each_pixel(threads, item, batch, [=, &at](std::ptrdiff_t pixel) {
    const Scalar* const from = at.d_dst + pixel * all;
    if (at.d_src) move_gradient(from, first, at.accumulate_d_src, at.d_src + pixel * first);
    if (at.d_other) move_gradient(from + first, more, at.accumulate_d_other, at.d_other + pixel * more);
  });
}

/// Calls `body(in, out, count)` for every run of channels that a depth to space moves: a row of a block.
template <class Body>
void for_each_block_row(int threads, const layer& item, int batch, Body&& body) {
  const int block = item.stride;
  const std::ptrdiff_t run = std::ptrdiff_t{block} * item.out.c;
  for_each_output_row(threads, item, batch, [&](std::ptrdiff_t image, int y) {
    for (int x = 0; x < item.in.w; ++x)
      body(pixel(item.in, image, y / block, x) + y % block * run, pixel(item.out, image, y, x * block), run);
  });
}

template <class Scalar>
void depth_to_space(int threads, const layer& item, int batch, const Scalar* src, Scalar* dst) {
  for_each_block_row(threads, item, batch,
                     [=](std::ptrdiff_t in, std::ptrdiff_t out, std::ptrdiff_t count) { std::copy_n(src + in, count, dst + out); });
}

template <class Scalar>
void depth_to_space_backward(int threads, const layer& item, int batch, const Scalar* d_dst, bool accumulate, Scalar* d_src) {
  for_each_block_row(threads, item, batch, [=](std::ptrdiff_t in, std::ptrdiff_t out, std::ptrdiff_t count) {
    move_gradient(d_dst + out, count, accumulate, d_src + in);
  });
}

}  // namespace hasse::detail
