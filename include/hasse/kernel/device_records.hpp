// What a training writes to a device's memory and reads back besides tensors, in plain numbers.
// Used by kernel/accelerator.hpp and by the programs of a GPU, which share nothing else.
#pragma once

#include <cstdint>

namespace hasse::detail::gpu {

/// One image of a batch: which it is, how far its window moves, and whether it is mirrored. A negative index is an empty place.
struct drawn_image {
  int index = 0, down = 0, right = 0, mirrored = 0;
};

/// What changes from step to step; in the GPU's memory, so that a captured step stays as it is. The rate comes from outside, all
/// else is for `gradient_scale` to change.
struct descent_step {
  float rate = 0;
  float scale = 1;       ///< what the gradients are multiplied by
  float loss_scale = 1;  ///< what they were multiplied by: softmax_loss reads it
  int good_steps = 0;    ///< since the loss scale last changed
  bool skipped = false;  ///< the gradients are not finite, and nothing moves
};

/// Dynamic loss scaling (Micikevicius et al. 2018), for activations whose gradients would be too small for their numbers: a power
/// of two that halves when gradients are not finite, and doubles when they were for a while.
struct loss_scaling {
  static constexpr float first = 65536, least = 1, most = 16777216;
  bool on = false;
  int grow_after = 2000;  ///< steps
};

/// What training steps say about their batches, in the GPU's memory; `batch_total` adds to it.
struct loss_total {
  double loss = 0;  ///< sum over the images
  std::int64_t correct = 0;
};

}  // namespace hasse::detail::gpu
