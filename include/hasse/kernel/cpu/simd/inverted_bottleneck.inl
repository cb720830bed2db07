// One row of depthwise outputs from rows of a buffer that has its padding around it and a block of channels per pixel.
// Compiled once per instruction set, see kernel/cpu/simd_level.hpp; used by kernel/cpu/inverted_bottleneck.hpp.

namespace hasse::detail::HASSE_SIMD_NAMESPACE {

/// `Tile` neighbouring outputs of one vector of channels, the sums in registers; every input is loaded once per row of taps.
template <int Kernel, int Stride, int Tile>
[[gnu::always_inline]] inline void window_tile(const window_row& at, int x, int channel) {
  vec sums[Tile];
#pragma GCC unroll 7
  for (int i = 0; i < Tile; ++i) sums[i] = load(at.bias + channel);
  const std::ptrdiff_t pixel = at.channels;
  for (int row = at.first; row < at.last; ++row) {
    const float* src = at.rows[row] + x * Stride * pixel + channel;
    const float* const taps = at.weights + row * Kernel * pixel + channel;
    vec tap[Kernel];
#pragma GCC unroll 7
    for (int column = 0; column < Kernel; ++column) {
      tap[column] = load(taps + column * pixel);
      pin(tap[column]);
    }
#pragma GCC unroll 19
    for (int column = 0; column < (Tile - 1) * Stride + Kernel; ++column, src += pixel) {
      vec value = load(src);
      pin(value);
#pragma GCC unroll 7
      for (int i = 0; i < Tile; ++i)
        if (column >= i * Stride && column < i * Stride + Kernel) sums[i] += value * tap[column - i * Stride];
    }
  }
  if (at.limit != no_limit) {
#pragma GCC unroll 7
    for (int i = 0; i < Tile; ++i) sums[i] = clipped(sums[i], at.limit);
  }
  float* dst = at.dst + x * at.dst_stride + channel;
#pragma GCC unroll 7
  for (int i = 0; i < Tile; ++i, dst += at.dst_stride) store(dst, sums[i]);
}

template <int Kernel, int Stride, int Tile>
void window_tiles(const window_row& at) {
  for (int channel = 0; channel < at.channels; channel += lanes)
    for (int x = 0; x < at.width; x += Tile)  // the last tile may compute outputs of the one before again
      window_tile<Kernel, Stride, Tile>(at, at.width - x < Tile ? at.width - Tile : x, channel);
}

template <int Kernel, int Stride>
void windows(const window_row& at) {
  // Four outputs load more often than seven, which is worth it where seven would compute a fourth of them twice.
  if (at.width >= 7 && (at.width + 6) / 7 * 70 <= (at.width + 3) / 4 * 44)
    window_tiles<Kernel, Stride, 7>(at);
  else if (at.width >= 4)
    window_tiles<Kernel, Stride, 4>(at);
  else
    window_tiles<Kernel, Stride, 1>(at);
}

inline void window(const window_row& at, int kernel, int stride) {
  if (kernel == 3) return stride == 1 ? windows<3, 1>(at) : windows<3, 2>(at);
  if (kernel == 5) return stride == 1 ? windows<5, 1>(at) : windows<5, 2>(at);
  stride == 1 ? windows<7, 1>(at) : windows<7, 2>(at);
}

/// Applies an activation that does more than clip, and adds the pixels' channels to `sums` unless that is null.
inline void finish_row(activation act, float* row, std::ptrdiff_t stride, int pixels, int channels, float* sums) {
  if (!only_clips(act)) activate_rows(act, pixels, channels, row, stride);
  if (!sums) return;
  for (int channel = 0; channel < channels; channel += lanes) {
    vec sum{};
    for (int x = 0; x < pixels; ++x) sum += load(row + x * stride + channel);
    store(sums + channel, load(sums + channel) + sum);
  }
}

/// The first `count` channels of each pixel, and zeros up to `channels`.
inline void copy_pixels(const float* src, std::ptrdiff_t stride, int pixels, int count, int channels, float* dst) {
  for (int x = 0; x < pixels; ++x, src += stride, dst += channels)
    for (int channel = 0; channel < channels; channel += lanes)
      store(dst + channel,
            count - channel >= lanes ? load(src + channel) : load_first(src + channel, count > channel ? count - channel : 0));
}

/// dst = act(one + other), which may be the same memory.
inline void add_part(std::ptrdiff_t first, std::ptrdiff_t last, activation act, const float* one, const float* other, float* dst) {
  std::ptrdiff_t i = first;
  for (; i + lanes <= last; i += lanes) store(dst + i, activated(act, load(one + i) + load(other + i)));
  if (i < last) {
    const int rest = static_cast<int>(last - i);
    store_first(dst + i, activated(act, load_first(one + i, rest) + load_first(other + i, rest)), rest);
  }
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE
