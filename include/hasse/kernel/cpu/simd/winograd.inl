// Winograd's minimal filtering for 3x3 windows, for one instruction set: transforms in vectors of channels, and the small matrix
// products between them. Compiled by kernel/cpu/winograd.hpp, which explains the plan; matrices after Lavin and Gray 2015.

namespace hasse::detail::HASSE_SIMD_NAMESPACE::winograd {

/// Vectors at regular distances in memory, and vectors at hand: what a transform of one dimension reads.
struct lined_up {
  const float* at;
  std::ptrdiff_t step;
  [[gnu::always_inline]] vec operator()(int i) const { return load(at + i * step); }
};
struct at_hand {
  const vec* at;
  int step;
  [[gnu::always_inline]] vec operator()(int i) const { return at[i * step]; }
};

/// Rows 2 Pair - 1 and 2 Pair of the input transform, which share most of their sums; of pair 0, the first row and the last.
template <int Tile, int Pair, class Source>
[[gnu::always_inline]] inline void input_pair(Source d, vec& one, vec& other) {
  if constexpr (Pair == 0) {
    if constexpr (Tile == 2) one = d(0) - d(2), other = d(3) - d(1);
    if constexpr (Tile == 4) one = 4.0f * d(0) + (d(4) - 5.0f * d(2)), other = 4.0f * d(1) + (d(5) - 5.0f * d(3));
    if constexpr (Tile == 6) one = 5.25f * (d(4) - d(2)) + (d(0) - d(6)), other = 5.25f * (d(3) - d(5)) + (d(7) - d(1));
  } else {
    vec even, odd;
    if constexpr (Tile == 2) even = d(2), odd = d(1);
    if constexpr (Tile == 4 && Pair == 1) even = d(4) - 4.0f * d(2), odd = d(3) - 4.0f * d(1);
    if constexpr (Tile == 4 && Pair == 2) even = d(4) - d(2), odd = 2.0f * (d(3) - d(1));
    if constexpr (Tile == 6 && Pair == 1) even = d(2) + d(6) - 4.25f * d(4), odd = d(1) + d(5) - 4.25f * d(3);
    if constexpr (Tile == 6 && Pair == 2) even = 0.25f * d(2) + d(6) - 1.25f * d(4), odd = 0.5f * d(1) + 2.0f * d(5) - 2.5f * d(3);
    if constexpr (Tile == 6 && Pair == 3) even = 4.0f * d(2) + d(6) - 5.0f * d(4), odd = 2.0f * d(1) + 0.5f * d(5) - 2.5f * d(3);
    one = even + odd, other = even - odd;
  }
}

/// All points of one line.
template <int Tile, int Pair = 0, class Source>
[[gnu::always_inline]] inline void input_line(Source d, float* to, std::ptrdiff_t step) {
  vec one, other;
  input_pair<Tile, Pair>(d, one, other);
  store(to + (Pair == 0 ? 0 : 2 * Pair - 1) * step, one);
  store(to + (Pair == 0 ? Tile + 1 : 2 * Pair) * step, other);
  if constexpr (2 * Pair < Tile) input_line<Tile, Pair + 1>(d, to, step);
}

/// Columns first, then rows. The loops are kept: the half-transformed tile waits in the first cache, and the code stays short.
template <int Tile>
[[gnu::noinline]] void transform_input_tile(const float* from, std::ptrdiff_t row, std::ptrdiff_t column, float* to,
                                            std::ptrdiff_t step) {
  constexpr int side = Tile + 2;
  alignas(64) float half[side][side][lanes];
#pragma GCC unroll(lanes == 16 ? 8 : 1)
  for (int x = 0; x < side; ++x) input_line<Tile>(lined_up{from + x * column, row}, half[0][x], side * lanes);
#pragma GCC unroll(lanes == 16 ? 8 : 1)
  for (int y = 0; y < side; ++y) input_line<Tile>(lined_up{half[y][0], lanes}, to + y * side * step, step);
}

/// Sums with the powers of the points: `Count` results of a product with Side points (0, 1, -1, 2, -2, 1/2, -1/2, infinity).
template <int Side, int Count, class Source>
[[gnu::always_inline]] inline void output_line(Source m, vec* y) {
  const vec sum1 = m(1) + m(2), difference1 = m(1) - m(2);
  if constexpr (Side == 4) {
    y[0] = m(0) + sum1;
    y[1] = difference1 + m(3);
  }
  if constexpr (Side == 6) {
    const vec sum2 = m(3) + m(4), difference2 = m(3) - m(4);
    y[0] = m(0) + sum1 + sum2;
    y[1] = difference1 + 2.0f * difference2;
    y[2] = sum1 + 4.0f * sum2;
    if constexpr (Count == 3) y[2] += m(5);
    if constexpr (Count == 4) y[3] = difference1 + 8.0f * difference2 + m(5);
  }
  if constexpr (Side == 8) {
    const vec sum2 = m(3) + m(4), difference2 = m(3) - m(4), sum3 = m(5) + m(6), difference3 = m(5) - m(6);
    y[0] = m(0) + sum1 + sum2 + sum3;
    y[1] = difference1 + 2.0f * difference2 + 0.5f * difference3;
    y[2] = sum1 + 4.0f * sum2 + 0.25f * sum3;
    y[3] = difference1 + 8.0f * difference2 + 0.125f * difference3;
    y[4] = sum1 + 16.0f * sum2 + 0.0625f * sum3;
    y[5] = difference1 + 32.0f * difference2 + 0.03125f * difference3 + m(7);
  }
}

/// The filter transform of one dimension: `Count` taps to Side points.
template <int Side, int Count, class Source>
[[gnu::always_inline]] inline void filter_line(Source g, vec* u) {
  u[0] = (Side == 6 ? 0.25f : 1.0f) * g(0), u[Side - 1] = g(Count - 1);
  constexpr float scale1 = Side == 4 ? 0.5f : Side == 6 ? -1.0f / 6 : -2.0f / 9;
  vec even = g(0) + g(2), odd = g(1);
  if constexpr (Count == 4) odd += g(3);
  u[1] = scale1 * (even + odd), u[2] = scale1 * (even - odd);
  if constexpr (Side >= 6) {
    constexpr float scale2 = Side == 6 ? 1.0f / 24 : 1.0f / 90;
    even = g(0) + 4.0f * g(2), odd = 2.0f * g(1);
    if constexpr (Count == 4) odd += 8.0f * g(3);
    u[3] = scale2 * (even + odd), u[4] = scale2 * (even - odd);
  }
  if constexpr (Side == 8) {
    even = g(0) + 0.25f * g(2), odd = 0.5f * g(1);
    u[5] = 32.0f / 45 * (even + odd), u[6] = 32.0f / 45 * (even - odd);
  }
}

/// Where tile `index` lies: its image, and the first row and column of its output pixels.
struct tile_at {
  std::ptrdiff_t image;
  int y, x;
  tile_at(const winograd_plan& plan, std::ptrdiff_t index) {
    const std::ptrdiff_t row = index / plan.tiles_x;
    image = row / plan.tiles_y;
    y = static_cast<int>(row % plan.tiles_y) * plan.tile;
    x = static_cast<int>(index % plan.tiles_x) * plan.tile;
  }
};

/// Brings a tile that reaches over the image's edge, or ends in half a vector of channels, into zeros.
template <int Side>
struct padded_patch {
  alignas(64) float values[Side * Side * lanes];
  [[gnu::noinline]] void fill(const float* from, feature_shape shape, int y, int x, int count) {
    const int first = std::max(0, -x), last = std::min(Side, shape.w - x);
    float* to = values;
    for (int i = 0; i < Side; ++i) {
      const bool inside = y + i >= 0 && y + i < shape.h;
      const std::ptrdiff_t row = (std::ptrdiff_t{y + i} * shape.w + x) * shape.c;
      for (int j = 0; j < Side; ++j, to += lanes)
        store(to, inside && j >= first && j < last ? load_first(from + row + std::ptrdiff_t{j} * shape.c, count) : vec{});
    }
  }
};

/// Where vector `v` of channels stands in a transformed tile.
inline std::ptrdiff_t place_of(std::ptrdiff_t v, std::ptrdiff_t group_stride) {
  return v * lanes / 16 * group_stride + v * lanes % 16;
}

/// Transforms the input of the tiles [first, last) / vectors; items count vectors of channels, tile by tile. The tile `origin` is
/// the first row of `transformed`.
template <int Tile>
void transform_input(const winograd_plan& plan, const float* src, std::ptrdiff_t origin, std::ptrdiff_t first, std::ptrdiff_t last,
                     float* transformed) {
  constexpr int side = Tile + 2;
  const feature_shape shape = plan.in;
  const std::ptrdiff_t vectors = (shape.c + lanes - 1) / lanes;
  for (std::ptrdiff_t item = first; item < last;) {
    const std::ptrdiff_t index = item / vectors, start = item % vectors, end = std::min(vectors, start + last - item);
    const tile_at place(plan, index);
    const int y = place.y - plan.pad_top, x = place.x - plan.pad_left;
    const bool inside = y >= 0 && x >= 0 && y + side <= shape.h && x + side <= shape.w;
    const float* const image = src + place.image * shape.size();
    float* const row = transformed + (index - origin) * plan.row_stride;
    const std::ptrdiff_t whole = inside ? std::min<std::ptrdiff_t>(end, shape.c / lanes) : start;
    const float* const corner = inside ? image + (std::ptrdiff_t{y} * shape.w + x) * shape.c : nullptr;
    for (std::ptrdiff_t v = start; v < whole; ++v)
      transform_input_tile<Tile>(corner + v * lanes, std::ptrdiff_t{shape.w} * shape.c, shape.c,
                                 row + place_of(v, plan.group_stride), plan.point_stride);
    if (whole < end) {
      padded_patch<side> patch;
      for (std::ptrdiff_t v = whole; v < end; ++v) {
        patch.fill(image + v * lanes, shape, y, x, static_cast<int>(std::min<std::ptrdiff_t>(lanes, shape.c - v * lanes)));
        transform_input_tile<Tile>(patch.values, side * lanes, lanes, row + place_of(v, plan.group_stride), plan.point_stride);
      }
    }
    item += end - start;
  }
}

inline constexpr int most_rows = registers == 32 ? 14 : 6;

/// product[row] = sum over channels of from[row][channel] * weights[channel], for Rows tiles and Vectors of output channels.
template <int Rows, int Vectors>
void multiply(const float* from, std::ptrdiff_t row_stride, const float* weights, int channels, float* product) {
  vec sums[Rows][Vectors]{};
  for (int c = 0; c < channels; ++c, weights += Vectors * lanes) {
    vec weight[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) weight[v] = load(weights + v * lanes), pin(weight[v]);
#pragma GCC unroll 14
    for (int row = 0; row < Rows; ++row) {
      const vec value = broadcast(from[row * row_stride + c]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) sums[row][v] += value * weight[v];
    }
  }
#pragma GCC unroll 14
  for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) store(product + (row * Vectors + v) * lanes, sums[row][v]);
}

using multiply_function = void (*)(const float*, std::ptrdiff_t, const float*, int, float*);

/// The product for `rows` tiles, made even: the row too many works on whatever the scratch memory holds, and nobody reads it.
template <int Vectors, int... Half>
multiply_function multiply_for(std::ptrdiff_t rows, std::integer_sequence<int, Half...>) {
  constexpr multiply_function functions[] = {multiply<2 * Half + 2, Vectors>...};
  return functions[(rows - 1) / 2];
}
template <int Vectors>
multiply_function multiply_for(std::ptrdiff_t rows) {
  return multiply_for<Vectors>(rows, std::make_integer_sequence<int, most_rows / 2>{});
}

/// The products of one panel of output channels with `count` transformed tiles, at all points.
template <int Vectors>
void multiply_panel(const winograd_plan& plan, const float* transformed, std::ptrdiff_t count, const float* weights,
                    float* products) {
  const std::ptrdiff_t pieces = (count + most_rows - 1) / most_rows, size = ((count + pieces - 1) / pieces + 1) / 2 * 2;
  const multiply_function most = multiply_for<Vectors>(size), rest = multiply_for<Vectors>((count - 1) % size + 1);
  const std::ptrdiff_t panel = std::ptrdiff_t{plan.in.c} * Vectors * lanes;
  for (int point = 0; point < plan.points(); ++point)
    for (std::ptrdiff_t row = 0; row < count; row += size)
      (row + size < count ? most : rest)(transformed + point * plan.point_stride + row * plan.row_stride, plan.row_stride,
                                         weights + point * panel, plan.in.c,
                                         products + point * plan.product_stride + row * Vectors * lanes);
}

/// What a tile's results go through on their way to memory. The limits keep what is not a number.
struct epilogue {
  const float *bias, *other;
  float* dst;
  activation act;
  vec low, high;
  bool curved;
  epilogue(const winograd_plan& plan, const float* with_bias, const float* with_other, float* to)
      : bias(with_bias), other(with_other), dst(to), act(plan.act) {
    const bool positive = act == activation::relu || act == activation::relu6;
    curved = act != activation::none && !positive;
    low = broadcast(positive ? 0.0f : -std::numeric_limits<float>::infinity());
    high = broadcast(act == activation::relu6 ? 6.0f : std::numeric_limits<float>::infinity());
  }
  [[gnu::always_inline]] void write(vec x, std::ptrdiff_t to, int count) const {
    if (other) x += count >= lanes ? load(other + to) : load_first(other + to, count);
    x = curved ? curve(act, x) : smaller(high, larger(low, x));
    if (count >= lanes)
      store(dst + to, x);
    else
      store_first(dst + to, x, count);
  }
  [[gnu::noinline]] static vec curve(activation act, vec x) { return activated(act, x); }
};

/// One tile and vector of channels, whose corner stands at `corner`; `rows` and `columns` of it lie in the image.
template <int Tile>
[[gnu::noinline]] void transform_output_tile(const winograd_plan& plan, const float* products, const epilogue& at,
                                             std::ptrdiff_t corner, int rows, int columns, vec bias, int count) {
  constexpr int side = Tile + 2;
  vec half[side][Tile];
#pragma GCC unroll(lanes == 16 ? 8 : 1)
  for (int x = 0; x < side; ++x)
    output_line<side, Tile>(lined_up{products + x * plan.product_stride, side * plan.product_stride}, half[x]);
#pragma GCC unroll(lanes == 16 ? 8 : 1)
  for (int y = 0; y < Tile; ++y) {
    if (y >= rows) break;
    vec results[Tile];
    output_line<side, Tile>(at_hand{&half[0][y], Tile}, results);
    const std::ptrdiff_t start = corner + std::ptrdiff_t{y} * plan.out.w * plan.out.c;
#pragma GCC unroll 1
    for (int x = 0; x < columns; ++x) at.write(results[x] + bias, start + std::ptrdiff_t{x} * plan.out.c, count);
  }
}

/// Panels [first_panel, last_panel) of the output channels of `count` tiles from `start`, whose input is transformed.
template <int Tile>
void finish_tiles(const winograd_plan& plan, const float* transformed, const float* packed, const epilogue& at,
                  std::ptrdiff_t start, std::ptrdiff_t count, int first_panel, int last_panel, float* products) {
  const int vectors = (plan.out.c + lanes - 1) / lanes;
  for (int panel = first_panel; panel < last_panel; ++panel) {
    const int first = panel * winograd_panel, width = std::min(winograd_panel, vectors - first);
    const float* const weights = packed + std::ptrdiff_t{first} * lanes * plan.points() * plan.in.c;
    if (width == 2)
      multiply_panel<2>(plan, transformed, count, weights, products);
    else
      multiply_panel<1>(plan, transformed, count, weights, products);
    for (std::ptrdiff_t tile = 0; tile < count; ++tile) {
      const tile_at place(plan, start + tile);
      const std::ptrdiff_t corner = ((place.image * plan.out.h + place.y) * plan.out.w + place.x) * plan.out.c;
      for (int v = 0; v < width; ++v) {
        const int channel = (first + v) * lanes, left = std::min(lanes, plan.out.c - channel);
        const vec bias = at.bias ? load_first(at.bias + channel, left) : vec{};
        transform_output_tile<Tile>(plan, products + (tile * width + v) * lanes, at, corner + channel,
                                    std::min(Tile, plan.out.h - place.y), std::min(Tile, plan.out.w - place.x), bias, left);
      }
    }
  }
}

template <int Step, int... Lane>
[[gnu::always_inline]] inline void exchange(vec& one, vec& other, std::integer_sequence<int, Lane...>) {
  const vec low = __builtin_shufflevector(one, other, ((Lane & Step) ? lanes + Lane - Step : Lane)...);
  other = __builtin_shufflevector(one, other, ((Lane & Step) ? lanes + Lane : Lane + Step)...);
  one = low;
}

/// Exchanges rows and columns of a square of as many vectors as they have lanes.
template <int Step = 1>
[[gnu::always_inline]] inline void transpose(vec* rows) {
#pragma GCC unroll 16
  for (int row = 0; row < lanes; ++row)
    if (!(row & Step)) exchange<Step>(rows[row], rows[row + Step], std::make_integer_sequence<int, lanes>{});
  if constexpr (2 * Step < lanes) transpose<2 * Step>(rows);
}

/// The nine taps of `count` filters that stand `step` floats apart: tap by tap, one filter a lane.
inline void load_taps(const float* from, std::ptrdiff_t step, int count, vec* taps) {
  for (int first = 0; first < 9; first += lanes) {
    vec rows[lanes]{};
    for (int lane = 0; lane < count; ++lane) rows[lane] = load_first(from + lane * step + first, std::min(lanes, 9 - first));
    transpose(rows);
    for (int i = 0; i < std::min(lanes, 9 - first); ++i) taps[first + i] = rows[i];
  }
}
inline void store_taps(const vec* taps, float* to, std::ptrdiff_t step, int count) {
  for (int first = 0; first < 9; first += lanes) {
    vec rows[lanes]{};
    for (int i = 0; i < std::min(lanes, 9 - first); ++i) rows[i] = taps[first + i];
    transpose(rows);
    for (int lane = 0; lane < count; ++lane) store_first(to + lane * step + first, rows[lane], std::min(lanes, 9 - first));
  }
}

/// Packs the filters of the panels [first, last) of output channels: [panel][point][input channel][channel of panel].
/// The filter of input i and output o stands at i * input_step + o * output_step; `rotated` turns it by 180 degrees.
template <int Tile>
void pack_filters(const winograd_plan& plan, const float* weights, std::ptrdiff_t input_step, std::ptrdiff_t output_step,
                  bool rotated, int first, int last, float* packed) {
  constexpr int side = Tile + 2, chunk = 8, line = (chunk + 1) * winograd_panel * lanes;
  const int channels = plan.in.c, vectors = (plan.out.c + lanes - 1) / lanes;
  // Some input channels are brought together first: single vectors would be written far apart, on one set of the caches.
  alignas(64) float points[side * side * line];
  for (int panel = first; panel < last; ++panel) {
    const int start = panel * winograd_panel, width = std::min(winograd_panel, vectors - start);
    float* const to = packed + std::ptrdiff_t{start} * lanes * plan.points() * channels;
    for (int c = 0; c < channels; c += chunk) {
      const int depth = std::min(chunk, channels - c);
      for (int i = 0; i < depth * width; ++i) {
        const int channel = (start + i % width) * lanes;
        vec taps[9], half[3][side];
        load_taps(weights + (c + i / width) * input_step + channel * output_step, output_step,
                  std::min(lanes, plan.out.c - channel), taps);
        if (rotated) std::reverse(taps, taps + 9);
        for (int x = 0; x < 3; ++x) filter_line<side, 3>(at_hand{taps + x, 3}, half[x]);
        for (int y = 0; y < side; ++y) {
          vec row[side];
          filter_line<side, 3>(at_hand{&half[0][y], side}, row);
          for (int x = 0; x < side; ++x) store(points + (y * side + x) * line + i * lanes, row[x]);
        }
      }
      const int floats = depth * width * lanes;
      for (int point = 0; point < side * side; ++point)
        std::copy_n(points + point * line, floats, to + (std::ptrdiff_t{point} * channels + c) * width * lanes);
    }
  }
}

inline void transform(const winograd_plan& plan, const float* src, std::ptrdiff_t origin, std::ptrdiff_t first, std::ptrdiff_t last,
                      float* transformed) {
  if (plan.tile == 2) return transform_input<2>(plan, src, origin, first, last, transformed);
  if (plan.tile == 4) return transform_input<4>(plan, src, origin, first, last, transformed);
  transform_input<6>(plan, src, origin, first, last, transformed);
}

inline void finish(const winograd_plan& plan, const float* transformed, const float* packed, const float* bias, const float* other,
                   float* dst, std::ptrdiff_t start, std::ptrdiff_t count, int first_panel, int last_panel, float* products) {
  const epilogue at(plan, bias, other, dst);
  if (plan.tile == 2) return finish_tiles<2>(plan, transformed, packed, at, start, count, first_panel, last_panel, products);
  if (plan.tile == 4) return finish_tiles<4>(plan, transformed, packed, at, start, count, first_panel, last_panel, products);
  finish_tiles<6>(plan, transformed, packed, at, start, count, first_panel, last_panel, products);
}

inline void pack(const winograd_plan& plan, const float* weights, std::ptrdiff_t input_step, std::ptrdiff_t output_step,
                 bool rotated, int first, int last, float* packed) {
  if (plan.tile == 2) return pack_filters<2>(plan, weights, input_step, output_step, rotated, first, last, packed);
  if (plan.tile == 4) return pack_filters<4>(plan, weights, input_step, output_step, rotated, first, last, packed);
  pack_filters<6>(plan, weights, input_step, output_step, rotated, first, last, packed);
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE::winograd
