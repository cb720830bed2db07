// A whole inverted bottleneck for inference as one step: expand, depthwise, squeeze-excite and project, without a trip of the
// expanded tensor through memory. Used by kernel/cpu.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/cpu/depthwise.hpp>
#include <hasse/kernel/cpu/loops.hpp>
#include <hasse/kernel/cpu/pointwise.hpp>
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/detail/describe.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail {

/// Folded layers in a row: [expand,] depthwise, [average, two 1x1 layers, scale,] project, each the only reader of the one before.
///
/// Some rows of the output at a time: the expanded rows that they need and what the depthwise convolution makes of them stay in the
/// second cache, and so do the weights, because wide tensors are taken in blocks of channels, one after the other, and the
/// projection adds each block's part to the output. With squeeze-excite the depthwise result goes to memory once, because the gates
/// need all of it first.
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
      : batch_(batch), threads_(threads), pieces_(threads), level_(level) {
    if (const std::string why = refuses(run); !why.empty())
      throw error("cpu: layers that begin with " + (run.empty() ? std::string("none") : describe(run[0])) +
                  " are no inverted bottleneck: " + why + "; run them one by one");
    expands_ = pointwise_convolution::refuses(run[0]).empty();
    if (expands_) expand_ = run[0];
    depthwise_ = run[expands_ ? 1 : 0], project_ = run.back();
    const int lanes = lanes_of(level), panel = largest_panel(level), kernel = depthwise_.kernel, stride = depthwise_.stride;
    const feature_shape in = depthwise_.in, out = depthwise_.out;
    const bool excites = run.size() > 3;
    width_ = panels_width(project_.out.c, level);
    padded_channels_ = (in.c + lanes - 1) / lanes * lanes;
    splits_channels_ = threads > 1 && (excites || (batch == 1 && out.h <= split_rows));

    rows_ = std::clamp(strip_pixels / out.w, 1, out.h);
    const int needed = (rows_ - 1) * stride + kernel;
    const int floats = 2 * needed * in.w + rows_ * out.w + (expands_ ? expand_.in.c : 0) + kernel * kernel + width_;
    const int most = expands_ ? std::max(strip_floats / floats / panel, 1) * panel : padded_channels_;
    int blocks = (padded_channels_ + most - 1) / most;
    if (splits_channels_) blocks = (blocks + threads - 1) / threads * threads;
    block_ = ((padded_channels_ + blocks - 1) / blocks + lanes - 1) / lanes * lanes;
    if (block_ > panel) block_ = std::min((block_ + panel - 1) / panel * panel, padded_channels_);
    blocks_ = (padded_channels_ + block_ - 1) / block_;
    if (splits_channels_) {  // every share has a block: the first one adds the residual
      pieces_ = std::min(threads, blocks_);
      splits_channels_ = pieces_ > 1;
      if (!splits_channels_ && !excites) pieces_ = threads;  // of rows
    }
    pixel_ = !expands_ ? in.c : excites ? padded_channels_ : block_;
    buffer_rows_ = expands_ ? std::min(in.h, 2 * needed) : 0;

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
    const int channels = depthwise_.in.c, taps = depthwise_.kernel * depthwise_.kernel;
    const inference_operands<float>&depthwise = operands[expands_ ? 1 : 0], &project = operands.back();
    std::fill_n(packed, packed_, 0.0f);
    float *const tap_weights = packed + weights_.taps, *const tap_bias = packed + weights_.tap_bias;
    for (int tap = 0; tap < taps; ++tap)
      for (int c = 0; c < channels; ++c) tap_weights[tap * padded_channels_ + c] = depthwise.weights[c * taps + tap];
    if (depthwise.bias) std::copy_n(depthwise.bias, channels, tap_bias);
    for (int block = 0; block < blocks_; ++block) {
      const int first = block * block_, wide = width_of(block), valid = std::min(wide, channels - first);
      float* const at = packed + block * weights_.block;
      if (expands_) {
        pack_panels(operands[0].weights + std::ptrdiff_t{first} * expand_.in.c, expand_.in.c, 1, wide, valid, expand_.in.c, level_,
                    at);
        if (operands[0].bias) std::copy_n(operands[0].bias + first, valid, at + weights_.expand_bias);
      }
      if (!gated_) pack_panels(project.weights + first, channels, 1, width_, project_.out.c, valid, level_, at + weights_.project);
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
    parallel_pieces(threads_, pieces_, [=, this](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t piece = first; piece < last; ++piece)
        run_piece(static_cast<int>(piece), src, other, dst, packed, scratch);
    });
    if (gated_) return finish_gated(other, dst, packed, scratch);
    if (!splits_channels_) return;
    for (int piece = 1; piece < pieces_; ++piece) {
      const activation act = piece + 1 == pieces_ ? project_.act : activation::none;
      add(threads_, project_.out.size(), act, static_cast<const float*>(dst), static_cast<const float*>(part_of(scratch, piece)),
          dst);
    }
  }

 private:
  static constexpr int strip_floats = 400 * 1024 / sizeof(float);  ///< what a strip and its weights may take of the second cache
  static constexpr int strip_pixels = 448;
  static constexpr int split_rows = 14;

  int width_of(int block) const { return std::min(block_, padded_channels_ - block * block_); }

  void plan_weights() {
    const auto floats = [](std::ptrdiff_t count) { return static_cast<std::size_t>(count); };
    std::size_t used = 0;
    const auto take = [&used](std::size_t count) { return std::exchange(used, used + (count + 15) / 16 * 16); };
    if (expands_) {
      take(floats(std::ptrdiff_t{block_} * expand_.in.c));
      weights_.expand_bias = take(floats(block_));
    }
    weights_.project = gated_ ? used : take(floats(std::ptrdiff_t{block_} * width_));
    weights_.block = static_cast<std::ptrdiff_t>(used);
    used *= floats(blocks_);
    weights_.taps = take(floats(depthwise_.kernel * depthwise_.kernel * padded_channels_));
    weights_.tap_bias = take(floats(padded_channels_));
    if (gated_) {
      weights_.squeeze = take(squeeze_->packed_floats());
      weights_.excite = take(excite_->packed_floats());
      weights_.gated = take(gated_->packed_floats());
    } else {
      weights_.project_bias = take(floats(width_));
      weights_.no_bias = take(floats(width_));
    }
    packed_ = used;
  }

  void plan_scratch() {
    const auto rounded = [](std::ptrdiff_t floats) { return static_cast<std::size_t>((floats + 15) / 16 * 16); };
    const std::size_t pieces = static_cast<std::size_t>(pieces_);
    std::size_t used = 0;
    const auto take = [&used](std::size_t floats) { return std::exchange(used, used + floats); };
    scratch_.expanded = rounded(std::ptrdiff_t{buffer_rows_} * depthwise_.in.w * pixel_);
    scratch_.piece = scratch_.expanded + (gated_ ? 0 : rounded(std::ptrdiff_t{rows_} * depthwise_.out.w * pixel_));
    take(scratch_.piece * pieces);
    if (gated_) {
      scratch_.made = take(rounded(batch_ * depthwise_.out.pixels() * pixel_));
      scratch_.sums = take(rounded(std::ptrdiff_t{batch_} * pixel_));
      scratch_.squeezed = take(rounded(std::ptrdiff_t{batch_} * squeezed_));
      scratch_.gates = take(rounded(std::ptrdiff_t{batch_} * depthwise_.in.c));
      scratch_.product = take((gated_->scratch_bytes() + sizeof(float) - 1) / sizeof(float));
    } else if (splits_channels_) {
      scratch_.made = take(rounded(project_.out.size()) * (pieces - 1));
    }
    scratch_.size = used;
  }

  /// Where a share other than the first sums up its channels' part of the output.
  float* part_of(float* scratch, int piece) const {
    return scratch + scratch_.made +
           static_cast<std::size_t>(piece - 1) * static_cast<std::size_t>((project_.out.size() + 15) / 16 * 16);
  }

  void run_piece(int piece, const float* src, const float* other, float* dst, const float* packed, float* scratch) const {
    float* const rows = scratch + static_cast<std::size_t>(piece) * scratch_.piece;
    const auto part = [&](std::ptrdiff_t count, int index) { return count * index / pieces_; };
    if (splits_channels_) {
      const index_range blocks{static_cast<int>(part(blocks_, piece)), static_cast<int>(part(blocks_, piece + 1))};
      float* const target = piece == 0 || gated_ ? dst : part_of(scratch, piece);
      for (int image = 0; image < batch_; ++image)
        run_image(image, {0, depthwise_.out.h}, blocks, src, piece == 0 ? other : nullptr, target, packed, scratch, rows);
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
    const feature_shape in = depthwise_.in, out = depthwise_.out;
    const int kernel = depthwise_.kernel, stride = depthwise_.stride, top = depthwise_.pad_top;
    src += image * std::ptrdiff_t{in.h} * in.w * (expands_ ? expand_.in.c : in.c), dst += image * project_.out.size();
    if (other) other += image * project_.out.size();
    const depthwise_shape shape{.in = {in.h, in.w, pixel_},
                                .out = {out.h, out.w, pixel_},
                                .kernel = kernel,
                                .stride = stride,
                                .pad_top = top,
                                .pad_left = depthwise_.pad_left,
                                .tap_floats = padded_channels_};
    const std::ptrdiff_t in_row = std::ptrdiff_t{in.w} * pixel_, out_row = std::ptrdiff_t{out.w} * pixel_;
    for (int block = blocks.first; block < blocks.last; ++block) {
      const int channel = block * block_, wide = width_of(block), valid = std::min(wide, in.c - channel);
      // Where the block's channels begin in a pixel: the buffers have all channels, or room for one block.
      const int place = pixel_ >= in.c ? channel : 0;
      depthwise_forward_operands at{.weights = packed + weights_.taps + channel - place,
                                    .bias = packed + weights_.tap_bias + channel - place};
      if (only_clips(depthwise_.act) && depthwise_.act != activation::none) at.low = 0, at.high = limit_of(depthwise_.act);
      if (!only_clips(depthwise_.act)) at.act_after = depthwise_.act;
      if (gated_) {
        at.sums = scratch + scratch_.sums + std::ptrdiff_t{image} * pixel_;
        std::fill_n(at.sums + place, expands_ ? wide : valid, 0.0f);
      }
      int begin = std::max(0, outputs.first * stride - top), ready = begin;  // the expanded rows [begin, ready) are in the buffer
      for (int y = outputs.first; y < outputs.last; y += rows_) {
        const int end = std::min(y + rows_, outputs.last), wanted = std::min(in.h, (end - 1) * stride - top + kernel);
        at.src = src;
        if (expands_) {
          if (wanted - begin > buffer_rows_) {
            const int kept = std::max(0, y * stride - top);
            if (kept < ready) std::copy(rows + (kept - begin) * in_row, rows + (ready - begin) * in_row, rows);
            begin = kept, ready = std::max(ready, kept);
          }
          if (ready < wanted) {
            expand_rows(src + std::ptrdiff_t{ready} * in.w * expand_.in.c, packed + block * weights_.block, wide,
                        rows + (ready - begin) * in_row + place, std::ptrdiff_t{wanted - ready} * in.w);
            ready = wanted;
          }
          at.src = rows - begin * in_row;
        }
        float* const made =
            gated_ ? scratch + scratch_.made + (std::ptrdiff_t{image} * out.h + y) * out_row : rows + scratch_.expanded;
        at.dst = made - y * out_row;
        depthwise_forward(level_, shape, at, {0, {y, end}, {place, place + (expands_ ? wide : valid)}});
        if (gated_) continue;
        const bool first = block == blocks.first, last = block + 1 == blocks_ && !splits_channels_;
        const std::ptrdiff_t offset = pixel(project_.out, 0, y, 0);
        const float* const weights = packed + block * weights_.block + weights_.project;
        multiply_panels(level_,
                        {.src = made + place,
                         .src_stride = pixel_,
                         .depth = valid,
                         .weights = weights,
                         .bias = packed + (block == 0 ? weights_.project_bias : weights_.no_bias),
                         .other = !first  ? dst + offset
                                  : other ? other + offset
                                          : nullptr,
                         .other_stride = project_.out.c,
                         .dst = dst + offset,
                         .dst_stride = project_.out.c},
                        std::ptrdiff_t{end - y} * out.w, last ? project_.act : activation::none, project_.out.c, 0, project_.out.c);
      }
    }
  }

  void expand_rows(const float* src, const float* weights, int wide, float* dst, std::ptrdiff_t pixels) const {
    multiply_panels(level_,
                    {.src = src,
                     .src_stride = expand_.in.c,
                     .depth = expand_.in.c,
                     .weights = weights,
                     .bias = weights + weights_.expand_bias,
                     .other = nullptr,
                     .other_stride = 0,
                     .dst = dst,
                     .dst_stride = pixel_},
                    pixels, expand_.act, wide, 0, wide);
  }

  void finish_gated(const float* other, float* dst, const float* packed, float* scratch) const {
    float *const squeezed = scratch + scratch_.squeezed, *const gates = scratch + scratch_.gates;
    squeeze_->run({.src = scratch + scratch_.sums, .packed = packed + weights_.squeeze, .dst = squeezed, .src_stride = pixel_});
    excite_->run({.src = squeezed, .packed = packed + weights_.excite, .dst = gates});
    gated_->run({.src = scratch + scratch_.made,
                 .packed = packed + weights_.gated,
                 .other = other,
                 .dst = dst,
                 .gate = gates,
                 .scratch = reinterpret_cast<std::byte*>(scratch + scratch_.product),
                 .src_stride = pixel_});
  }

  layer expand_, depthwise_, project_;
  int batch_, threads_;
  int pieces_;  ///< shares of the work: of rows (as many as threads, some may be empty) or of blocks of channels (none is)
  simd_level level_;
  bool expands_, splits_channels_;
  int block_, blocks_, padded_channels_;  ///< expanded channels
  int width_;                             ///< output channels with those that fill up the last panel
  int pixel_;                             ///< floats from pixel to pixel before and behind the depthwise layer
  int rows_, buffer_rows_;                ///< output rows of a strip; expanded rows that there is room for
  int squeezed_ = 0;
  std::optional<pointwise_convolution> squeeze_, excite_, gated_;
  struct {
    std::size_t expand_bias, project;  ///< in a block
    std::ptrdiff_t block;              ///< from block to block
    std::size_t taps, tap_bias, project_bias, no_bias, squeeze, excite, gated;
  } weights_{};
  std::size_t packed_ = 0;
  struct {
    std::size_t expanded, piece;  ///< a thread's expanded rows, all of its own
    std::size_t made, sums, squeezed, gates, product, size;
  } scratch_{};
};

}  // namespace hasse::detail
