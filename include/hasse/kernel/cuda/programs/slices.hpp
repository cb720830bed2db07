// Parts of parameters that a narrower network uses, copied there and back, and the sum that a gate learns from.
// Used by one-shot networks on a GPU; the arithmetic is that of supernet/slices.hpp and supernet/gated_network.hpp.
#pragma once

#include <cstddef>

#include <hasse/kernel/cuda/programs/pack.hpp>
#include <hasse/kernel/cuda/programs/totals.hpp>

namespace hasse::detail::gpu {

enum class slice_move { gather, add, mix };

/// One thread per value of the narrow tensor: full[rows[r] * row_length + columns[c]] and narrow[r * column_count + c].
template <slice_move Move>
struct moved_slice {
  static constexpr int threads = 256, phases = 1;
  using shared = nothing;
  using local = nothing;

  const int* rows;
  const int* columns;
  int row_count, column_count;
  std::size_t row_length;
  float* full;
  float* narrow;
  float keep;

  grid_extent blocks() const { return {ceil_divide(row_count * column_count, threads), 1, 1}; }

  template <int>
  HASSE_DEVICE void phase(const place& at, local&, shared&) const {
    const int index = at.x * threads + at.thread;
    if (index >= row_count * column_count) return;
    const int row = index / column_count;
    float& wide = full[static_cast<std::size_t>(rows[row]) * row_length + static_cast<std::size_t>(columns[index % column_count])];
    if constexpr (Move == slice_move::gather) narrow[index] = wide;
    if constexpr (Move == slice_move::add) wide += narrow[index];
    if constexpr (Move == slice_move::mix) wide = keep * wide + (1 - keep) * narrow[index];
  }
};

/// Sum of slope (values - without), one per block.
template <class Scalar>
struct answered {
  static constexpr int results = 1;
  const Scalar* slope;
  const Scalar* values;
  const Scalar* without;  // or null
  double* partial;

  HASSE_DEVICE void add(int index, double (&sums)[1]) const {
    const auto value = static_cast<double>(widened(values[index])),
               less = without ? static_cast<double>(widened(without[index])) : 0.0;
    sums[0] += static_cast<double>(widened(slope[index])) * (value - less);
  }
  HASSE_DEVICE void finish(int block, const double (&sums)[1]) const { partial[block] = sums[0]; }
};

/// The sum of such sums.
struct summed_partials {
  static constexpr int results = 1;
  const double* partial;
  double* into;

  HASSE_DEVICE void add(int index, double (&sums)[1]) const { sums[0] += partial[index]; }
  HASSE_DEVICE void finish(int, const double (&sums)[1]) const { *into = sums[0]; }
};

}  // namespace hasse::detail::gpu
