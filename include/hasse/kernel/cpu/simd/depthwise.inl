// Depthwise convolution in NHWC, written with the vectors of simd/vector.inl; see kernel/cpu/depthwise.hpp.
// Neighbouring pixels of one slice of channels lie `channels` floats apart. A tile is some neighbouring pixels of one row: its sums
// stay in registers, every vector that is read serves all taps of a kernel row. Columns in the padding are left out by a bit mask.

namespace hasse::detail::HASSE_SIMD_NAMESPACE {

#if HASSE_SIMD_LANES == 16
/// Up to 16 channels. A masked load costs what a plain one does, so that full vectors need no code of their own.
struct wide_slice {
  using vector = vec;
  typedef int integers __attribute__((vector_size(HASSE_SIMD_LANES * 4)));
  explicit wide_slice(int count) : mask(static_cast<__mmask16>((1u << count) - 1u)) {}
  vector load(const float* from) const { return reinterpret_cast<vector>(_mm512_maskz_loadu_ps(mask, from)); }
  void store(float* to, vector value) const {
    if (mask == 0xffff) return HASSE_SIMD_NAMESPACE::store(to, value);
    _mm512_mask_storeu_ps(to, mask, reinterpret_cast<__m512>(value));
  }
  __mmask16 mask;
};
/// Up to 8 channels: two half-width operations take the time of one full one.
struct narrow_slice {
  typedef float vector __attribute__((vector_size(32)));
  typedef int integers __attribute__((vector_size(32)));
  explicit narrow_slice(int count) : mask(static_cast<__mmask8>((1u << count) - 1u)) {}
  vector load(const float* from) const { return reinterpret_cast<vector>(_mm256_maskz_loadu_ps(mask, from)); }
  void store(float* to, vector value) const { _mm256_mask_storeu_ps(to, mask, reinterpret_cast<__m256>(value)); }
  __mmask8 mask;
};
inline constexpr int narrow_lanes = 8;
#else
struct wide_slice {
  using vector = vec;
  typedef int integers __attribute__((vector_size(HASSE_SIMD_LANES * 4)));
  explicit wide_slice(int) {}
  vector load(const float* from) const { return HASSE_SIMD_NAMESPACE::load(from); }
  void store(float* to, vector value) const { HASSE_SIMD_NAMESPACE::store(to, value); }
};
struct narrow_slice {
  using vector = vec;
  typedef int integers __attribute__((vector_size(HASSE_SIMD_LANES * 4)));
  explicit narrow_slice(int channels) : count(channels) {}
  vector load(const float* from) const { return load_first(from, count); }
  void store(float* to, vector value) const { store_first(to, value, count); }
  int count;
};
inline constexpr int narrow_lanes = lanes - 1;
#endif

/// Calls `body(slice, channel)` for every slice of channels.
template <class Body>
inline void for_each_slice(index_range channels, Body&& body) {
  int channel = channels.first;
  for (; channels.last - channel >= lanes; channel += lanes) body(wide_slice(lanes), channel);
  const int rest = channels.last - channel;
  if (rest > narrow_lanes)
    body(wide_slice(rest), channel);
  else if (rest > 0)
    body(narrow_slice(rest), channel);
}

template <class Vector>
inline void pin_register([[maybe_unused]] Vector& value) {
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
#if HASSE_SIMD_LANES == 4
  asm("" : "+x"(value));
#else
  asm("" : "+v"(value));
#endif
#endif
}

/// Bits [first, last).
constexpr std::uint32_t bits(int first, int last) {
  return static_cast<std::uint32_t>((std::uint64_t{1} << last) - (std::uint64_t{1} << std::min(first, last)));
}

/// A value that the compiler may not take apart: g++ otherwise moves the test of every bit out of the loop, and onto the stack.
inline std::uint32_t opaque(std::uint32_t value) {
  asm("" : "+r"(value));
  return value;
}

/// Outputs of one tile: the sums and the taps of a kernel row fit in the registers, the columns in 32 bits.
template <int Kernel>
inline constexpr int forward_width = lanes == 16 || Kernel < 7 ? 8 : 6;

/// Adds one row of the input to the sums of one row of outputs.
template <int Kernel, int Stride, class Slice, int Width>
[[gnu::always_inline]] inline void add_row(const float* src, std::ptrdiff_t pixel, std::uint32_t columns, Slice slice,
                                           const typename Slice::vector (&taps)[Kernel], typename Slice::vector (&sums)[Width]) {
  columns = opaque(columns);
#pragma GCC unroll 32
  for (int column = 0; column < (Width - 1) * Stride + Kernel; ++column, src += pixel) {
    if (!(columns & (1u << column))) continue;
    typename Slice::vector value = slice.load(src);
    pin_register(value);
#pragma GCC unroll 32
    for (int kx = column % Stride; kx < Kernel; kx += Stride)
      if (column >= kx && (column - kx) / Stride < Width) sums[(column - kx) / Stride] += taps[kx] * value;
  }
}

template <class Slice, int Width>
[[gnu::always_inline]] inline void finish_row(const depthwise_forward_operands& at, std::ptrdiff_t dst, std::ptrdiff_t pixel,
                                              int outputs, Slice slice, typename Slice::vector (&sums)[Width],
                                              typename Slice::vector& total) {
  if (at.other) {
#pragma GCC unroll 32
    for (int i = 0; i < Width; ++i)
      if (i < outputs) sums[i] += slice.load(at.other + dst + i * pixel);
  }
  using vector = typename Slice::vector;
  if (at.act == activation::hard_swish) {
    const vector zero{}, six = zero + 6.0f;
#pragma GCC unroll 32
    for (int i = 0; i < Width; ++i) {
      const vector gate = sums[i] + 3.0f, above = gate > zero ? gate : zero;
      sums[i] *= (above < six ? above : six) * (1.0f / 6.0f);
    }
  } else if (at.act != activation::none) {
    // Compared as integers, floats of equal sign are in order and negative ones lie below zero. That keeps the limits off the
    // units that multiply and add, which are what these kernels wait for.
    using integers = typename Slice::integers;
    const integers zero{},
        limit = zero + (at.act == activation::relu6 ? std::bit_cast<int>(6.0f) : std::numeric_limits<int>::max());
#pragma GCC unroll 32
    for (int i = 0; i < Width; ++i) {
      const integers value = reinterpret_cast<integers>(sums[i]), above = value > zero ? value : zero;
      sums[i] = reinterpret_cast<vector>(above < limit ? above : limit);
    }
  }
  float* to = at.dst + dst;
#pragma GCC unroll 32
  for (int i = 0; i < Width; ++i, to += pixel)
    if (i < outputs) slice.store(to, sums[i]);
  if (at.sums) {
#pragma GCC unroll 32
    for (int i = 0; i < Width; ++i)
      if (i < outputs) total += sums[i];
  }
}

/// A column of tiles from top to bottom for one slice of channels.
template <int Kernel, int Stride, class Slice>
void forward_strip(const depthwise_shape& shape, const depthwise_forward_operands& at, const depthwise_piece& piece, int x,
                   Slice slice, int channel) {
  using vector = typename Slice::vector;
  constexpr int width = forward_width<Kernel>;
  constexpr bool keeps_taps = Kernel == 3 && lanes == 16;
  const std::ptrdiff_t pixel = shape.in.c, row = shape.in.w * pixel, tap_row = std::ptrdiff_t{Kernel} * shape.padded_channels;
  const int left = x * Stride - shape.pad_left, outputs = std::min(width, shape.out.w - x), reach = (outputs - 1) * Stride + Kernel;
  const std::uint32_t columns = bits(std::clamp(-left, 0, reach), std::clamp(shape.in.w - left, 0, reach));
  const float* const weights = at.weights + channel;
  vector taps[Kernel][Kernel];
  const auto load_taps = [&](int ky) [[gnu::always_inline]] {
#pragma GCC unroll 32
    for (int kx = 0; kx < Kernel; ++kx)
      taps[keeps_taps ? ky : 0][kx] = *reinterpret_cast<const vector*>(weights + ky * tap_row + kx * shape.padded_channels);
  };
  if constexpr (keeps_taps) load_taps(0), load_taps(1), load_taps(2);
  const vector start = at.bias ? slice.load(at.bias + channel) : vector{};
  vector total{};
  for (int y = piece.rows.first; y < piece.rows.last; ++y) {
    const int top = y * Stride - shape.pad_top;
    const float* src = at.src + ((piece.image * shape.in.h + top) * shape.in.w + left) * pixel + channel;
    vector sums[width];
#pragma GCC unroll 32
    for (int i = 0; i < width; ++i) sums[i] = start;
    if constexpr (keeps_taps) {
#pragma GCC unroll 32
      for (int ky = 0; ky < Kernel; ++ky, src += row)
        if (top + ky >= 0 && top + ky < shape.in.h) add_row<Kernel, Stride>(src, pixel, columns, slice, taps[ky], sums);
    } else {
      for (int ky = 0; ky < Kernel; ++ky, src += row)
        if (top + ky >= 0 && top + ky < shape.in.h) {
          load_taps(ky);
          add_row<Kernel, Stride>(src, pixel, columns, slice, taps[0], sums);
        }
    }
    finish_row(at, ((piece.image * shape.out.h + y) * shape.out.w + x) * pixel + channel, pixel, outputs, slice, sums, total);
  }
  if (at.sums) {
    float* const to = at.sums + piece.image * pixel + channel;
    slice.store(to, slice.load(to) + total);
  }
}

template <int Kernel, int Stride>
void forward_piece(const depthwise_shape& shape, const depthwise_forward_operands& at, const depthwise_piece& piece) {
  for (int x = 0; x < shape.out.w; x += forward_width<Kernel>)
    for_each_slice(piece.channels,
                   [&](auto slice, int channel) { forward_strip<Kernel, Stride>(shape, at, piece, x, slice, channel); });
}

inline void depthwise_forward(const depthwise_shape& shape, const depthwise_forward_operands& at, const depthwise_piece& piece) {
  const auto with_stride = [&](auto stride) {
    switch (shape.kernel) {
      case 3:
        return forward_piece<3, stride>(shape, at, piece);
      case 5:
        return forward_piece<5, stride>(shape, at, piece);
      default:
        return forward_piece<7, stride>(shape, at, piece);
    }
  };
  return shape.stride == 1 ? with_stride(std::integral_constant<int, 1>{}) : with_stride(std::integral_constant<int, 2>{});
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE
