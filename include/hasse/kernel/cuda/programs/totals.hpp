// Sums of all values of an array, block by block in a fixed order.
// Used by the programs of kernel/cuda/programs that train: the loss of a batch and the length of a gradient.
#pragma once

#include <cstddef>

#include <hasse/kernel/cuda/programs/block_program.hpp>

namespace hasse::detail::gpu {

/// `Body` has a number `results`, `add(index, sums)`, which adds what belongs to one index, and `finish(block, sums)`, which a
/// block calls once for all of its `each` indices.
template <class Body>
struct totals {
  static constexpr int results = Body::results, threads = 256, phases = 9;
  struct shared {
    double sums[results][threads];
  };
  struct local {
    double sums[results];
  };

  Body body;
  int count, each;

  totals(const Body& what, int indices, int per_block) : body(what), count(indices), each(per_block) {}

  grid_extent blocks() const { return {ceil_divide(count, each), 1, 1}; }

  template <int Phase>
  HASSE_DEVICE void phase(const place& at, local& own, shared& memory) const {
    constexpr int left = threads >> Phase;  // threads that hold sums after this phase
    if (at.thread >= left) return;
    if constexpr (Phase == 0) {
      HASSE_UNROLL
      for (int i = 0; i < results; ++i) own.sums[i] = 0;
      const int end = count - at.x * each < each ? count : (at.x + 1) * each;
      for (int index = at.x * each + at.thread; index < end; index += threads) body.add(index, own.sums);
    } else {
      HASSE_UNROLL
      for (int i = 0; i < results; ++i) own.sums[i] += memory.sums[i][at.thread + left];
    }
    HASSE_UNROLL
    for (int i = 0; i < results; ++i) memory.sums[i][at.thread] = own.sums[i];
    if constexpr (Phase == phases - 1) body.finish(at.x, own.sums);
  }
};

}  // namespace hasse::detail::gpu
