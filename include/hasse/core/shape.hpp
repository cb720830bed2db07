// The shape of one feature map, and of a batch of them. Layout everywhere between blocks: N, H, W, C, dense.
// Used by every stage.
#pragma once

#include <cstdint>

namespace hasse {

/// One image or feature map: height, width, channels (the batch is a property of a run, not of a network).
struct feature_shape {
  int h = 0, w = 0, c = 0;
  constexpr std::int64_t size() const { return std::int64_t{h} * w * c; }
  constexpr std::int64_t pixels() const { return std::int64_t{h} * w; }
  friend constexpr bool operator==(const feature_shape&, const feature_shape&) = default;
};

/// Output side of a convolution or pooling window: floor((in + 2 pad - kernel) / stride) + 1; 0 when no window fits.
constexpr int window_output(int in, int kernel, int stride, int pad) {
  const int room = in + 2 * pad - kernel;
  return room < 0 ? 0 : room / stride + 1;
}

/// Output side of a SAME window (TensorFlow): ceil(in / stride), whatever the kernel.
constexpr int same_output(int in, int stride) { return (in + stride - 1) / stride; }

/// Padding before the input of a SAME window; an odd pixel of padding stands behind it.
constexpr int same_padding(int in, int kernel, int stride) {
  const int both = (same_output(in, stride) - 1) * stride + kernel - in;
  return both > 0 ? both / 2 : 0;
}

/// Side of the kernel of the transposed convolution that makes sides `factor` times as large and interpolates (Caffe's bilinear filler).
constexpr int upsampling_kernel(int factor) { return 2 * factor - factor % 2; }

/// Padding behind the input with which `out` windows fit, given that before it: the same where that gives `out`, else one more
/// (what SAME padding does at stride 2 on even sides), else as much as windows side by side need, the last of which stands over the
/// border. -1 when none does.
constexpr int end_padding(int in, int kernel, int stride, int pad, int out) {
  if (window_output(in, kernel, stride, pad) == out) return pad;
  const int room = in + 2 * pad + 1 - kernel;
  if (room >= 0 && room / stride + 1 == out) return pad + 1;
  return pad == 0 && kernel == stride && same_output(in, stride) == out ? out * stride - in : -1;
}

}  // namespace hasse
