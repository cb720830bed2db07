// One step of stochastic gradient descent with Nesterov momentum for all parameters of a network, in one launch.
// Used by training on a GPU; the arithmetic is that of train/sgd.hpp.
#pragma once

#include <cmath>
#include <cstddef>

#include <hasse/kernel/cuda/programs/pack.hpp>
#include <hasse/kernel/cuda/programs/totals.hpp>

namespace hasse::detail::gpu {

/// What changes from step to step; in the GPU's memory, so that a captured step stays as it is.
struct descent_step {
  float rate = 0;
  float scale = 1;  ///< of the gradients: less than 1 where they are too long
};

/// g = scale gradient + decay w; v = momentum v + g; w -= rate (g + momentum v), from `begin` to `end`, both multiples of 16, as
/// all tensors begin; a block of 16 values has one decay.
struct nesterov {
  static constexpr int block = 16, threads = 256, phases = 1;
  using shared = nothing;
  using local = nothing;

  const descent_step* step;
  float* values;
  const float* gradients;
  float* velocity;
  const float* decay;
  float momentum;
  int begin, end;

  grid_extent blocks() const { return {ceil_divide((end - begin) / 4, threads), 1, 1}; }

  template <int>
  HASSE_DEVICE void phase(const place& at, local&, shared&) const {
    const int first = begin + 4 * (at.x * threads + at.thread);
    if (first >= end) return;
    constexpr part whole{4, true};
    pack<float> value = load(values + first, whole), speed = load(velocity + first, whole);
    const pack<float> found = load(gradients + (first - begin), whole);
    const float fall = decay[first / block], rate = step->rate, scale = step->scale;
    HASSE_UNROLL
    for (int lane = 0; lane < 4; ++lane) {
      const float gradient = scale * found[lane] + fall * value[lane];
      speed[lane] = momentum * speed[lane] + gradient;
      value[lane] -= rate * (gradient + momentum * speed[lane]);
    }
    store(velocity + first, whole, speed);
    store(values + first, whole, value);
  }
};

/// Squares of a gradient, one sum per block: half of its length.
struct squares {
  static constexpr int results = 1;
  const float* gradients;
  double* partial;

  HASSE_DEVICE void add(int index, double (&sums)[1]) const {
    const auto value = static_cast<double>(gradients[index]);
    sums[0] += value * value;
  }
  HASSE_DEVICE void finish(int block, const double (&sums)[1]) const { partial[block] = sums[0]; }
};

/// The other half: gradients longer than `largest` are scaled down to it.
struct gradient_scale {
  static constexpr int results = 1;
  const double* partial;
  double largest;
  descent_step* step;

  HASSE_DEVICE void add(int index, double (&sums)[1]) const { sums[0] += partial[index]; }
  HASSE_DEVICE void finish(int, const double (&sums)[1]) const {
    const double length = std::sqrt(sums[0]);
    step->scale = static_cast<float>(length > largest ? largest / length : 1);
  }
};

}  // namespace hasse::detail::gpu
