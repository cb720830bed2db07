// What the CPU backend computes without a library: batch norm, element-wise layers, pools, resize.
// Used by kernel/cpu.hpp. Every loop gives the same bits for one thread count, and the batch norm sums for any.
#pragma once

#include <algorithm>
#include <cmath>
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

// Batch norm. Pixels are taken in tiles of several rows of channels, with the per-channel numbers repeated to the tile's length:
// the loops are long and contiguous even when there are three channels.

class batch_norm_loops {
 public:
  batch_norm_loops(const layer& item, int batch)
      : item_(item),
        channels_(item.in.c),
        rows_(batch * item.in.pixels()),
        slabs_(std::min<std::ptrdiff_t>(rows_, 32)),
        tile_rows_(std::max<std::ptrdiff_t>(1, tile_elements / channels_)),
        tile_(tile_rows_ * channels_) {}

  /// Per-channel mean, 1 / deviation, and the two numbers with which dst = act(src * factor + offset + other).
  static std::size_t saved_bytes(const layer& item) { return 4 * static_cast<std::size_t>(item.in.c) * sizeof(float); }

  std::size_t scratch_bytes() const {
    const std::ptrdiff_t doubles = 2 * slabs_ * channels_, floats = 2 * slabs_ * tile_ + 5 * tile_ + slabs_ * tile_;
    return static_cast<std::size_t>(doubles) * sizeof(double) + static_cast<std::size_t>(floats) * sizeof(float);
  }

  /// An inference batch norm that could not be folded into its producer: scale and shift only.
  void scale_and_shift(int threads, const inference_operands<float>& at, std::byte* scratch) const {
    const memory_parts parts(*this, scratch);
    repeat(at.weights, parts.repeated[0]);
    repeat(at.bias, parts.repeated[1]);
    apply(threads, at.src, parts.repeated[0], parts.repeated[1], at.other, at.dst);
  }

  void forward(int threads, const training_operands<float>& at, std::byte* scratch) const {
    const memory_parts parts(*this, scratch);
    float* const mean = reinterpret_cast<float*>(at.saved);
    float *const deviation = mean + channels_, *const factor = deviation + channels_, *const offset = factor + channels_;
    // Sums of differences from a rough mean: no cancellation when the mean is large against the deviation.
    float* const rough = mean;
    rough_mean(at.src, rough);
    repeat(rough, parts.repeated[0]);
    reduce(
        threads, parts,
        [src = at.src, rough = parts.repeated[0]](std::ptrdiff_t start, std::ptrdiff_t size, float* sum, float* product, float*) {
          const float* const x = src + start;
#pragma omp simd
          for (std::ptrdiff_t i = 0; i < size; ++i) {
            const float difference = x[i] - rough[i];
            sum[i] += difference;
            product[i] += difference * difference;
          }
        });
    const double count = static_cast<double>(rows_), keep = item_.norm.keep_percent * 0.01,
                 epsilon = item_.norm.epsilon_millionths * 1e-6;
    for (std::ptrdiff_t c = 0; c < channels_; ++c) {
      const double shift = parts.totals[c] / count, exact_mean = rough[c] + shift;
      const double variance = std::max(0.0, parts.totals[channels_ + c] / count - shift * shift);
      const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
      at.running_mean[c] = static_cast<float>(keep * at.running_mean[c] + (1 - keep) * exact_mean);
      at.running_variance[c] = static_cast<float>(keep * at.running_variance[c] + (1 - keep) * unbiased);
      const double inverse = 1 / std::sqrt(variance + epsilon);
      mean[c] = static_cast<float>(exact_mean);
      deviation[c] = static_cast<float>(inverse);
      factor[c] = static_cast<float>(at.weights[c] * inverse);
      offset[c] = static_cast<float>(at.bias[c] - exact_mean * at.weights[c] * inverse);
    }
    repeat(factor, parts.repeated[0]);
    repeat(offset, parts.repeated[1]);
    apply(threads, at.src, parts.repeated[0], parts.repeated[1], at.other, at.dst);
  }

  /// The formulas stand in kernel/reference.hpp.
  void backward(int threads, const training_operands<float>& at, std::byte* scratch) const {
    const memory_parts parts(*this, scratch);
    const float* const mean = reinterpret_cast<const float*>(at.saved);
    const float *const inverse = mean + channels_, *const factor = inverse + channels_, *const offset = factor + channels_;
    const float* const centre = parts.repeated[2];
    repeat(factor, parts.repeated[0]);
    repeat(offset, parts.repeated[1]);
    repeat(mean, parts.repeated[2]);
    reduce(threads, parts, [&](std::ptrdiff_t start, std::ptrdiff_t size, float* sum, float* product, float* tile) {
      gradient(at, parts, start, size, tile);
      const float* const x = at.src + start;
#pragma omp simd
      for (std::ptrdiff_t i = 0; i < size; ++i) {
        sum[i] += tile[i];
        product[i] += tile[i] * (x[i] - centre[i]);
      }
    });
    float *const slope_sum = parts.repeated[3], *const slope_product = parts.repeated[4];
    const double count = static_cast<double>(rows_);
    for (std::ptrdiff_t c = 0; c < channels_; ++c) {
      const double sum = parts.totals[c], product = parts.totals[channels_ + c] * inverse[c];
      if (at.d_bias) at.d_bias[c] = static_cast<float>(sum);
      if (at.d_weights) at.d_weights[c] = static_cast<float>(product);
      slope_sum[c] = static_cast<float>(-factor[c] * sum / count);
      slope_product[c] = static_cast<float>(-factor[c] * inverse[c] * product / count);
    }
    repeat_in_place(slope_sum);
    repeat_in_place(slope_product);
    if (!at.d_src && !at.d_other) return;
    // A batch norm whose residual is its own source has one gradient for both: the sum, written once.
    const bool joined = at.d_src && at.d_src == at.d_other;
    const float passed_by = joined ? 1.0f : 0.0f;
    for_each_slab(threads, [&](std::ptrdiff_t slab, std::ptrdiff_t first, std::ptrdiff_t last) {
      float* const tile = parts.tiles + slab * tile_;
      const float* const scale = parts.repeated[0];
      for (std::ptrdiff_t start = first * channels_; start < last * channels_; start += tile_) {
        const std::ptrdiff_t size = std::min(tile_, last * channels_ - start);
        gradient(at, parts, start, size, tile);
        // d_dst may be d_src or d_other: it is not read any more from here on.
        if (at.d_other && !joined) write_gradient(tile, size, at.accumulate_d_other, at.d_other + start);
        if (!at.d_src) continue;
        const float* const x = at.src + start;
#pragma omp simd
        for (std::ptrdiff_t i = 0; i < size; ++i)
          tile[i] = tile[i] * (scale[i] + passed_by) + ((x[i] - centre[i]) * slope_product[i] + slope_sum[i]);
        write_gradient(tile, size, at.accumulate_d_src, at.d_src + start);
      }
    });
  }

 private:
  /// How one call uses the scratch memory.
  struct memory_parts {
    double* totals;      ///< slabs x (sum, product) x channels; the first slab ends with the totals
    float* repeated[5];  ///< per-channel numbers, repeated over a tile
    float* sums;         ///< slabs x (sum, product) x tile
    float* tiles;        ///< slabs x tile
    memory_parts(const batch_norm_loops& loops, std::byte* scratch) : totals(reinterpret_cast<double*>(scratch)) {
      float* next = reinterpret_cast<float*>(totals + 2 * loops.slabs_ * loops.channels_);
      for (float*& part : repeated) part = next, next += loops.tile_;
      sums = next;
      tiles = next + 2 * loops.slabs_ * loops.tile_;
    }
  };

  void repeat_in_place(float* tile) const {
    for (std::ptrdiff_t i = channels_; i < tile_; ++i) tile[i] = tile[i - channels_];
  }
  void repeat(const float* values, float* tile) const {
    std::copy_n(values, channels_, tile);
    repeat_in_place(tile);
  }

  /// The rows are cut into slabs whose number does not depend on the threads, so neither do the sums.
  template <class Body>
  void for_each_slab(int threads, Body&& body) const {
    const bool small = rows_ * channels_ < 16384;
    parallel_pieces(small ? 1 : threads, slabs_, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t slab = first; slab < last; ++slab) body(slab, rows_ * slab / slabs_, rows_ * (slab + 1) / slabs_);
    });
  }

  void rough_mean(const float* src, float* mean) const {
    const std::ptrdiff_t rows = std::min<std::ptrdiff_t>(rows_, 64);
    std::fill_n(mean, channels_, 0.0f);
    for (std::ptrdiff_t row = 0; row < rows; ++row)
      for (std::ptrdiff_t c = 0; c < channels_; ++c) mean[c] += src[row * channels_ + c] / static_cast<float>(rows);
  }

  /// Two sums per channel over all rows into parts.totals. `add_tile` adds a tile to float sums, which are
  /// emptied into double ones before they grow long.
  template <class AddTile>
  void reduce(int threads, const memory_parts& parts, AddTile&& add_tile) const {
    for_each_slab(threads, [&](std::ptrdiff_t slab, std::ptrdiff_t first, std::ptrdiff_t last) {
      double* const totals = parts.totals + 2 * slab * channels_;
      float *const sum = parts.sums + 2 * slab * tile_, *const product = sum + tile_;
      std::fill_n(totals, 2 * channels_, 0.0);
      const std::ptrdiff_t end = last * channels_, chunk = 32 * tile_;
      for (std::ptrdiff_t start = first * channels_; start < end; start += chunk) {
        std::fill_n(sum, 2 * tile_, 0.0f);
        for (std::ptrdiff_t at = start; at < std::min(end, start + chunk); at += tile_)
          add_tile(at, std::min(tile_, end - at), sum, product, parts.tiles + slab * tile_);
        for (std::ptrdiff_t row = 0; row < tile_; row += channels_)
          for (std::ptrdiff_t c = 0; c < channels_; ++c) {
            totals[c] += sum[row + c];
            totals[channels_ + c] += product[row + c];
          }
      }
    });
    for (std::ptrdiff_t slab = 1; slab < slabs_; ++slab)
      for (std::ptrdiff_t i = 0; i < 2 * channels_; ++i) parts.totals[i] += parts.totals[2 * slab * channels_ + i];
  }

  void apply(int threads, const float* src, const float* factor, const float* offset, const float* other, float* dst) const {
    with_activation(item_.act, [&](auto kind) {
      for_each_slab(threads, [&](std::ptrdiff_t, std::ptrdiff_t first, std::ptrdiff_t last) {
        for (std::ptrdiff_t start = first * channels_; start < last * channels_; start += tile_) {
          const std::ptrdiff_t size = std::min(tile_, last * channels_ - start);
          const float *const x = src + start, *const skip = other + (other ? start : 0);
          float* const y = dst + start;
          if (other) {
#pragma omp simd
            for (std::ptrdiff_t i = 0; i < size; ++i) y[i] = activated<kind>(x[i] * factor[i] + offset[i] + skip[i]);
          } else {
#pragma omp simd
            for (std::ptrdiff_t i = 0; i < size; ++i) y[i] = activated<kind>(x[i] * factor[i] + offset[i]);
          }
        }
      });
    });
  }

  /// The gradient before the activation for one tile. Without a residual the value before the activation is computed again
  /// from src, which saves reading dst.
  void gradient(const training_operands<float>& at, const memory_parts& parts, std::ptrdiff_t start, std::ptrdiff_t size,
                float* tile) const {
    const float *const x = at.src + start, *const y = at.dst + start, *const d = at.d_dst + start;
    const float *const factor = parts.repeated[0], *const offset = parts.repeated[1];
    with_activation(item_.act, [=, &at](auto kind) {
      if (!at.other) {
#pragma omp simd
        for (std::ptrdiff_t i = 0; i < size; ++i) tile[i] = passed_back<kind>(d[i], x[i] * factor[i] + offset[i]);
      } else if (passes_back_from_result(kind)) {
#pragma omp simd
        for (std::ptrdiff_t i = 0; i < size; ++i) tile[i] = passed_back<kind>(d[i], y[i]);
      } else {
        const float* const skip = at.other + start;
#pragma omp simd
        for (std::ptrdiff_t i = 0; i < size; ++i) tile[i] = passed_back<kind>(d[i], x[i] * factor[i] + offset[i] + skip[i]);
      }
    });
  }

  layer item_;
  std::ptrdiff_t channels_, rows_, slabs_, tile_rows_, tile_;
};

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
