// Depthwise convolution (as many groups as channels) of our own: forward with everything that is fused behind it, and both
// gradients. Used by kernel/cpu.hpp; the vector code is kernel/cpu/simd/depthwise.inl.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cpu/loops.hpp>
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/detail/describe.hpp>
#include <hasse/kernel/detail/elementwise.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail {

/// What the vector code needs to know of a depthwise convolution.
struct depthwise_shape {
  feature_shape in, out;
  int kernel, stride, pad_top, pad_left;
  int padded_channels;  ///< length of one tap in packed weights
};

/// Forward operands; bias, other and sums may be null. `other` may be `dst`.
struct depthwise_forward_operands {
  const float* src = nullptr;
  const float* weights = nullptr;  ///< packed
  const float* bias = nullptr;
  const float* other = nullptr;  ///< added before the activation
  float* dst = nullptr;
  float* sums = nullptr;  ///< batch x channels: the sum of each channel of dst over an image's pixels
  activation act = activation::none;
};

/// Some rows and channels of one image.
struct depthwise_piece {
  std::ptrdiff_t image;
  index_range rows, channels;
};

}  // namespace hasse::detail

#define HASSE_SIMD_BODY <hasse/kernel/cpu/simd/depthwise.inl>
#include <hasse/kernel/cpu/simd/for_each_target.inl>

namespace hasse::detail {

/// Planned for one layer, batch and number of threads; run() calls may not overlap when they share scratch memory.
/// Results are the same for any number of threads, except the gradient of the weights: it is for equal ones.
class depthwise_convolution {
 public:
  depthwise_convolution(const layer& item, int batch, int threads, simd_level level)
      : shape_{item.in, item.out, item.kernel, item.stride, item.pad_top, item.pad_left, (item.in.c + 15) / 16 * 16},
        act_(item.act),
        batch_(batch),
        threads_(threads),
        level_(level) {
    if (const std::string why = refuses(item); !why.empty())
      throw error("cpu: " + describe(item) + " has no depthwise kernel of our own: " + why + "; use another kernel for it");
  }

  /// Why a layer cannot be had, as a sentence fragment; "" when it can.
  static std::string refuses(const layer& item) {
    if (item.kind != layer_kind::convolution) return "it is not a convolution";
    if (item.groups != item.in.c || item.groups != item.out.c) return "it has not one group and one filter per channel";
    if (item.kernel != 3 && item.kernel != 5 && item.kernel != 7) return "its kernel is not 3, 5 or 7";
    if (item.stride != 1 && item.stride != 2) return "its stride is not 1 or 2";
    return "";
  }

  /// Memory for packed weights: tap after tap, channels padded with zeros. It must start at a multiple of 64 bytes.
  std::size_t packed_floats() const {
    return static_cast<std::size_t>(shape_.kernel) * static_cast<std::size_t>(shape_.kernel) *
           static_cast<std::size_t>(shape_.padded_channels);
  }
  void pack(const float* weights, float* packed) const {
    const int taps = shape_.kernel * shape_.kernel, padded = shape_.padded_channels;
    for (int tap = 0; tap < taps; ++tap)
      for (int c = 0; c < padded; ++c) packed[tap * padded + c] = c < shape_.in.c ? weights[c * taps + tap] : 0.0f;
  }

  /// dst = act(src * weights + bias + other); see depthwise_forward_operands. The layer's activation is applied.
  void forward(depthwise_forward_operands at) const {
    at.act = act_;
    if (at.sums) std::fill_n(at.sums, std::ptrdiff_t{batch_} * shape_.out.c, 0.0f);
    run_forward(shape_, at);
  }

 private:
  /// As many channels as keep the input rows of a tile in the first cache.
  static int channel_block(const depthwise_shape& shape) {
    constexpr int cache_floats = 6144;
    const int columns = 7 * shape.stride + shape.kernel, fitting = cache_floats / (columns * shape.kernel) / 16 * 16;
    return std::max(fitting, 16);
  }

  void run_forward(const depthwise_shape& shape, const depthwise_forward_operands& at) const {
    const int channels = shape.out.c;
    int block = std::min(channel_block(shape), shape.padded_channels);
    // Sums are made by one thread per channel, top to bottom, so that they do not depend on the number of threads.
    const int bands = at.sums || batch_ >= threads_ ? 1 : threads_;
    if (at.sums && batch_ < threads_) block = std::min(block, std::max(16, channels / threads_ / 16 * 16));
    const int blocks = (channels + block - 1) / block;
    parallel_pieces(threads_, std::ptrdiff_t{batch_} * bands * blocks, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t i = first; i < last; ++i) {
        const int first_channel = static_cast<int>(i % blocks) * block, band = static_cast<int>(i / blocks % bands);
        forward_piece(shape, at,
                      {i / blocks / bands,
                       {shape.out.h * band / bands, shape.out.h * (band + 1) / bands},
                       {first_channel, std::min(channels, first_channel + block)}});
      }
    });
  }
  void forward_piece(const depthwise_shape& shape, const depthwise_forward_operands& at, const depthwise_piece& piece) const {
    HASSE_SIMD_CALL(level_, depthwise_forward(shape, at, piece));
  }

  depthwise_shape shape_;
  activation act_;
  int batch_, threads_;
  simd_level level_;
};

}  // namespace hasse::detail
