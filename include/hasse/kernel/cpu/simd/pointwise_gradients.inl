// Sums of products of two tensors' channels over pixels: what the gradient of 1x1 weights is.
// Compiled once per instruction set, see kernel/cpu/simd_level.hpp; used by kernel/cpu/pointwise_gradients.hpp.

namespace hasse::detail::HASSE_SIMD_NAMESPACE {

/// Channels of the narrow tensor in a tile of sums, of which each takes as many registers as there are vectors of the wide one.
inline constexpr int gradient_rows = registers == 32 ? 8 : 4;
inline constexpr int gradient_vectors = 3;

/// Adds to `sums`. `tail`: channels of the last vector, when it is not whole. `ahead`: fetches the pixels of the next block from
/// memory, which the processor does not do by itself for some channels of each pixel.
template <int Rows, int Vectors, bool Tail>
void add_products(const channel_products& at, std::ptrdiff_t pixels, const float* wide, const float* narrow, int tail, bool ahead,
                  float* sums) {
  const std::ptrdiff_t next = ahead ? pixels * at.wide_channels : 0;
  vec tile[Rows][Vectors];
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) tile[row][v] = load(sums + row * at.sum_stride + v * lanes);
  for (std::ptrdiff_t pixel = 0; pixel < pixels; ++pixel, wide += at.wide_channels, narrow += at.narrow_channels) {
    vec factors[Vectors];
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) {
      factors[v] = Tail && v == Vectors - 1 ? load_first(wide + v * lanes, tail) : load(wide + v * lanes);
      pin(factors[v]);
      __builtin_prefetch(wide + next + v * lanes, 0, 2);
    }
#pragma GCC unroll 8
    for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 3
      for (int v = 0; v < Vectors; ++v) tile[row][v] += factors[v] * narrow[row];
  }
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 3
    for (int v = 0; v < Vectors; ++v) store(sums + row * at.sum_stride + v * lanes, tile[row][v]);
}

template <int Vectors, bool Tail>
void add_columns(const channel_products& at, std::ptrdiff_t pixels, int first, int tail) {
  int row = 0;
  for (; row + gradient_rows <= at.narrow_channels; row += gradient_rows)
    add_products<gradient_rows, Vectors, Tail>(at, pixels, at.wide + first, at.narrow + row, tail, row == 0,
                                               at.sums + row * at.sum_stride + first);
  for (; row < at.narrow_channels; ++row)
    add_products<1, Vectors, Tail>(at, pixels, at.wide + first, at.narrow + row, tail, row == 0,
                                   at.sums + row * at.sum_stride + first);
}

inline void add_channel_products(const channel_products& at, std::ptrdiff_t pixels) {
  const int whole = at.wide_channels / lanes * lanes;
  int c = 0;
  for (; c + gradient_vectors * lanes <= whole; c += gradient_vectors * lanes)
    add_columns<gradient_vectors, false>(at, pixels, c, lanes);
  if (c + 2 * lanes <= whole) {
    add_columns<2, false>(at, pixels, c, lanes);
    c += 2 * lanes;
  }
  if (c + lanes <= whole) {
    add_columns<1, false>(at, pixels, c, lanes);
    c += lanes;
  }
  if (c < at.wide_channels) add_columns<1, true>(at, pixels, c, at.wide_channels - c);
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE
