// Matrix products of pixels (rows of channels) with packed weights: a tile of sums stays in the registers over all inputs.
// Compiled once per instruction set, see kernel/cpu/simd_level.hpp; used by kernel/cpu/{pointwise,inverted_bottleneck}.hpp.

namespace hasse::detail::HASSE_SIMD_NAMESPACE {

typedef float short_vec __attribute__((vector_size(HASSE_SIMD_LANES * 2)));
typedef float loose_short_vec __attribute__((vector_size(HASSE_SIMD_LANES * 2), aligned(4), may_alias));
typedef int short_int_vec __attribute__((vector_size(HASSE_SIMD_LANES * 2)));

/// Clips at 0 and the float whose bits `limit` is. Compared as integers, floats from 0 on are in order and negative ones below 0;
/// that takes other units than those that multiply and add. A NaN, of either sign, stays one.
template <class Integers, class Vector>
[[gnu::always_inline]] inline Vector clipped_as(Vector value, int limit) {
  const Integers zero{}, most = limit - zero, bits = reinterpret_cast<Integers>(value), above = bits > zero ? bits : zero;
  return value == value ? reinterpret_cast<Vector>(above < most ? above : most) : value;
}
[[gnu::always_inline]] inline vec clipped(vec value, int limit) { return clipped_as<int_vec>(value, limit); }
[[gnu::always_inline]] inline short_vec clipped(short_vec value, int limit) { return clipped_as<short_int_vec>(value, limit); }

/// Hides where a pointer or stride came from: the compiler then neither computes it anew from another, nor prepares all its
/// multiples before a loop, for which there are not enough registers.
template <class Value>
[[gnu::always_inline]] inline Value apart(Value value) {
  asm volatile("" : "+r"(value));
  return value;
}

/// `Rows` rows of one panel of `Vectors` vectors, and a half one. The sums fill only a part of the registers: the processor then
/// begins the next tile while it ends this one. One row takes turns among several sets of sums, because each multiply-add has to
/// wait for the one before it.
template <int Rows, int Vectors, bool Half>
[[gnu::always_inline]] inline void multiply_tile(const product_rows& at) {
  constexpr int sets = Rows == 1 ? 4 : Rows * Vectors < 4 ? 2 : 1, whole = Vectors * lanes, width = whole + (Half ? lanes / 2 : 0);
  vec sums[sets * Rows][Vectors];
  short_vec half_sums[sets * Rows];
#pragma GCC unroll 4
  for (int set = 0; set < sets; ++set)
#pragma GCC unroll 5
    for (int row = 0; row < Rows; ++row) {
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) sums[set * Rows + row][v] = set == 0 ? load(at.bias + v * lanes) : vec{};
      if constexpr (Half)
        half_sums[set * Rows + row] = set == 0 ? *reinterpret_cast<const loose_short_vec*>(at.bias + whole) : short_vec{};
    }
  if (at.other) {
    const float* other = at.other;
    const std::ptrdiff_t other_stride = apart(at.other_stride);
#pragma GCC unroll 5
    for (int row = 0; row < Rows; ++row, other += other_stride) {
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) sums[row][v] += load(other + v * lanes);
      if constexpr (Half) half_sums[row] += *reinterpret_cast<const loose_short_vec*>(other + whole);
    }
  }

  // The second half of the rows has a pointer of its own, or the offsets of all rows do not fit the registers.
  constexpr int upper = (Rows + 1) / 2;
  const std::ptrdiff_t stride = apart(at.src_stride);
  const float *src = at.src, *upper_src = apart(src + upper * stride), *weights = at.weights;
  const auto take = [&](int set) __attribute__((always_inline)) {
    vec factors[Vectors];
    [[maybe_unused]] short_vec half_factors;
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) {
      factors[v] = load(weights + v * lanes);
      pin(factors[v]);
    }
    if constexpr (Half) half_factors = *reinterpret_cast<const loose_short_vec*>(weights + whole);
#pragma GCC unroll 5
    for (int row = 0; row < Rows; ++row) {
      const float x = row < upper ? src[row * stride] : upper_src[(row - upper) * stride];
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) sums[set * Rows + row][v] += factors[v] * x;
      if constexpr (Half) {
#if defined(__clang__) && HASSE_SIMD_LANES == 16
        // Without the pin clang broadcasts x twice, the second time from a register.
        vec all = broadcast(x);
        short_vec part;
        asm("" : "+v"(all));
        __builtin_memcpy(&part, &all, sizeof part);
        half_sums[set * Rows + row] += half_factors * part;
#else
        half_sums[set * Rows + row] += half_factors * x;
#endif
      }
    }
    ++src, ++upper_src, weights += width;
  };
  int k = at.depth;
  for (; k >= sets; k -= sets) {
#pragma GCC unroll 4
    for (int set = 0; set < sets; ++set) take(set);
  }
  if constexpr (sets > 1) {
    for (; k > 0; --k) take(0);
#pragma GCC unroll 4
    for (int i = Rows; i < sets * Rows; ++i) {
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) sums[i % Rows][v] += sums[i][v];
      if constexpr (Half) half_sums[i % Rows] += half_sums[i];
    }
  }

  float* dst = at.dst;
  const std::ptrdiff_t dst_stride = apart(at.dst_stride);
  const auto change_sums = [&](auto change) __attribute__((always_inline)) {
#pragma GCC unroll 5
    for (int row = 0; row < Rows; ++row) {
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) sums[row][v] = change(sums[row][v]);
      if constexpr (Half) half_sums[row] = change(half_sums[row]);
    }
  };
  if (at.limit != no_limit)
    change_sums([limit = at.limit](auto x) __attribute__((always_inline)) { return clipped(x, limit); });
  else if (at.hard_swish)
    change_sums([six = limit_of(activation::relu6)](auto x)
                    __attribute__((always_inline)) { return x * clipped(x + 3.0f, six) * (1.0f / 6.0f); });
#pragma GCC unroll 5
  for (int row = 0; row < Rows; ++row, dst += dst_stride) {
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) store(dst + v * lanes, sums[row][v]);
    if constexpr (Half) *reinterpret_cast<loose_short_vec*>(dst + whole) = half_sums[row];
  }
}

/// `at` stays in memory, where it does not take registers from the tiles; it goes on to the rows behind them.
template <int Rows, int Vectors, bool Half>
void multiply_tiles(product_rows& at, std::ptrdiff_t tiles) {
  for (; tiles > 0; --tiles) {
    multiply_tile<Rows, Vectors, Half>(at);
    at.src += Rows * at.src_stride, at.dst += Rows * at.dst_stride;
    if (at.other) at.other += Rows * at.other_stride;
  }
}

template <int Vectors, bool Half>
void multiply_panel(product_rows at, std::ptrdiff_t rows) {
  const std::ptrdiff_t fives = 5 * (rows % 4) <= rows ? rows % 4 : 0, rest = rows - 5 * fives;
  const std::ptrdiff_t threes = 3 * (-rest & 3) <= rest ? -rest & 3 : 0, ones = (rest - 3 * threes) % 4;
  multiply_tiles<4, Vectors, Half>(at, (rest - 3 * threes) / 4);
  multiply_tiles<5, Vectors, Half>(at, fives);
  multiply_tiles<3, Vectors, Half>(at, threes);
  multiply_tiles<1, Vectors, Half>(at, ones);
}

inline void activate_rows(activation act, std::ptrdiff_t rows, int count, float* dst, std::ptrdiff_t stride) {
  for (; rows > 0; --rows, dst += stride) {
    int c = 0;
    for (; c + lanes <= count; c += lanes) store(dst + c, activated(act, load(dst + c)));
    if (c < count) store_first(dst + c, activated(act, load_first(dst + c, count - c)), count - c);
  }
}

/// One panel, whatever its width; a panel that is wider than the rows that it gives goes through a tile beside them.
inline void multiply(const product_rows& at, std::ptrdiff_t rows, int panel, int valid) {
  if (valid < panel) {
    constexpr int edge_rows = 56;
    alignas(64) float edge[edge_rows * largest_panel(level)];
    for (std::ptrdiff_t first = 0; first < rows; first += edge_rows) {
      const std::ptrdiff_t count = rows - first < edge_rows ? rows - first : edge_rows;
      product_rows inner = at;
      inner.src += first * at.src_stride, inner.dst = edge, inner.dst_stride = panel;
      if (at.other) {
        for (std::ptrdiff_t row = 0; row < count; ++row) {
          std::fill_n(edge + row * panel + valid, panel - valid, 0.0f);
          std::copy_n(at.other + (first + row) * at.other_stride, valid, edge + row * panel);
        }
        inner.other = edge, inner.other_stride = panel;
      }
      multiply(inner, count, panel, panel);
      for (std::ptrdiff_t row = 0; row < count; ++row)
        std::copy_n(edge + row * panel, valid, at.dst + (first + row) * at.dst_stride);
    }
    return;
  }
  if (panel == 2 * lanes) return multiply_panel<2, false>(at, rows);
  if (panel == lanes) return multiply_panel<1, false>(at, rows);
  if constexpr (largest_panel(level) > 2 * lanes)
    if (panel == 3 * lanes) return multiply_panel<3, false>(at, rows);
  if constexpr (lanes == 16) multiply_panel<1, true>(at, rows);
}

/// Channels [first, last), which begin and end with a panel, of `rows` rows. `at` stands at channel 0 of weights,
/// bias, other, dst.
inline void multiply_panels(product_rows at, std::ptrdiff_t rows, activation act, int width, int first, int last) {
  for (int c = first; c < last;) {
    const int panel = panel_width(width - c, level), valid = width - c < panel ? width - c : panel;
    product_rows here = at;
    here.weights += std::ptrdiff_t{c} * at.depth, here.bias += c, here.dst += c;
    if (at.other) here.other += c;
    here.limit = limit_of(act), here.hard_swish = act == activation::hard_swish;
    multiply(here, rows, panel, valid);
    if (!only_clips(act) && !here.hard_swish) activate_rows(act, rows, valid, here.dst, at.dst_stride);
    c += panel;
  }
}

/// `count` channels of each row, each times its factor, into dst without gaps.
inline void scale_rows(const float* src, std::ptrdiff_t stride, const float* factors, std::ptrdiff_t rows, int count, float* dst) {
  for (; rows > 0; --rows, src += stride, dst += count) {
    int c = 0;
    for (; c + lanes <= count; c += lanes) store(dst + c, load(src + c) * load(factors + c));
    for (; c < count; ++c) dst[c] = src[c] * factors[c];
  }
}

/// The packed panels of channels [first, last), every input's weights times its factor.
inline void scale_panels(const float* weights, const float* factors, int depth, int width, int first, int last, float* dst) {
  for (int c = first; c < last;) {
    const int panel = panel_width(width - c, level);
    for (int k = 0; k < depth; ++k, weights += panel, dst += panel)
      for (int i = 0; i < panel; i += lanes) {
        const int count = panel - i < lanes ? panel - i : lanes;
        store_first(dst + i, load_first(weights + i, count) * factors[k], count);
      }
    c += panel;
  }
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE
