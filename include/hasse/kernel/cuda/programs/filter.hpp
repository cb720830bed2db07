// Weights between the layout of the library, O, I, H, W in float, and that of the GPU's libraries, O, H, W, I in the numbers of the
// activations. Used by kernel/cuda/library.hpp.
#pragma once

#include <cstddef>

#include <hasse/kernel/cuda/programs/pack.hpp>

namespace hasse::detail::gpu {

/// Reads and writes single values: weights are small beside activations.
template <class From, class To>
struct moved_filter {
  static constexpr int threads = 256, phases = 1;
  using shared = nothing;
  using local = nothing;

  const From* from;
  To* to;
  int inputs, taps, count;  // inputs of one group
  bool taps_first;          // to O, H, W, I; else from it

  grid_extent blocks() const { return {ceil_divide(count, threads), 1, 1}; }

  template <int>
  HASSE_DEVICE void phase(const place& at, local&, shared&) const {
    const int index = at.x * threads + at.thread;
    if (index >= count) return;
    const int input = index % inputs, tap = index / inputs % taps, output = index / inputs / taps;  // of the layout with taps first
    const int other = (output * inputs + input) * taps + tap;
    to[taps_first ? index : other] = narrowed<To>(widened(from[taps_first ? other : index]));
  }
};

}  // namespace hasse::detail::gpu
