// The gradient of the weights by Winograd's filtering, for one instruction set: tiles of 4x4 of the output's gradient act as filters over the
// input below them. Compiled by kernel/cpu/winograd.hpp behind simd/winograd.inl, whose transforms it uses.

namespace hasse::detail::HASSE_SIMD_NAMESPACE::winograd {

[[gnu::noinline]] inline void transform_gradient_tile(const float* from, std::ptrdiff_t row, std::ptrdiff_t column, float* to,
                                                      std::ptrdiff_t step) {
  vec half[4][6];
#pragma GCC unroll(lanes == 16 ? 4 : 1)
  for (int x = 0; x < 4; ++x) filter_line<6, 4>(lined_up{from + x * column, row}, half[x]);
#pragma GCC unroll(lanes == 16 ? 6 : 1)
  for (int y = 0; y < 6; ++y) {
    vec points[6];
    filter_line<6, 4>(at_hand{&half[0][y], 6}, points);
#pragma GCC unroll 6
    for (int x = 0; x < 6; ++x) store(to + (y * 6 + x) * step, points[x]);
  }
}

/// Transforms the output's gradient for the tiles [first, last); outside of the image it is 0.
inline void transform_gradient(const winograd_plan& plan, const float* d_dst, std::ptrdiff_t origin, std::ptrdiff_t first,
                               std::ptrdiff_t last, float* transformed) {
  const feature_shape shape = plan.out;
  const int vectors = (shape.c + lanes - 1) / lanes;
  for (std::ptrdiff_t index = first; index < last; ++index) {
    const tile_at place(plan, index);
    const float* const image = d_dst + place.image * shape.size();
    float* const row = transformed + (index - origin) * plan.row_stride;
    const int whole = place.y + 4 <= shape.h && place.x + 4 <= shape.w ? shape.c / lanes : 0;
    for (int v = 0; v < whole; ++v)
      transform_gradient_tile(image + (std::ptrdiff_t{place.y} * shape.w + place.x) * shape.c + v * lanes,
                              std::ptrdiff_t{shape.w} * shape.c, shape.c, row + place_of(v, plan.group_stride), plan.point_stride);
    if (whole == vectors) continue;
    padded_patch<4> patch;
    for (int v = whole; v < vectors; ++v) {
      patch.fill(image + v * lanes, shape, place.y, place.x, std::min(lanes, shape.c - v * lanes));
      transform_gradient_tile(patch.values, 4 * lanes, lanes, row + place_of(v, plan.group_stride), plan.point_stride);
    }
  }
}

/// sums[row][column] += sum over tiles of from[tile][row] * gradient[tile][column]; `next` leads to the second vector of columns.
template <int Rows, int Vectors>
void multiply_tiles(const float* from, const float* gradient, std::ptrdiff_t next, std::ptrdiff_t tiles, bool accumulate,
                    float* sums) {
  vec kept[Rows][Vectors]{};
  if (accumulate)
#pragma GCC unroll 8
    for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) kept[row][v] = load(sums + (row * winograd_panel + v) * lanes);
  for (std::ptrdiff_t tile = 0; tile < tiles; ++tile, from += 16, gradient += 16) {
    vec column[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) column[v] = load(gradient + v * next), pin(column[v]);
#pragma GCC unroll 8
    for (int row = 0; row < Rows; ++row) {
      const vec value = broadcast(from[row]);
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) kept[row][v] += value * column[v];
    }
  }
#pragma GCC unroll 8
  for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) store(sums + (row * winograd_panel + v) * lanes, kept[row][v]);
}

/// All points of some input channels (winograd_rows) and a panel of output channels: sums[point][input channel][output channel].
inline void multiply_gradient(const winograd_plan& from_plan, const winograd_plan& gradient_plan, const float* from,
                              const float* gradient, int group, int panel, std::ptrdiff_t tiles, bool accumulate, float* sums) {
  constexpr int step = lanes == 16 ? 8 : 4;
  const int rows = std::min(winograd_rows, from_plan.in.c - group * winograd_rows);
  const int left = gradient_plan.out.c - panel * winograd_panel * lanes;
  const std::ptrdiff_t next = lanes == 16 ? gradient_plan.group_stride : lanes;
  from += group * (winograd_rows / 16) * from_plan.group_stride;
  gradient += place_of(panel * winograd_panel, gradient_plan.group_stride);
  for (int point = 0; point < 36; ++point)
    for (int row = 0; row < rows; row += step) {
      const float* const matrix = from + point * from_plan.point_stride + row / 16 * from_plan.group_stride + row % 16;
      const float* const columns = gradient + point * gradient_plan.point_stride;
      float* const to = sums + (point * winograd_rows + row) * winograd_panel * lanes;
      if (left > lanes)
        multiply_tiles<step, 2>(matrix, columns, next, tiles, accumulate, to);
      else
        multiply_tiles<step, 1>(matrix, columns, next, tiles, accumulate, to);
    }
}

/// Brings the sums of `copies` threads back to 3x3 filters, OIHW.
inline void finish_gradient(const winograd_plan& plan, float* sums, int copies, std::ptrdiff_t copy_stride, int group, int panel,
                            float* d_weights) {
  constexpr int width = winograd_panel * lanes;
  for (int copy = 1; copy < copies; ++copy)
    for (int i = 0; i < 36 * winograd_rows * width; i += lanes)
      store(sums + i, load(sums + i) + load(sums + copy * copy_stride + i));
  const int rows = std::min(winograd_rows, plan.in.c - group * winograd_rows);
  for (int row = 0; row < rows; ++row)
    for (int v = 0; v < winograd_panel; ++v) {
      const int channel = (panel * winograd_panel + v) * lanes, count = std::min(lanes, plan.out.c - channel);
      if (count <= 0) break;
      const float* const from = sums + row * width + v * lanes;
      vec half[6][3], taps[9];
      for (int x = 0; x < 6; ++x) output_line<6, 3>(lined_up{from + x * winograd_rows * width, 6 * winograd_rows * width}, half[x]);
      for (int y = 0; y < 3; ++y) output_line<6, 3>(at_hand{&half[0][y], 3}, taps + 3 * y);
      store_taps(taps, d_weights + (std::ptrdiff_t{channel} * plan.in.c + group * winograd_rows + row) * 9,
                 std::ptrdiff_t{plan.in.c} * 9, count);
    }
}

/// Sums of the gradient over all pixels, for the vectors [first, last) of channels.
inline void bias_gradient(const winograd_plan& plan, const float* d_dst, std::ptrdiff_t first, std::ptrdiff_t last, float* d_bias) {
  const std::ptrdiff_t pixels = plan.batch * plan.out.pixels(), channels = plan.out.c;
  for (std::ptrdiff_t v = first; v < last; ++v) {
    const int count = static_cast<int>(std::min<std::ptrdiff_t>(lanes, channels - v * lanes));
    vec sum{};
    for (std::ptrdiff_t start = 0; start < pixels; start += 256) {  // short sums first keep the rounding small
      vec part{};
      for (std::ptrdiff_t pixel = start; pixel < std::min(pixels, start + 256); ++pixel)
        part += load_first(d_dst + pixel * channels + v * lanes, count);
      sum += part;
    }
    store_first(d_bias + v * lanes, sum, count);
  }
}

}  // namespace hasse::detail::HASSE_SIMD_NAMESPACE::winograd
