// A whole inverted bottleneck for inference as one step: expand, depthwise, squeeze-excite and project, without a trip of the
// expanded tensor through memory. Used by kernel/cpu.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/cpu/loops.hpp>
#include <hasse/kernel/cpu/pointwise.hpp>
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/detail/describe.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail {

/// One row of depthwise outputs, for a block of channels.
struct window_row {
  const float* rows[7];  ///< where each row of taps begins to read: pixels of `channels` floats
  int first, last;       ///< the rows of taps that see the image
  const float* weights;  ///< taps of `channels` floats
  const float* bias;
  int channels, width;
  float* dst;
  std::ptrdiff_t dst_stride;
  int limit;  ///< see limit_of
};

}  // namespace hasse::detail

#define HASSE_SIMD_BODY <hasse/kernel/cpu/simd/inverted_bottleneck.inl>
#include <hasse/kernel/cpu/simd/for_each_target.inl>

namespace hasse::detail {

inline void window(simd_level level, const window_row& at, int kernel, int stride) {
  HASSE_SIMD_CALL(level, window(at, kernel, stride));
}
inline void finish_row(simd_level level, activation act, float* row, std::ptrdiff_t stride, int pixels, int channels, float* sums) {
  HASSE_SIMD_CALL(level, finish_row(act, row, stride, pixels, channels, sums));
}
inline void copy_pixels(simd_level level, const float* src, std::ptrdiff_t stride, int pixels, int count, int channels,
                        float* dst) {
  HASSE_SIMD_CALL(level, copy_pixels(src, stride, pixels, count, channels, dst));
}
inline void add_part(simd_level level, std::ptrdiff_t first, std::ptrdiff_t last, activation act, const float* one,
                     const float* other, float* dst) {
  HASSE_SIMD_CALL(level, add_part(first, last, act, one, other, dst));
}

/// Folded layers in a row: [expand,] depthwise, [average, two 1x1 layers, scale,] project, each the only reader of the one before.
///
/// The expanded channels are taken in blocks, outermost. Of a block, only as many rows exist as one depthwise window is high; they
/// and the weights of the block stay in the first caches, while the projection adds block after block to the output. With
/// squeeze-excite the depthwise result goes to memory once, because the gates need all of it first.
/// Threads share out output rows, or blocks of channels where the image is small (each then sums up an output of its own).
class inverted_bottleneck {
 public:
  /// Why these layers cannot be had, as a sentence fragment; "" when they can.
  static std::string refuses(std::span<const layer> run) {
    const std::size_t expands = !run.empty() && pointwise_convolution::refuses(run[0]).empty() ? 1 : 0;
    if (run.size() != expands + 2 && run.size() != expands + 6) return "it is not [expand,] depthwise, [squeeze-excite,] project";
    const layer& depthwise = run[expands];
    if (depthwise.kind != layer_kind::convolution || depthwise.groups != depthwise.in.c || depthwise.groups != depthwise.out.c)
      return "its middle is not depthwise";
    if (depthwise.kernel != 3 && depthwise.kernel != 5 && depthwise.kernel != 7) return "its kernel is not 3, 5 or 7";
    if (depthwise.stride != 1 && depthwise.stride != 2) return "its stride is not 1 or 2";
    if (!pointwise_convolution::refuses(run.back()).empty()) return "its last layer is not a 1x1 convolution";
    if (run.size() == expands + 6 &&
        (run[expands + 1].kind != layer_kind::global_average_pool || !pointwise_convolution::refuses(run[expands + 2]).empty() ||
         !pointwise_convolution::refuses(run[expands + 3]).empty() || run[expands + 4].kind != layer_kind::scale))
      return "what stands before its last layer is not squeeze-excite";
    return "";
  }

  inverted_bottleneck(std::span<const layer> run, int batch, int threads, simd_level level)
      : batch_(batch), threads_(threads), level_(level) {
    if (const std::string why = refuses(run); !why.empty())
      throw error("cpu: layers that begin with " + (run.empty() ? std::string("none") : describe(run[0])) +
                  " are no inverted bottleneck: " + why + "; run them one by one");
    expands_ = pointwise_convolution::refuses(run[0]).empty();
    if (expands_) expand_ = run[0];
    depthwise_ = run[expands_ ? 1 : 0], project_ = run.back();
    const int lanes = lanes_of(level), panel = largest_panel(lanes), kernel = depthwise_.kernel, channels = depthwise_.in.c;
    const bool excites = run.size() > 3;
    width_ = panels_width(project_.out.c, lanes);
    row_pixels_ = std::max(depthwise_.pad_left + depthwise_.in.w, (depthwise_.out.w - 1) * depthwise_.stride + kernel);

    // Rows of depthwise outputs that make enough pixels for full tiles of the projection.
    group_ = std::clamp(group_pixels / depthwise_.out.w, 1, depthwise_.out.h);
    splits_channels_ = threads > 1 && (excites || (batch == 1 && depthwise_.out.h <= split_rows));
    buffer_rows_ = kernel + (group_ - 1) * depthwise_.stride;
    // A block is as wide as the second cache allows for its rows and weights.
    const int floats =
        buffer_rows_ * row_pixels_ + group_ * depthwise_.out.w + (expands_ ? expand_.in.c : 0) + kernel * kernel + width_;
    const int most = std::max(block_floats / floats / panel, 1) * panel;
    padded_channels_ = (channels + lanes - 1) / lanes * lanes;
    int blocks = (channels + most - 1) / most;
    if (splits_channels_) blocks = (blocks + threads - 1) / threads * threads;
    block_ = ((channels + blocks - 1) / blocks + lanes - 1) / lanes * lanes;
    if (block_ > panel) block_ = std::min((block_ + panel - 1) / panel * panel, padded_channels_);
    blocks_ = (padded_channels_ + block_ - 1) / block_;

    if (excites) {
      const std::size_t first = expands_ ? 3 : 2;
      squeeze_.emplace(run[first], batch, threads, level), excite_.emplace(run[first + 1], batch, threads, level);
      gated_.emplace(project_, batch, threads, level);
      squeezed_ = run[first].out.c;
    }
    plan_weights();
    plan_scratch();
  }

  std::size_t packed_floats() const { return packed_; }

  /// `operands[i]` has the weights and the bias of layer i. `packed` is 64-byte aligned.
  void pack(std::span<const inference_operands<float>> operands, float* packed) const {
    const int lanes = lanes_of(level_), channels = depthwise_.in.c, taps = depthwise_.kernel * depthwise_.kernel;
    const inference_operands<float>&depthwise = operands[expands_ ? 1 : 0], &project = operands.back();
    std::fill_n(packed, packed_, 0.0f);
    for (int block = 0; block < blocks_; ++block) {
      const int first = block * block_, wide = width_of(block), valid = std::min(wide, channels - first);
      const auto bias = [&](const float* values, float* to) {
        if (values) std::copy_n(values + first, valid, to);
      };
      float* const at = packed + block * weights_.size;
      if (expands_) {
        pack_panels(operands[0].weights + std::ptrdiff_t{first} * expand_.in.c, expand_.in.c, 1, wide, valid, expand_.in.c, lanes,
                    at);
        bias(operands[0].bias, at + weights_.expand_bias);
      }
      float* const to = at + weights_.taps;
      for (int tap = 0; tap < taps; ++tap)
        for (int c = 0; c < valid; ++c) to[tap * wide + c] = depthwise.weights[(first + c) * taps + tap];
      bias(depthwise.bias, at + weights_.tap_bias);
      if (!gated_) pack_panels(project.weights + first, channels, 1, width_, project_.out.c, valid, lanes, at + weights_.project);
    }
    if (!gated_) {
      if (project.bias) std::copy_n(project.bias, project_.out.c, packed + weights_.project_bias);
      return;
    }
    // Sums stand for averages: the squeezing weights take the number of pixels.
    const std::size_t first = expands_ ? 3 : 2;
    const inference_operands<float>&squeeze = operands[first], &excite = operands[first + 1];
    std::vector<float> averaging(squeeze.weights, squeeze.weights + std::ptrdiff_t{squeezed_} * channels);
    for (float& weight : averaging) weight /= static_cast<float>(depthwise_.out.pixels());
    squeeze_->pack(averaging.data(), squeeze.bias, packed + weights_.squeeze);
    excite_->pack(excite.weights, excite.bias, packed + weights_.excite);
    gated_->pack(project.weights, project.bias, packed + weights_.gated);
  }

  std::size_t scratch_bytes() const { return scratch_.size * sizeof(float); }

  /// `other` (or null) is the residual of the last layer. `dst` overlaps neither src nor other, unless it is `other`.
  void run(const float* src, const float* other, float* dst, const float* packed, std::byte* memory) const {
    float* const scratch = reinterpret_cast<float*>(memory);
    parallel_pieces(threads_, threads_, [=, this](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t piece = first; piece < last; ++piece)
        run_piece(static_cast<int>(piece), src, other, dst, packed, scratch);
    });
    if (gated_) return finish_gated(other, dst, packed, scratch);
    if (!splits_channels_) return;
    parallel_elements(threads_, project_.out.size(), [=, this](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (int piece = 1; piece < threads_; ++piece)
        add_part(level_, first, last, piece + 1 == threads_ ? project_.act : activation::none, dst, part_of(scratch, piece), dst);
    });
  }

 private:
  static constexpr int block_floats = 400 * 1024 / sizeof(float);
  static constexpr int group_pixels = 28;
  static constexpr int split_rows = 14;

  int width_of(int block) const { return std::min(block_, padded_channels_ - block * block_); }

  void plan_weights() {
    const std::size_t block = static_cast<std::size_t>(block_),
                      taps = static_cast<std::size_t>(depthwise_.kernel * depthwise_.kernel);
    std::size_t used = 0;
    const auto take = [&used](std::size_t floats) { return std::exchange(used, used + (floats + 15) / 16 * 16); };
    if (expands_) {
      take(block * static_cast<std::size_t>(expand_.in.c));
      weights_.expand_bias = take(block);
    }
    weights_.taps = take(taps * block);
    weights_.tap_bias = take(block);
    weights_.project = gated_ ? used : take(block * static_cast<std::size_t>(width_));
    weights_.size = static_cast<std::ptrdiff_t>(used);
    used *= static_cast<std::size_t>(blocks_);
    if (gated_) {
      weights_.squeeze = take(squeeze_->packed_floats());
      weights_.excite = take(excite_->packed_floats());
      weights_.gated = take(gated_->packed_floats());
    } else {
      weights_.project_bias = take(static_cast<std::size_t>(width_));
      weights_.no_bias = take(static_cast<std::size_t>(width_));
    }
    packed_ = used;
  }

  void plan_scratch() {
    const auto rounded = [](std::ptrdiff_t floats) { return static_cast<std::size_t>((floats + 15) / 16 * 16); };
    const std::size_t batch = static_cast<std::size_t>(batch_), threads = static_cast<std::size_t>(threads_);
    std::size_t used = 0;
    const auto take = [&used](std::size_t floats) { return std::exchange(used, used + floats); };
    scratch_.piece = rounded((std::ptrdiff_t{row_pixels_} * buffer_rows_ + std::ptrdiff_t{group_} * depthwise_.out.w) * block_);
    take(scratch_.piece * threads);
    if (gated_) {
      scratch_.made = take(batch * static_cast<std::size_t>(depthwise_.out.pixels()) * static_cast<std::size_t>(padded_channels_));
      scratch_.sums = take(batch * static_cast<std::size_t>(padded_channels_));
      scratch_.squeezed = take(rounded(std::ptrdiff_t{batch_} * squeezed_));
      scratch_.gates = take(rounded(std::ptrdiff_t{batch_} * depthwise_.in.c));
      scratch_.product = take((gated_->scratch_bytes() + sizeof(float) - 1) / sizeof(float));
    } else if (splits_channels_) {
      scratch_.made = take(rounded(project_.out.size()) * (threads - 1));
    }
    scratch_.size = used;
  }

  /// Where a thread other than the first sums up its channels' part of the output.
  float* part_of(float* scratch, int piece) const {
    return scratch + scratch_.made +
           static_cast<std::size_t>(piece - 1) * static_cast<std::size_t>((project_.out.size() + 15) / 16 * 16);
  }

  void run_piece(int piece, const float* src, const float* other, float* dst, const float* packed, float* scratch) const {
    float* const rows = scratch + static_cast<std::size_t>(piece) * scratch_.piece;
    const auto part = [&](std::ptrdiff_t count, int index) { return count * index / threads_; };
    if (splits_channels_) {
      const index_range blocks{static_cast<int>(part(blocks_, piece)), static_cast<int>(part(blocks_, piece + 1))};
      float* const target = piece == 0 || gated_ ? dst : part_of(scratch, piece);
      for (int image = 0; image < batch_; ++image)
        run_image(image, {0, depthwise_.out.h}, blocks, src, piece == 0 ? other : nullptr, target, packed, scratch, rows);
      if (!gated_ && blocks.size() == 0) std::fill_n(target, project_.out.size(), 0.0f);
      return;
    }
    const std::ptrdiff_t height = depthwise_.out.h, first = part(batch_ * height, piece), last = part(batch_ * height, piece + 1);
    for (std::ptrdiff_t row = first; row < last;) {
      const std::ptrdiff_t image = row / height, end = std::min(last, (image + 1) * height);
      run_image(static_cast<int>(image), {static_cast<int>(row - image * height), static_cast<int>(end - image * height)},
                {0, blocks_}, src, other, dst, packed, scratch, rows);
      row = end;
    }
  }

  /// Some output rows of one image, from some blocks of channels.
  void run_image(int image, index_range outputs, index_range blocks, const float* src, const float* other, float* dst,
                 const float* packed, float* scratch, float* rows) const {
    const feature_shape in = expands_ ? expand_.in : depthwise_.in, out = project_.out;
    src += image * in.size(), dst += image * out.size();
    if (other) other += image * out.size();
    const int kernel = depthwise_.kernel, stride = depthwise_.stride;
    float* const group = rows + std::ptrdiff_t{row_pixels_} * buffer_rows_ * block_;
    for (int block = blocks.first; block < blocks.last; ++block) {
      const float* const weights = packed + block * weights_.size;
      const int channel = block * block_, wide = width_of(block), valid = std::min(wide, depthwise_.in.c - channel);
      const std::ptrdiff_t row_floats = std::ptrdiff_t{row_pixels_} * wide;
      // The padding at both ends of rows stays through a block, and to the next of equal width.
      if (block == blocks.first || wide < block_) std::fill_n(rows, row_floats * buffer_rows_, 0.0f);
      int ready = std::max(0, outputs.first * stride - depthwise_.pad_top);  // input rows before this one are in the buffer
      for (int y = outputs.first; y < outputs.last; y += group_) {
        const int end = std::min(y + group_, outputs.last);
        const int wanted = std::min(in.h, (end - 1) * stride - depthwise_.pad_top + kernel);
        while (ready < wanted) {
          const int place = ready % buffer_rows_, count = std::min(wanted - ready, buffer_rows_ - place);
          make_rows(src + pixel(in, 0, ready, 0), weights, channel, wide, count,
                    rows + place * row_floats + std::ptrdiff_t{depthwise_.pad_left} * wide);
          ready += count;
        }
        for (int row = y; row < end; ++row) {
          const int top = row * stride - depthwise_.pad_top;
          float* const made = gated_
                                  ? scratch + scratch_.made + (pixel({out.h, out.w, 1}, image, row, 0)) * padded_channels_ + channel
                                  : group + std::ptrdiff_t{row - y} * out.w * wide;
          window_row at{.rows = {},
                        .first = std::min(kernel, std::max(0, -top)),
                        .last = std::min(kernel, in.h - top),
                        .weights = weights + weights_.taps,
                        .bias = weights + weights_.tap_bias,
                        .channels = wide,
                        .width = out.w,
                        .dst = made,
                        .dst_stride = gated_ ? padded_channels_ : wide,
                        .limit = limit_of(depthwise_.act)};
          for (int tap = at.first; tap < at.last; ++tap) at.rows[tap] = rows + (top + tap) % buffer_rows_ * row_floats;
          window(level_, at, kernel, stride);
          float* const sums = gated_ ? scratch + scratch_.sums + std::ptrdiff_t{image} * padded_channels_ + channel : nullptr;
          if (sums && row == outputs.first) std::fill_n(sums, wide, 0.0f);
          finish_row(level_, depthwise_.act, made, at.dst_stride, out.w, wide, sums);
        }
        if (gated_) continue;
        const bool first = block == blocks.first, last = block + 1 == blocks_ && !splits_channels_;
        float* const to = dst + pixel(out, 0, y, 0);
        const float* const residual = other ? other + pixel(out, 0, y, 0) : nullptr;
        multiply_panels(level_,
                        {.src = group,
                         .src_stride = wide,
                         .depth = valid,
                         .weights = weights + weights_.project,
                         .bias = packed + (block == 0 ? weights_.project_bias : weights_.no_bias),
                         .other = first ? residual : to,
                         .other_stride = out.c,
                         .dst = to,
                         .dst_stride = out.c},
                        std::ptrdiff_t{end - y} * out.w, last ? project_.act : activation::none, out.c, 0, out.c);
      }
    }
  }

  /// A block of channels of some input rows of the depthwise layer.
  void make_rows(const float* src, const float* weights, int channel, int wide, int count, float* dst) const {
    const feature_shape in = depthwise_.in;
    if (expands_)
      return multiply_panels(level_,
                             {.src = src,
                              .src_stride = expand_.in.c,
                              .depth = expand_.in.c,
                              .weights = weights,
                              .bias = weights + weights_.expand_bias,
                              .other = nullptr,
                              .other_stride = 0,
                              .dst = dst,
                              .dst_stride = wide,
                              .lines = count,
                              .src_line = std::ptrdiff_t{in.w} * expand_.in.c,
                              .dst_line = std::ptrdiff_t{row_pixels_} * wide},
                             in.w, expand_.act, wide, 0, wide);
    for (int row = 0; row < count; ++row)
      copy_pixels(level_, src + row * std::ptrdiff_t{in.w} * in.c + channel, in.c, in.w, std::min(wide, in.c - channel), wide,
                  dst + std::ptrdiff_t{row} * row_pixels_ * wide);
  }

  void finish_gated(const float* other, float* dst, const float* packed, float* scratch) const {
    float *const squeezed = scratch + scratch_.squeezed, *const gates = scratch + scratch_.gates;
    squeeze_->run(
        {.src = scratch + scratch_.sums, .packed = packed + weights_.squeeze, .dst = squeezed, .src_stride = padded_channels_});
    excite_->run({.src = squeezed, .packed = packed + weights_.excite, .dst = gates});
    gated_->run({.src = scratch + scratch_.made,
                 .packed = packed + weights_.gated,
                 .other = other,
                 .dst = dst,
                 .gate = gates,
                 .scratch = reinterpret_cast<std::byte*>(scratch + scratch_.product),
                 .src_stride = padded_channels_});
  }

  layer expand_, depthwise_, project_;
  int batch_, threads_;
  simd_level level_;
  bool expands_, splits_channels_;
  int block_, blocks_, padded_channels_;  ///< expanded channels
  int width_;                             ///< output channels with those that fill up the last panel
  int row_pixels_, group_, buffer_rows_, squeezed_ = 0;
  std::optional<pointwise_convolution> squeeze_, excite_, gated_;
  struct {
    std::size_t expand_bias, taps, tap_bias, project;  ///< in a block
    std::ptrdiff_t size;                               ///< of a block
    std::size_t project_bias, no_bias, squeeze, excite, gated;
  } weights_{};
  std::size_t packed_ = 0;
  struct {
    std::size_t piece;  ///< a thread's rows and group
    std::size_t made, sums, squeezed, gates, product, size;
  } scratch_{};
};

}  // namespace hasse::detail
