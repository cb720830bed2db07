// 1x1 convolution and fully connected layers for inference: a matrix product of our own with everything fused that may follow it.
// Used by kernel/cpu.hpp and kernel/cpu/inverted_bottleneck.hpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <limits>
#include <string>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cpu/loops.hpp>
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/detail/describe.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail {

// Packed weights stand in panels of some output channels: for every input the panel's weights side by side.

/// Rows of a matrix product: dst = clip(src * weights + bias + other). Weights, bias, other and dst stand at one panel;
/// src, other and dst go on by their strides from row to row.
struct product_rows {
  const float* src;
  std::ptrdiff_t src_stride;
  int depth;  ///< inputs of each row
  const float* weights;
  const float* bias;
  const float* other;  ///< or null
  std::ptrdiff_t other_stride;
  float* dst;
  std::ptrdiff_t dst_stride;
  int limit = 0;  ///< see limit_of
  bool hard_swish = false;
};

/// Whether an activation only clips. A product does that, and the hard swish, on its way to memory; others take a second pass.
constexpr bool only_clips(activation act) { return act == activation::none || act == activation::relu || act == activation::relu6; }

inline constexpr int no_limit = 0;
/// What an activation clips at above, as the bits of a float; below it is 0. `no_limit` for one that does not clip.
constexpr int limit_of(activation act) {
  return act == activation::relu ? std::numeric_limits<int>::max() : act == activation::relu6 ? std::bit_cast<int>(6.0f) : no_limit;
}

/// Output channels of the largest panel.
constexpr int largest_panel(simd_level level) {
  return (level == simd_level::avx512 || level == simd_level::neon ? 3 : 2) * lanes_of(level);
}

/// Output channels of the next panel when `rest` are left. With 16 lanes a panel has one, one and a half, two or three vectors,
/// chosen so that less than half a vector is wasted at the end; of NEON one to three, and four are two and two. Larger than `rest`
/// when that is no multiple of the smallest piece.
constexpr int panel_width(int rest, simd_level level) {
  const int lanes = lanes_of(level);
  if (level == simd_level::neon) {
    const int vectors = (rest + lanes - 1) / lanes;
    return (vectors == 4 ? 2 : std::min(vectors, 3)) * lanes;
  }
  if (level != simd_level::avx512) return rest > lanes ? 2 * lanes : lanes;
  switch ((rest + 7) / 8) {
    case 1:
    case 2:
    case 5:
      return 16;
    case 3:
      return 24;
    case 4:
    case 7:
    case 8:
    case 11:
      return 32;
    default:
      return 48;
  }
}

/// Output channels with those that fill up the last panel.
constexpr int panels_width(int width, simd_level level) {
  int c = 0;
  while (c < width) c += panel_width(width - c, level);
  return c;
}

/// The beginning of a panel, or the end of the last, that is nearest to channel `wanted`.
constexpr int panel_start(int width, simd_level level, std::ptrdiff_t wanted) {
  int c = 0;
  while (c < width && c + std::min(panel_width(width - c, level), width - c) / 2 < wanted) c += panel_width(width - c, level);
  return std::min(c, width);
}

/// Packs a width x depth matrix whose elements are apart by the strides; rows from `valid` on are zeros.
inline void pack_panels(const float* weights, std::ptrdiff_t width_stride, std::ptrdiff_t depth_stride, int width, int valid,
                        int depth, simd_level level, float* packed) {
  for (int c = 0; c < width;) {
    const int panel = panel_width(width - c, level);
    for (int k = 0; k < depth; ++k)
      for (int i = c; i < c + panel; ++i) *packed++ = i < valid ? weights[i * width_stride + k * depth_stride] : 0.0f;
    c += panel;
  }
}

}  // namespace hasse::detail

#define HASSE_SIMD_BODY <hasse/kernel/cpu/simd/pointwise.inl>
#include <hasse/kernel/cpu/simd/for_each_target.inl>

namespace hasse::detail {

HASSE_SIMD_FUNCTION(multiply_panels,
                    (simd_level level, const product_rows& at, std::ptrdiff_t rows, activation act, int width, int first, int last),
                    multiply_panels(at, rows, act, width, first, last))
HASSE_SIMD_FUNCTION(scale_rows,
                    (simd_level level, const float* src, std::ptrdiff_t stride, const float* factors, std::ptrdiff_t rows,
                     int count, float* dst),
                    scale_rows(src, stride, factors, rows, count, dst))

HASSE_SIMD_FUNCTION(scale_panels,
                    (simd_level level, const float* weights, const float* factors, int depth, int width, int first, int last,
                     float* dst),
                    scale_panels(weights, factors, depth, width, first, last, dst))

/// src and dst do not overlap; `other` may be `dst`.
struct pointwise_operands {
  const float* src = nullptr;
  const float* packed = nullptr;  ///< weights and bias
  const float* other = nullptr;   ///< added before the activation, or null
  float* dst = nullptr;
  const float* gate = nullptr;    ///< a factor for every image and input channel (squeeze-excite), or null
  std::byte* scratch = nullptr;   ///< only read with a gate
  std::ptrdiff_t src_stride = 0;  ///< from pixel to pixel of src; 0: its channels
};

/// A folded 1x1 convolution (stride 1, one group) or linear layer. Weights are packed once; nothing is allocated in `run`.
/// Results are equal for equal thread counts and, but for the rounding of sums, for all.
class pointwise_convolution {
 public:
  /// Why a layer cannot be had, as a sentence fragment; "" when it can.
  static std::string refuses(const layer& item) {
    if (item.kind == layer_kind::linear) return "";
    if (item.kind != layer_kind::convolution || item.kernel != 1 || item.groups != 1)
      return "it is not a 1x1 convolution of one group, nor linear";
    if (item.stride != 1 || item.pad_top || item.pad_left || item.in.pixels() != item.out.pixels())
      return "its stride is not 1, or it has padding";
    return "";
  }

  pointwise_convolution(const layer& item, int batch, int threads, simd_level level) : level_(level), act_(item.act) {
    if (const std::string why = refuses(item); !why.empty())
      throw error("cpu: " + describe(item) + " has no pointwise kernel of our own: " + why + "; use another kernel for it");
    const int panel = largest_panel(level);
    image_rows_ = item.kind == layer_kind::linear ? 1 : item.in.pixels();
    depth_ = static_cast<int>(item.kind == layer_kind::linear ? item.in.size() : item.in.c);
    rows_ = batch * image_rows_, width_ = item.out.c, padded_width_ = panels_width(width_, level);
    block_rows_ = std::max(1, source_block / (depth_ * tile)) * tile;
    block_width_ = std::max(1, weights_block / (depth_ * panel)) * panel;
    // A gate is applied to the weights or to the pixels, whichever are fewer.
    gates_weights_ = image_rows_ > width_;
    // Waking threads costs as much as 2^16 multiply-adds.
    threads_ = rows_ * depth_ * width_ < (1 << 17) ? 1 : threads;
    // They share out rows or panels, whichever leaves less to the busiest.
    double most_rows = 0, most_width = 0;
    for (int piece = 0; piece < threads_; ++piece) {
      most_rows = std::max(most_rows, static_cast<double>(rows_start(piece + 1) - rows_start(piece)) / static_cast<double>(rows_));
      most_width = std::max(most_width, static_cast<double>(width_start(piece + 1) - width_start(piece)) / width_);
    }
    splits_width_ = most_width < most_rows;
  }

  std::size_t packed_floats() const {
    return static_cast<std::size_t>((std::ptrdiff_t{depth_} + 1) * padded_width_ + lanes_of(level_) - 1) /
           static_cast<std::size_t>(lanes_of(level_)) * static_cast<std::size_t>(lanes_of(level_));
  }
  /// weights: out x in; bias or null. `packed` is 64-byte aligned.
  void pack(const float* weights, const float* bias, float* packed) const {
    pack_panels(weights, depth_, 1, width_, width_, depth_, level_, packed);
    float* const last = packed + std::ptrdiff_t{depth_} * padded_width_;
    std::fill_n(last, padded_width_, 0.0f);
    if (bias) std::copy_n(bias, width_, last);
  }

  std::size_t scratch_bytes() const { return static_cast<std::size_t>(threads_ * block_floats()) * sizeof(float); }

  void run(const pointwise_operands& at) const {
    const product_rows all{.src = at.src,
                           .src_stride = at.src_stride ? at.src_stride : depth_,
                           .depth = depth_,
                           .weights = at.packed,
                           .bias = at.packed + std::ptrdiff_t{depth_} * padded_width_,
                           .other = at.other,
                           .other_stride = width_,
                           .dst = at.dst,
                           .dst_stride = width_};
    float* const scratch = reinterpret_cast<float*>(at.scratch);
    parallel_pieces(threads_, threads_, [=, this](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t piece = first; piece < last; ++piece) {
        float* const scaled = at.gate ? scratch + piece * block_floats() : nullptr;
        const int part = static_cast<int>(piece);
        if (splits_width_)
          run_piece(all, 0, rows_, width_start(part), width_start(part + 1), at.gate, scaled);
        else
          run_piece(all, rows_start(part), rows_start(part + 1), 0, width_, at.gate, scaled);
      }
    });
  }

 private:
  static constexpr int tile = 28;                                   ///< rows that are worth a pass over weights
  static constexpr int source_block = 16 * 1024 / sizeof(float);    ///< rows that stay in half of the first cache
  static constexpr int weights_block = 256 * 1024 / sizeof(float);  ///< panels that stay in a part of the second

  std::ptrdiff_t rows_start(int piece) const { return piece == threads_ ? rows_ : rows_ * piece / threads_ / 4 * 4; }
  int width_start(int piece) const { return panel_start(width_, level_, std::ptrdiff_t{width_} * piece / threads_); }

  std::ptrdiff_t block_floats() const {
    const int wide = std::min(padded_width_, block_width_ + largest_panel(level_));
    return ((gates_weights_ ? std::ptrdiff_t{wide} : block_rows_) * depth_ + 15) / 16 * 16;
  }

  void run_piece(const product_rows& all, std::ptrdiff_t first_row, std::ptrdiff_t last_row, int first, int last, const float* gate,
                 float* scaled) const {
    for (int c = first; c < last;) {
      const int end = last - c <= block_width_ ? last : std::min(last, panel_start(width_, level_, c + block_width_));
      std::ptrdiff_t gated_image = -1;
      for (std::ptrdiff_t row = first_row; row < last_row;) {
        std::ptrdiff_t rows = std::min(last_row - row, block_rows_);
        product_rows at = all;
        at.src += row * all.src_stride, at.dst += row * width_;
        if (all.other) at.other += row * width_;
        if (gate) {
          const std::ptrdiff_t image = row / image_rows_, offset = std::ptrdiff_t{c} * depth_;
          rows = std::min(rows, (image + 1) * image_rows_ - row);
          if (!gates_weights_) {
            scale_rows(level_, at.src, at.src_stride, gate + image * depth_, rows, depth_, scaled);
            at.src = scaled, at.src_stride = depth_;
          } else {
            if (image != gated_image)
              scale_panels(level_, all.weights + offset, gate + image * depth_, depth_, width_, c, end, scaled);
            gated_image = image, at.weights = scaled - offset;
          }
        }
        multiply_panels(level_, at, rows, act_, width_, c, end);
        row += rows;
      }
      c = end;
    }
  }

  simd_level level_;
  int threads_;
  activation act_;
  int depth_, width_, padded_width_, block_width_;
  std::ptrdiff_t rows_, image_rows_, block_rows_;
  bool splits_width_, gates_weights_;
};

}  // namespace hasse::detail
