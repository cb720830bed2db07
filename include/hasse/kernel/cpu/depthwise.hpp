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
#include <utility>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cpu/loops.hpp>
#include <hasse/kernel/cpu/simd_level.hpp>
#include <hasse/kernel/detail/describe.hpp>
#include <hasse/kernel/detail/elementwise.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail {

/// What the vector code needs to know: a convolution from `in` to `out`, or with `spread` the gradient of one with stride 2, from
/// its result (`in`) to its source (`out`).
struct depthwise_shape {
  feature_shape in, out;
  int kernel, stride, pad_top, pad_left;
  std::ptrdiff_t tap_floats;  ///< from one packed tap to the next
  bool spread = false;
};

/// Forward operands; bias, other and sums may be null. `other` may be `dst`.
struct depthwise_forward_operands {
  const float* src = nullptr;
  const float* weights = nullptr;  ///< packed
  const float* bias = nullptr;
  const float* other = nullptr;  ///< added before the activation
  float* dst = nullptr;
  float* sums = nullptr;  ///< batch x channels: the sum of each channel of dst over an image's pixels
  int low = std::numeric_limits<int>::min(), high = std::numeric_limits<int>::max();  ///< limits of dst's floats, as integers
  activation act_after = activation::none;                                            ///< where limits do not say it
};

struct depthwise_weights_operands {
  const float* src = nullptr;
  const float* d_dst = nullptr;
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

HASSE_SIMD_FUNCTION(depthwise_forward,
                    (simd_level level, const depthwise_shape& shape, const depthwise_forward_operands& at,
                     const depthwise_piece& piece),
                    depthwise_forward(shape, at, piece))
HASSE_SIMD_FUNCTION(depthwise_weights,
                    (simd_level level, const depthwise_shape& shape, const depthwise_weights_operands& at, index_range lines,
                     index_range channels, float* totals),
                    depthwise_weights(shape, at, lines, channels, totals))

/// Planned for one layer, batch and number of threads. Results do not depend on the number of threads, except the gradients of
/// weights and bias, which are the same for equal numbers.
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
  std::size_t packed_floats() const { return static_cast<std::size_t>(taps() * shape_.tap_floats); }
  void pack(const float* weights, float* packed) const {
    for (std::ptrdiff_t tap = 0; tap < taps(); ++tap)
      for (std::ptrdiff_t c = 0; c < shape_.tap_floats; ++c)
        packed[tap * shape_.tap_floats + c] = c < shape_.in.c ? weights[c * taps() + tap] : 0.0f;
  }

  /// dst = act(src * weights + bias + other) with the layer's activation; the limits among the operands are set here.
  void forward(depthwise_forward_operands at) const {
    const bool limits = act_ == activation::relu || act_ == activation::relu6;
    if (limits) at.low = 0;
    if (act_ == activation::relu6) at.high = std::bit_cast<int>(6.0f);
    if (!limits) at.act_after = act_;
    if (at.sums) std::fill_n(at.sums, std::ptrdiff_t{batch_} * shape_.out.c, 0.0f);
    run(shape_, at);
  }

  /// Writes d_src, or adds to it. Weights are packed as for forward.
  void backward_data(const float* d_dst, const float* packed, float* d_src, bool accumulate) const {
    depthwise_shape shape = shape_;
    std::swap(shape.in, shape.out);
    depthwise_forward_operands at{.src = d_dst, .weights = packed, .other = accumulate ? d_src : nullptr, .dst = d_src};
    if (shape.stride == 2) {
      shape.spread = true;
    } else {  // a convolution with the taps in reverse
      shape.pad_top = shape.kernel - 1 - shape.pad_top, shape.pad_left = shape.kernel - 1 - shape.pad_left;
      at.weights += (taps() - 1) * shape.tap_floats, shape.tap_floats = -shape.tap_floats;
    }
    run(shape, at);
  }

  /// Scratch memory of backward_weights. It must start at a multiple of 64 bytes.
  std::size_t scratch_bytes() const { return static_cast<std::size_t>(parts() * part_floats()) * sizeof(float); }
  /// Overwrites d_weights, and d_bias unless it is null.
  void backward_weights(const float* src, const float* d_dst, float* d_weights, float* d_bias, std::byte* scratch) const {
    float* const totals = reinterpret_cast<float*>(scratch);
    const std::ptrdiff_t lines = std::ptrdiff_t{batch_} * shape_.out.h;
    const int block = channel_block(shape_);
    parallel_pieces(threads_, parts(), [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t part = first; part < last; ++part) {
        float* const own = totals + part * part_floats();
        std::fill_n(own, part_floats(), 0.0f);
        const index_range own_lines{static_cast<int>(lines * part / parts()), static_cast<int>(lines * (part + 1) / parts())};
        for (int c = 0; c < shape_.in.c; c += block)
          depthwise_weights(level_, shape_, {src, d_dst}, own_lines, {c, std::min(shape_.in.c, c + block)}, own);
      }
    });
    for (std::ptrdiff_t part = 1; part < parts(); ++part)
      for (std::ptrdiff_t i = 0; i < part_floats(); ++i) totals[i] += totals[part * part_floats() + i];
    for (std::ptrdiff_t tap = 0; tap < taps(); ++tap)
      for (std::ptrdiff_t c = 0; c < shape_.in.c; ++c) d_weights[c * taps() + tap] = totals[tap * shape_.tap_floats + c];
    if (d_bias) std::copy_n(totals + taps() * shape_.tap_floats, shape_.in.c, d_bias);
  }

 private:
  std::ptrdiff_t taps() const { return std::ptrdiff_t{shape_.kernel} * shape_.kernel; }
  std::ptrdiff_t part_floats() const { return (taps() + 1) * shape_.tap_floats; }
  std::ptrdiff_t parts() const { return std::min<std::ptrdiff_t>(threads_, std::ptrdiff_t{batch_} * shape_.out.h); }

  /// As many channels as keep the source rows of a tile in the first cache.
  static int channel_block(const depthwise_shape& shape) {
    constexpr int cache_floats = 6144;
    const int columns = 7 * shape.stride + shape.kernel, fitting = cache_floats / (columns * shape.kernel) / 16 * 16;
    return std::max(fitting, 16);
  }

  void run(const depthwise_shape& shape, const depthwise_forward_operands& at) const {
    const int channels = shape.out.c;
    int block = std::min(channel_block(shape), channels);
    // Sums are made by one thread per channel, top to bottom, so that they do not depend on the number of threads.
    const int bands = at.sums || batch_ >= threads_ ? 1 : threads_;
    if (at.sums && batch_ < threads_) block = std::min(block, std::max(16, channels / threads_ / 16 * 16));
    const int blocks = (channels + block - 1) / block;
    parallel_pieces(threads_, std::ptrdiff_t{batch_} * bands * blocks, [&](std::ptrdiff_t first, std::ptrdiff_t last) {
      for (std::ptrdiff_t i = first; i < last; ++i) {
        const int first_channel = static_cast<int>(i % blocks) * block, band = static_cast<int>(i / blocks % bands);
        depthwise_forward(level_, shape, at,
                          {i / blocks / bands,
                           {shape.out.h * band / bands, shape.out.h * (band + 1) / bands},
                           {first_channel, std::min(channels, first_channel + block)}});
      }
    });
  }
  depthwise_shape shape_;
  activation act_;
  int batch_, threads_;
  simd_level level_;
};

}  // namespace hasse::detail
