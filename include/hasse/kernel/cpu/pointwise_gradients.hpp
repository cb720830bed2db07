// Both gradients of a 1x1 convolution in one trip over the gradient of its output: what one block of pixels gives to the weights
// and to the source is computed while the block is in the cache. Used by kernel/cpu.hpp.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cpu/loops.hpp>
#include <hasse/kernel/cpu/pointwise.hpp>
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/detail/describe.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail {

/// Two tensors of the same pixels; sums: narrow channels x sum_stride.
struct channel_products {
  const float *wide, *narrow;
  int wide_channels, narrow_channels;
  float* sums;
  std::ptrdiff_t sum_stride;
};

}  // namespace hasse::detail

#define HASSE_SIMD_BODY <hasse/kernel/cpu/simd/pointwise_gradients.inl>
#include <hasse/kernel/cpu/simd/for_each_target.inl>

namespace hasse::detail {

HASSE_SIMD_FUNCTION(add_channel_products, (simd_level level, const channel_products& at, std::ptrdiff_t pixels),
                    add_channel_products(at, pixels))

/// Gradients may be null.
struct pointwise_gradient_operands {
  const float* src = nullptr;
  const float* d_dst = nullptr;
  const float* packed = nullptr;
  float* d_weights = nullptr;  ///< out x in, overwritten
  float* d_src = nullptr;
  bool accumulate_d_src = false;
};

/// Results are the same for equal numbers of threads; the gradient of the source for all.
class pointwise_gradients {
 public:
  static std::string refuses(const layer& item) {
    return item.kind == layer_kind::linear ? "it is no convolution" : pointwise_convolution::refuses(item);
  }
  /// Where it is faster than two passes: the sums of all weights must stay in the second cache.
  static bool pays(const layer& item) { return refuses(item).empty() && std::ptrdiff_t{item.in.c} * item.out.c <= 65536; }

  pointwise_gradients(const layer& item, int batch, int threads, simd_level level)
      : level_(level), in_(item.in.c), out_(item.out.c), pixels_(batch * item.in.pixels()) {
    if (const std::string why = refuses(item); !why.empty())
      throw error("cpu: " + describe(item) + " has no pointwise gradients of our own: " + why + "; use another kernel for it");
    block_ = std::clamp<std::ptrdiff_t>(cache_floats / (in_ + out_) / 8 * 8, 16, 128);
    // A small product is not worth waking threads.
    threads_ = static_cast<int>(std::min<std::ptrdiff_t>(pixels_ * in_ * out_ < (1 << 18) ? 1 : threads, blocks()));
  }

  /// Memory for packed weights, 64-byte aligned.
  std::size_t packed_floats() const { return static_cast<std::size_t>((std::ptrdiff_t{out_} + 1) * padded_in()); }
  void pack(const float* weights, float* packed) const {
    pack_panels(weights, 1, in_, in_, in_, out_, level_, packed);
    std::fill_n(packed + std::ptrdiff_t{out_} * padded_in(), padded_in(), 0.0f);
  }

  /// Memory that run() works in, 64-byte aligned.
  std::size_t scratch_bytes() const { return static_cast<std::size_t>(threads_ * sum_floats()) * sizeof(float); }
  void run(const pointwise_gradient_operands& at, std::byte* scratch) const {
    float* const all_sums = reinterpret_cast<float*>(scratch);
    parallel_pieces(threads_, threads_, [&](std::ptrdiff_t first_thread, std::ptrdiff_t last_thread) {
      for (std::ptrdiff_t thread = first_thread; thread < last_thread; ++thread) {
        float* const sums = all_sums + thread * sum_floats();
        if (at.d_weights) std::fill_n(sums, sum_floats(), 0.0f);
        for (std::ptrdiff_t block = blocks() * thread / threads_; block < blocks() * (thread + 1) / threads_; ++block)
          run_block(at, block * block_, std::min(pixels_, (block + 1) * block_), sums);
      }
    });
    if (at.d_weights) write_weights(all_sums, at.d_weights);
  }

 private:
  static constexpr std::ptrdiff_t cache_floats = 65536;  ///< of a block: a quarter of the second cache

  std::ptrdiff_t blocks() const { return (pixels_ + block_ - 1) / block_; }
  int padded_in() const { return panels_width(in_, level_); }
  /// Vectors are made of the channels of which there are more.
  bool output_is_wide() const { return out_ > in_; }
  std::ptrdiff_t sum_stride() const { return (std::max(in_, out_) + 15) / 16 * 16; }
  std::ptrdiff_t sum_floats() const { return std::min(in_, out_) * sum_stride(); }

  void run_block(const pointwise_gradient_operands& at, std::ptrdiff_t first, std::ptrdiff_t last, float* sums) const {
    const float *const src = at.src + first * in_, *const d_dst = at.d_dst + first * out_;
    if (at.d_weights)
      add_channel_products(level_,
                           {.wide = output_is_wide() ? d_dst : src,
                            .narrow = output_is_wide() ? src : d_dst,
                            .wide_channels = std::max(in_, out_),
                            .narrow_channels = std::min(in_, out_),
                            .sums = sums,
                            .sum_stride = sum_stride()},
                           last - first);
    if (!at.d_src) return;
    float* const d_src = at.d_src + first * in_;
    multiply_panels(level_,
                    {.src = d_dst,
                     .src_stride = out_,
                     .depth = out_,
                     .weights = at.packed,
                     .bias = at.packed + std::ptrdiff_t{out_} * padded_in(),
                     .other = at.accumulate_d_src ? d_src : nullptr,
                     .other_stride = in_,
                     .dst = d_src,
                     .dst_stride = in_},
                    last - first, activation::none, in_, 0, in_);
  }

  void write_weights(float* sums, float* d_weights) const {
    for (int thread = 1; thread < threads_; ++thread)
      for (std::ptrdiff_t i = 0; i < sum_floats(); ++i) sums[i] += sums[thread * sum_floats() + i];
    const std::ptrdiff_t out_stride = output_is_wide() ? 1 : sum_stride(), in_stride = output_is_wide() ? sum_stride() : 1;
    for (int o = 0; o < out_; ++o)
      for (int i = 0; i < in_; ++i) d_weights[std::ptrdiff_t{o} * in_ + i] = sums[o * out_stride + i * in_stride];
  }

  simd_level level_;
  int threads_ = 1, in_, out_;
  std::ptrdiff_t pixels_, block_ = 0;
};

}  // namespace hasse::detail
