// What the CPU backend computes in plain loops: element-wise layers, pools, resize.
// Used by kernel/cpu.hpp. Every loop gives the same bits for one thread count.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

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

inline void activate(int threads, std::ptrdiff_t count, activation act, const float* src, float* dst) {
  with_activation(act, [&](auto kind) {
    parallel_elements(threads, count, [=](std::ptrdiff_t first, std::ptrdiff_t last) {
#pragma omp simd
      for (std::ptrdiff_t i = first; i < last; ++i) dst[i] = activated<kind>(src[i]);
    });
  });
}

inline void add(int threads, std::ptrdiff_t count, activation act, const float* src, const float* other, float* dst) {
  with_activation(act, [&](auto kind) {
    parallel_elements(threads, count, [=](std::ptrdiff_t first, std::ptrdiff_t last) {
#pragma omp simd
      for (std::ptrdiff_t i = first; i < last; ++i) dst[i] = activated<kind>(src[i] + other[i]);
    });
  });
}

/// Gradients travel through small tiles that stay in the first cache: one loop makes them, others write them where they are wanted.
inline constexpr std::ptrdiff_t tile_elements = 1024;

inline void write_gradient(const float* values, std::ptrdiff_t count, bool accumulate, float* gradient) {
  if (accumulate) {
#pragma omp simd
    for (std::ptrdiff_t i = 0; i < count; ++i) gradient[i] += values[i];
  } else {
#pragma omp simd
    for (std::ptrdiff_t i = 0; i < count; ++i) gradient[i] = values[i];
  }
}

/// Backward of an activation (other is null) or of an add.
inline void elementwise_backward(int threads, std::ptrdiff_t count, activation act, const training_operands<float>& at) {
  with_activation(act, [&](auto kind) {
    parallel_elements(threads, count, [=, &at](std::ptrdiff_t first, std::ptrdiff_t last) {
      alignas(64) float tile[tile_elements];
      for (std::ptrdiff_t start = first; start < last; start += tile_elements) {
        const std::ptrdiff_t size = std::min(tile_elements, last - start);
        const float* from = passes_back_from_result(kind) ? at.dst : at.src;
        if (!passes_back_from_result(kind) && at.other) {
#pragma omp simd
          for (std::ptrdiff_t i = 0; i < size; ++i)
            tile[i] = passed_back<kind>(at.d_dst[start + i], at.src[start + i] + at.other[start + i]);
        } else {
#pragma omp simd
          for (std::ptrdiff_t i = 0; i < size; ++i) tile[i] = passed_back<kind>(at.d_dst[start + i], from[start + i]);
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

inline void scale(int threads, const layer& item, int batch, const float* src, const float* gate, float* dst) {
  const std::ptrdiff_t pixels = batch * item.in.pixels();
  parallel_pieces(pixels * item.in.c < 16384 ? 1 : threads, pixels, [=, &item](std::ptrdiff_t first, std::ptrdiff_t last) {
    for_each_gated_pixel(item, first, last, [=, &item](std::ptrdiff_t at, std::ptrdiff_t image) {
#pragma omp simd
      for (int c = 0; c < item.in.c; ++c) dst[at + c] = src[at + c] * gate[image + c];
    });
  });
}

/// Channels in groups whose sums fit in registers; images apart, so that no two threads write one gate's gradient. d_dst may be d_src.
inline void scale_backward(int threads, const layer& item, int batch, const training_operands<float>& at) {
  constexpr int group = 64;
  const std::ptrdiff_t pixels = item.in.pixels(), channels = item.in.c, groups = (channels + group - 1) / group;
  const bool small = batch * pixels * channels < 16384;
  parallel_pieces(small ? 1 : threads, batch * groups, [=, &at](std::ptrdiff_t begin, std::ptrdiff_t end) {
    for (std::ptrdiff_t piece = begin; piece < end; ++piece) {
      const std::ptrdiff_t image = piece / groups, first = piece % groups * group, start = image * pixels * channels + first;
      const int size = static_cast<int>(std::min<std::ptrdiff_t>(group, channels - first));
      const float* const gate = at.other + image * channels + first;
      float sums[group] = {}, tile[group];
      for (std::ptrdiff_t pixel = start; pixel < start + pixels * channels; pixel += channels) {
        const float *const x = at.src + pixel, *const g = at.d_dst + pixel;
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

/// Keeps in `choice`, unless it is null, the tap that won.
inline void max_pool(int threads, const layer& item, int batch, const float* src, float* dst, std::uint8_t* choice) {
  for_each_output_row(threads, item, batch, [=, &item](std::ptrdiff_t image, int y) {
    const index_range rows = taps_of_output(item.in.h, item.kernel, item.stride, item.pad_top, y);
    for (int x = 0; x < item.out.w; ++x) {
      const index_range columns = taps_of_output(item.in.w, item.kernel, item.stride, item.pad_left, x);
      float* const best = dst + pixel(item.out, image, y, x);
      std::uint8_t* const won = choice ? choice + pixel(item.out, image, y, x) : nullptr;
      std::fill_n(best, item.out.c, -std::numeric_limits<float>::infinity());
      if (won) std::fill_n(won, item.out.c, std::uint8_t{0});
      for (int ky = rows.first; ky < rows.last; ++ky)
        for (int kx = columns.first; kx < columns.last; ++kx) {
          const float* const from = src + pixel(item.in, image, y * item.stride - item.pad_top + ky, x * item.stride - item.pad_left + kx);
          const auto tap = static_cast<std::uint8_t>(ky * item.kernel + kx);
          if (won) {
#pragma omp simd
            for (int c = 0; c < item.out.c; ++c) won[c] = from[c] > best[c] ? tap : won[c];
          }
#pragma omp simd
          for (int c = 0; c < item.out.c; ++c) best[c] = from[c] > best[c] ? from[c] : best[c];
        }
    }
  });
}

/// Calls `body(image)` for every image, after its gradient was cleared unless it is to be added to.
template <class Body>
void for_each_source_image(int threads, const layer& item, int batch, bool accumulate, float* d_src, Body&& body) {
  parallel_pieces(threads, batch, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t image = first; image < last; ++image) {
      if (!accumulate) std::fill_n(d_src + image * item.in.size(), item.in.size(), 0.0f);
      body(image);
    }
  });
}

inline void max_pool_backward(int threads, const layer& item, int batch, const std::uint8_t* choice, const float* d_dst,
                              bool accumulate, float* d_src) {
  for_each_source_image(threads, item, batch, accumulate, d_src, [=, &item](std::ptrdiff_t image) {
    for (int y = 0; y < item.out.h; ++y)
      for (int x = 0; x < item.out.w; ++x) {
        const index_range rows = taps_of_output(item.in.h, item.kernel, item.stride, item.pad_top, y);
        const index_range columns = taps_of_output(item.in.w, item.kernel, item.stride, item.pad_left, x);
        const float* const d = d_dst + pixel(item.out, image, y, x);
        const std::uint8_t* const won = choice + pixel(item.out, image, y, x);
        for (int ky = rows.first; ky < rows.last; ++ky)
          for (int kx = columns.first; kx < columns.last; ++kx) {
            float* const to = d_src + pixel(item.in, image, y * item.stride - item.pad_top + ky, x * item.stride - item.pad_left + kx);
            const auto tap = static_cast<std::uint8_t>(ky * item.kernel + kx);
#pragma omp simd
            for (int c = 0; c < item.in.c; ++c) to[c] += won[c] == tap ? d[c] : 0.0f;
          }
      }
  });
}

/// to += weight * from, over the channels of one pixel.
inline void add_pixel(int channels, float weight, const float* from, float* to) {
#pragma omp simd
  for (int c = 0; c < channels; ++c) to[c] += weight * from[c];
}

/// Calls `body(source pixel, share)` for the real inputs of one average pooling window.
template <class Body>
void for_each_share(const layer& item, std::ptrdiff_t image, int y, int x, Body&& body) {
  const index_range rows = taps_of_output(item.in.h, item.kernel, item.stride, item.pad_top, y);
  const index_range columns = taps_of_output(item.in.w, item.kernel, item.stride, item.pad_left, x);
  const float share = 1.0f / static_cast<float>(rows.size() * columns.size());
  for (int ky = rows.first; ky < rows.last; ++ky)
    for (int kx = columns.first; kx < columns.last; ++kx)
      body(pixel(item.in, image, y * item.stride - item.pad_top + ky, x * item.stride - item.pad_left + kx), share);
}

/// Calls `body(source pixel, weight)` for the four neighbours that a resized pixel blends.
template <class Body>
void for_each_neighbour(const layer& item, std::ptrdiff_t image, int y, int x, Body&& body) {
  const auto row = bilinear<float>(item.in.h, item.out.h, y), column = bilinear<float>(item.in.w, item.out.w, x);
  body(pixel(item.in, image, row.low, column.low), (1 - row.weight) * (1 - column.weight));
  body(pixel(item.in, image, row.low, column.high), (1 - row.weight) * column.weight);
  body(pixel(item.in, image, row.high, column.low), row.weight * (1 - column.weight));
  body(pixel(item.in, image, row.high, column.high), row.weight * column.weight);
}

/// An average pool or a resize: every output pixel is a weighted sum of source pixels.
inline void blend(int threads, const layer& item, int batch, const float* src, float* dst) {
  for_each_output_row(threads, item, batch, [=, &item](std::ptrdiff_t image, int y) {
    for (int x = 0; x < item.out.w; ++x) {
      float* const to = dst + pixel(item.out, image, y, x);
      std::fill_n(to, item.out.c, 0.0f);
      const auto take = [=, &item](std::ptrdiff_t from, float weight) { add_pixel(item.out.c, weight, src + from, to); };
      if (item.kind == layer_kind::resize)
        for_each_neighbour(item, image, y, x, take);
      else
        for_each_share(item, image, y, x, take);
    }
  });
}

inline void blend_backward(int threads, const layer& item, int batch, const float* d_dst, bool accumulate, float* d_src) {
  for_each_source_image(threads, item, batch, accumulate, d_src, [=, &item](std::ptrdiff_t image) {
    for (int y = 0; y < item.out.h; ++y)
      for (int x = 0; x < item.out.w; ++x) {
        const float* const from = d_dst + pixel(item.out, image, y, x);
        const auto give = [=, &item](std::ptrdiff_t to, float weight) { add_pixel(item.out.c, weight, from, d_src + to); };
        if (item.kind == layer_kind::resize)
          for_each_neighbour(item, image, y, x, give);
        else
          for_each_share(item, image, y, x, give);
      }
  });
}

inline void global_average_pool(int threads, const layer& item, int batch, const float* src, float* dst) {
  const std::ptrdiff_t pixels = item.in.pixels(), channels = item.in.c;
  parallel_pieces(threads, batch, [=](std::ptrdiff_t first, std::ptrdiff_t last) {
    for (std::ptrdiff_t image = first; image < last; ++image) {
      float* const to = dst + image * channels;
      std::fill_n(to, channels, 0.0f);
      for (std::ptrdiff_t i = 0; i < pixels; ++i)
        add_pixel(static_cast<int>(channels), 1.0f / static_cast<float>(pixels), src + (image * pixels + i) * channels, to);
    }
  });
}

inline void global_average_pool_backward(int threads, const layer& item, int batch, const float* d_dst, bool accumulate,
                                         float* d_src) {
  const std::ptrdiff_t pixels = item.in.pixels(), channels = item.in.c;
  for_each_source_image(threads, item, batch, accumulate, d_src, [=](std::ptrdiff_t image) {
    for (std::ptrdiff_t i = 0; i < pixels; ++i)
      add_pixel(static_cast<int>(channels), 1.0f / static_cast<float>(pixels), d_dst + image * channels,
                d_src + (image * pixels + i) * channels);
  });
}

}  // namespace hasse::detail
