// Depthwise convolution in NHWC, written with the vectors of simd/vector.inl; see kernel/cpu/depthwise.hpp.
// Neighbouring pixels of one slice of channels lie `channels` floats apart. A tile is some neighbouring pixels of one row: its sums
// stay in registers, and a vector that is read serves all taps of a kernel row. Columns in the padding are left out by a bit mask.

namespace hasse::detail::HASSE_SIMD_NAMESPACE {

/// As many channels as a vector has.
struct full_slice {
  explicit full_slice(int) {}
  static vec load(const float* from) { return HASSE_SIMD_NAMESPACE::load(from); }
  static void store(float* to, vec value) { HASSE_SIMD_NAMESPACE::store(to, value); }
};

/// As many or fewer.
struct partial_slice {
#if HASSE_SIMD_LANES == 16
  explicit partial_slice(int count) : mask(static_cast<__mmask16>((1u << count) - 1u)) {}
  vec load(const float* from) const { return reinterpret_cast<vec>(_mm512_maskz_loadu_ps(mask, from)); }
  void store(float* to, vec value) const { _mm512_mask_storeu_ps(to, mask, reinterpret_cast<__m512>(value)); }
  __mmask16 mask;
#else
  explicit partial_slice(int channels) : count(channels) {}
  vec load(const float* from) const { return load_first(from, count); }
  void store(float* to, vec value) const { store_first(to, value, count); }
  int count;
#endif
};

/// Slices whose number of channels is known to the compiler where that is all of them, and where masks cost something.
using tile_slice = std::conditional_t<lanes == 16, partial_slice, full_slice>;

/// Bits [first, last) of `count`, both brought between 0 and `count`.
constexpr std::uint32_t bits(int first, int last, int count) {
  const int end = std::clamp(last, 0, count), start = std::clamp(first, 0, end);
  return static_cast<std::uint32_t>((std::uint64_t{1} << end) - (std::uint64_t{1} << start));
}

/// A value that the compiler may not take apart: g++ otherwise moves the test of every bit out of the loop, and onto the stack.
inline std::uint32_t opaque(std::uint32_t value) {
  asm volatile("" : "+r"(value));
  return value;
}

/// How the outputs of a tile meet columns of the source. Forward: output i reads column i * stride + kx. The gradient of a source
/// with stride 2 runs the other way, from columns of the result: it is `Spread`, and begins at an even place of the padded row.
template <int Kernel, int Stride, bool Spread, int Width>
struct tile_map {
  static constexpr int width = Width;
  static constexpr int reach = Spread ? (Width - 1) / Stride + Kernel / Stride + 1 : (Width - 1) * Stride + Kernel;
  static constexpr int output(int column, int kx) {
    if (Spread) return column * Stride - (Kernel - 1) + kx;
    return (column - kx) % Stride == 0 ? (column - kx) / Stride : -1;
  }
  static constexpr bool meets(int column, int kx) {
    return (Spread || column >= kx) && output(column, kx) >= 0 && output(column, kx) < Width;
  }
  /// Columns that lie in the image for every tile that is called whole; the others are tested one by one.
  static constexpr bool is_inner(int column) { return column >= Kernel / 2 && column < reach - Kernel / 2; }
  static constexpr std::uint32_t inner = bits(Kernel / 2, reach - Kernel / 2, reach);
};

/// Where a tile lies: bit i of `columns` and `outputs` says that column i and output i exist.
struct tile_place {
  int x, left;  ///< first output and first column
  std::uint32_t columns, outputs;
};

/// Adds one row of the source to the sums of one row of outputs. In a whole tile only the columns at both ends are tested, because
/// testing all of them costs a third of the time.
template <class Map, bool Whole, int Kernel, class Slice>
[[gnu::always_inline]] inline void add_row(const float* src, std::ptrdiff_t pixel, std::uint32_t columns, Slice slice,
                                           const vec (&taps)[Kernel], vec (&sums)[Map::width]) {
  columns = opaque(columns);
#pragma GCC unroll 32
  for (int column = 0; column < Map::reach; ++column, src += pixel) {
    if (!(Whole && Map::is_inner(column)) && !(columns & (1u << column))) [[unlikely]]
      continue;
    vec value = slice.load(src);
    pin(value);
#pragma GCC unroll 8
    for (int kx = 0; kx < Kernel; ++kx)
      if (Map::meets(column, kx)) sums[Map::output(column, kx)] += taps[kx] * value;
  }
}

/// The residual, the limits and the store of one row of outputs.
template <class Slice, int Width, bool Whole>
[[gnu::always_inline]] inline void finish_row(const depthwise_forward_operands& at, std::ptrdiff_t dst, std::ptrdiff_t pixel,
                                              std::uint32_t outputs, Slice slice, vec (&sums)[Width]) {
  if (at.other) {
    const float* from = at.other + dst;
#pragma GCC unroll 8
    for (int i = 0; i < Width; ++i, from += pixel)
      if (Whole || (outputs & (1u << i))) sums[i] += slice.load(from);
  }
  // Compared as int_vec, floats of equal sign are in order and negative ones lie below zero. That keeps the limits off the
  // units that multiply and add, which are what these kernels wait for. A NaN, of either sign, stays one.
  const int_vec low = int_vec{} + at.low, high = int_vec{} + at.high;
  float* to = at.dst + dst;
#pragma GCC unroll 8
  for (int i = 0; i < Width; ++i, to += pixel) {
    const int_vec value = reinterpret_cast<int_vec>(sums[i]), above = value > low ? value : low;
    const vec limited = reinterpret_cast<vec>(above < high ? above : high);
    if (Whole || (outputs & (1u << i))) slice.store(to, sums[i] == sums[i] ? limited : sums[i]);
  }
}

/// The row of the source that meets output row y through kernel row ky, or -1.
template <int Stride, bool Spread>
inline int source_row(const depthwise_shape& shape, int y, int ky) {
  const int row = Spread ? y + shape.pad_top - ky : y * Stride - shape.pad_top + ky;
  if (!Spread) return row < shape.in.h ? row : -1;
  return row % Stride == 0 && row < shape.in.h * Stride ? row / Stride : -1;
}

/// A column of tiles from top to bottom for one slice of channels: the first cache still has the rows that the next tile shares.
template <int Kernel, int Stride, bool Spread, int Width, bool Whole, class Slice>
void forward_strip(const depthwise_shape& shape, const depthwise_forward_operands& at, const depthwise_piece& piece,
                   const tile_place& place, Slice slice, int channel) {
  using map = tile_map<Kernel, Stride, Spread, Width>;
  constexpr bool keeps_taps = Kernel == 3 && registers == 32;
  const std::ptrdiff_t pixel = shape.in.c, row = shape.in.w * pixel, tap = shape.tap_floats;
  const float* const image = at.src + (piece.image * shape.in.h * shape.in.w + place.left) * pixel + channel;
  const float* const weights = at.weights + channel;
  vec taps[keeps_taps ? Kernel : 1][Kernel];
  const auto load_taps = [&](const float* from, vec(&into)[Kernel]) __attribute__((always_inline)) {
#pragma GCC unroll 8
    for (int kx = 0; kx < Kernel; ++kx, from += tap) into[kx] = *reinterpret_cast<const vec*>(from);
  };
  if constexpr (keeps_taps) {
#pragma GCC unroll 8
    for (int ky = 0; ky < Kernel; ++ky) load_taps(weights + ky * Kernel * tap, taps[ky]);
  }
  const vec start = at.bias ? slice.load(at.bias + channel) : vec{};
  for (int y = piece.rows.first; y < piece.rows.last; ++y) {
    vec sums[Width];
#pragma GCC unroll 8
    for (int i = 0; i < Width; ++i) sums[i] = start;
    const auto add = [&](int ky, vec(&with)[Kernel]) __attribute__((always_inline)) {
      const int from = source_row<Stride, Spread>(shape, y, ky);
      if (from < 0) return;
      if (!keeps_taps) load_taps(weights + ky * Kernel * tap, with);
      add_row<map, Whole>(image + from * row, pixel, place.columns, slice, with, sums);
    };
    if constexpr (keeps_taps) {
#pragma GCC unroll 8
      for (int ky = 0; ky < Kernel; ++ky) add(ky, taps[ky]);
    } else {
      for (int ky = 0; ky < Kernel; ++ky) add(ky, taps[0]);
    }
    const std::ptrdiff_t dst = ((piece.image * shape.out.h + y) * shape.out.w + place.x) * pixel + channel;
    finish_row<Slice, Width, Whole>(at, dst, pixel, place.outputs, slice, sums);
  }
}

/// The same for any window and without tiles: where a vector is not filled, or nothing else is compiled.
inline void forward_slice(const depthwise_shape& shape, const depthwise_forward_operands& at, const depthwise_piece& piece,
                          int channel, int count) {
  const int kernel = shape.kernel, stride = shape.stride, step = shape.spread ? 1 : stride, divisor = shape.spread ? stride : 1;
  const int sign = shape.spread ? -1 : 1;
  const std::ptrdiff_t pixel = shape.in.c;
  const int_vec low = int_vec{} + at.low, high = int_vec{} + at.high;
  for (int y = piece.rows.first; y < piece.rows.last; ++y)
    for (int x = 0; x < shape.out.w; ++x) {
      vec sum = at.bias ? load_first(at.bias + channel, count) : vec{};
      const int top = y * step - sign * shape.pad_top, left = x * step - sign * shape.pad_left;
      for (int ky = 0; ky < kernel; ++ky) {
        const int row = top + sign * ky;
        if (row < 0 || row % divisor != 0 || row / divisor >= shape.in.h) continue;
        for (int kx = 0; kx < kernel; ++kx) {
          const int column = left + sign * kx;
          if (column < 0 || column % divisor != 0 || column / divisor >= shape.in.w) continue;
          const std::ptrdiff_t from = (piece.image * shape.in.h + row / divisor) * shape.in.w + column / divisor;
          sum += load_first(at.src + from * pixel + channel, count) *
                 load(at.weights + (ky * kernel + kx) * shape.tap_floats + channel);
        }
      }
      const std::ptrdiff_t to = ((piece.image * shape.out.h + y) * shape.out.w + x) * pixel + channel;
      if (at.other) sum += load_first(at.other + to, count);
      const int_vec value = reinterpret_cast<int_vec>(sum), above = value > low ? value : low;
      const vec limited = reinterpret_cast<vec>(above < high ? above : high);
      store_first(at.dst + to, sum == sum ? limited : sum, count);
    }
}

/// What the registers leave to do while a result is in the first cache: activations that are not limits, and the sums.
inline void finish_slice(const depthwise_shape& shape, const depthwise_forward_operands& at, const depthwise_piece& piece,
                         int channel, int count) {
  float* const sums = at.sums ? at.sums + piece.image * shape.out.c + channel : nullptr;
  vec total = sums ? load_first(sums, count) : vec{};
  const std::ptrdiff_t pixel = shape.out.c, row = shape.out.w * pixel, image = piece.image * shape.out.h * row + channel;
  for (std::ptrdiff_t i = image + piece.rows.first * row; i < image + piece.rows.last * row; i += pixel) {
    vec value = load_first(at.dst + i, count);
    if (at.act_after != activation::none) store_first(at.dst + i, value = activated(at.act_after, value), count);
    total += value;
  }
  if (sums) store_first(sums, total, count);
}

/// Calls `strip(width, whole, place, slice)` for every column of tiles. Whole tiles have eight, seven or four outputs, because the
/// sides of images are multiples of one of them; they are compiled for vectors with masks, which need registers for nothing else.
template <int Kernel, int Stride, bool Spread, class Strip>
void for_each_strip(const depthwise_shape& shape, int count, Strip&& strip) {
  constexpr int most = registers == 16 && Kernel == 7 ? 6 : 8;
  const auto with_width = [&](auto width) {
    using map = tile_map<Kernel, Stride, Spread, width>;
    for (int x = Spread ? -(shape.pad_left % 2) : 0; x < shape.out.w; x += width) {
      const int left = Spread ? (x + shape.pad_left) / Stride - Kernel / Stride : x * Stride - shape.pad_left;
      tile_place place{x, left, bits(-left, shape.in.w - left, map::reach), bits(-x, shape.out.w - x, width)};
      if constexpr (lanes == 16)
        if (count == lanes && (place.columns & map::inner) == map::inner && place.outputs == bits(0, width, width)) {
          strip(width, std::true_type{}, place, full_slice(count));
          continue;
        }
      place.columns = bits(-left, shape.in.w - left, tile_map<Kernel, Stride, Spread, most>::reach);
      strip(std::integral_constant<int, most>{}, std::false_type{}, place, tile_slice(count));
    }
  };
  if constexpr (lanes == 16 && !Spread) {
    if (shape.out.w % 7 == 0) return with_width(std::integral_constant<int, 7>{});
    if constexpr (Kernel == 3)
      if (shape.out.w == 4) return with_width(std::integral_constant<int, 4>{});
  }
  with_width(std::integral_constant<int, most>{});
}

/// Calls `body` with the kernel and the stride as constants.
template <class Body>
inline void with_window(const depthwise_shape& shape, Body&& body) {
  const auto with_stride = [&](auto kernel) {
    if (shape.stride == 1) return body(kernel, std::integral_constant<int, 1>{});
    body(kernel, std::integral_constant<int, 2>{});
  };
  if (shape.kernel == 3) return with_stride(std::integral_constant<int, 3>{});
  if (shape.kernel == 5) return with_stride(std::integral_constant<int, 5>{});
  with_stride(std::integral_constant<int, 7>{});
}

inline void depthwise_forward(const depthwise_shape& shape, const depthwise_forward_operands& at, const depthwise_piece& whole) {
  // Few rows at a time when there is a second pass over the result.
  const bool finishes = at.sums || at.act_after != activation::none;
  const int rows = finishes ? std::max(1, 256 / shape.out.w) : whole.rows.size();
  depthwise_piece piece = whole;
  for (piece.rows.last = whole.rows.first; piece.rows.last < whole.rows.last;) {
    piece.rows = {piece.rows.last, std::min(piece.rows.last + rows, whole.rows.last)};
    for (int channel = piece.channels.first; channel < piece.channels.last; channel += lanes) {
      const int count = std::min(lanes, piece.channels.last - channel);
      if (level == simd_level::plain || (level != simd_level::avx512 && count < lanes)) {
        forward_slice(shape, at, piece, channel, count);
      } else if constexpr (level != simd_level::plain) {
        with_window(shape, [&](auto kernel, auto stride) {
          const auto tiles = [&](auto spread) {
            for_each_strip<kernel, stride, spread>(
                shape, count, [&](auto width, auto is_whole, const tile_place& place, auto slice) {
                  forward_strip<kernel, stride, spread, width, is_whole>(shape, at, piece, place, slice, channel);
                });
          };
          if constexpr (stride == 2)
            if (shape.spread) return tiles(std::true_type{});
          tiles(std::false_type{});
        });
      }
      if (finishes) finish_slice(shape, at, piece, channel, count);
    }
  }
}

/// Adds the products of some rows, counted through all images, to the gradients of the taps and of the bias behind them.
template <int Kernel, int Stride, int Width, bool Whole, class Slice>
void weights_strip(const depthwise_shape& shape, const depthwise_weights_operands& at, index_range rows, const tile_place& place,
                   float* totals, Slice slice, int channel) {
  using map = tile_map<Kernel, Stride, false, Width>;
  constexpr bool keeps_sums = Kernel == 3 && registers == 32;
  const std::ptrdiff_t pixel = shape.in.c;
  vec sums[Kernel][Kernel] = {}, bias{};
  for (int line = rows.first; line < rows.last; ++line) {
    const int image = line / shape.out.h, top = line % shape.out.h * Stride - shape.pad_top;
    const float* const src = at.src + ((std::ptrdiff_t{image} * shape.in.h + top) * shape.in.w + place.left) * pixel + channel;
    const float* d_dst = at.d_dst + (std::ptrdiff_t{line} * shape.out.w + place.x) * pixel + channel;
    vec gradient[Width];
#pragma GCC unroll 8
    for (int i = 0; i < Width; ++i, d_dst += pixel) {
      gradient[i] = Whole || (place.outputs & (1u << i)) ? slice.load(d_dst) : vec{};
      bias += gradient[i];
    }
    const auto add = [&](int ky, vec(&row)[Kernel]) __attribute__((always_inline)) {
      if (top + ky < 0 || top + ky >= shape.in.h) return;
      const std::uint32_t columns = opaque(place.columns);
      const float* from = src + ky * shape.in.w * pixel;
#pragma GCC unroll 32
      for (int column = 0; column < map::reach; ++column, from += pixel) {
        if (!(Whole && map::is_inner(column)) && !(columns & (1u << column))) [[unlikely]]
          continue;
        vec value = slice.load(from);
        pin(value);
#pragma GCC unroll 8
        for (int kx = 0; kx < Kernel; ++kx)
          if (map::meets(column, kx)) row[kx] += value * gradient[map::output(column, kx)];
      }
    };
    if constexpr (keeps_sums) {
#pragma GCC unroll 8
      for (int ky = 0; ky < Kernel; ++ky) add(ky, sums[ky]);
    } else {
      for (int ky = 0; ky < Kernel; ++ky) {
        vec row[Kernel];
#pragma GCC unroll 8
        for (int kx = 0; kx < Kernel; ++kx) row[kx] = sums[ky][kx];
        add(ky, row);
#pragma GCC unroll 8
        for (int kx = 0; kx < Kernel; ++kx) sums[ky][kx] = row[kx];
      }
    }
  }
  float* to = totals + channel;
#pragma GCC unroll 8
  for (int ky = 0; ky < Kernel; ++ky)
#pragma GCC unroll 8
    for (int kx = 0; kx < Kernel; ++kx, to += shape.tap_floats) *reinterpret_cast<vec*>(to) += sums[ky][kx];
  *reinterpret_cast<vec*>(to) += bias;
}

/// The same for any window and without tiles.
inline void weights_slice(const depthwise_shape& shape, const depthwise_weights_operands& at, index_range lines, float* totals,
                          int channel, int count) {
  const int kernel = shape.kernel;
  const std::ptrdiff_t pixel = shape.in.c;
  for (int line = lines.first; line < lines.last; ++line)
    for (int x = 0; x < shape.out.w; ++x) {
      const vec gradient = load_first(at.d_dst + (std::ptrdiff_t{line} * shape.out.w + x) * pixel + channel, count);
      for (int ky = 0; ky < kernel; ++ky)
        for (int kx = 0; kx < kernel; ++kx) {
          const int row = line % shape.out.h * shape.stride - shape.pad_top + ky, column = x * shape.stride - shape.pad_left + kx;
          if (row < 0 || row >= shape.in.h || column < 0 || column >= shape.in.w) continue;
          const std::ptrdiff_t from = (std::ptrdiff_t{line / shape.out.h} * shape.in.h + row) * shape.in.w + column;
          float* const to = totals + (ky * kernel + kx) * shape.tap_floats + channel;
          store_first(to, load_first(to, count) + load_first(at.src + from * pixel + channel, count) * gradient, count);
        }
      float* const to = totals + kernel * kernel * shape.tap_floats + channel;
      store_first(to, load_first(to, count) + gradient, count);
    }
}

/// `totals` are taps and bias as weights are packed, and were cleared.
inline void depthwise_weights(const depthwise_shape& shape, const depthwise_weights_operands& at, index_range lines,
                              index_range channels, float* totals) {
  // Short runs of rows: no sum grows long before it is added to the totals.
  for (int line = lines.first; line < lines.last; line += 32) {
    const index_range run{line, std::min(line + 32, lines.last)};
    for (int channel = channels.first; channel < channels.last; channel += lanes) {
      const int count = std::min(lanes, channels.last - channel);
      if (level == simd_level::plain || (level != simd_level::avx512 && count < lanes)) {
        weights_slice(shape, at, run, totals, channel, count);
      } else if constexpr (level != simd_level::plain) {
        with_window(shape, [&](auto kernel, auto stride) {
          for_each_strip<kernel, stride, false>(shape, count, [&](auto width, auto is_whole, const tile_place& place, auto slice) {
            // Larger kernels wait for their sums, not for the tests of a tile that may not be whole.
            if constexpr (kernel == 3 || !is_whole)
              weights_strip<kernel, stride, width, is_whole>(shape, at, run, place, totals, slice, channel);
            else
              weights_strip<kernel, stride, 8, false>(shape, at, run, place, totals, tile_slice(count), channel);
          });
        });
      }
    }
  }
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE
