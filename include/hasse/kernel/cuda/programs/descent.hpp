// One step of stochastic gradient descent with Nesterov momentum for all parameters of a network, in one launch.
// Used by training on a GPU; the arithmetic is that of train/sgd.hpp.
#pragma once

#include <cmath>
#include <cstddef>

#include <hasse/kernel/cuda/programs/pack.hpp>
#include <hasse/kernel/cuda/programs/totals.hpp>
#include <hasse/kernel/device_records.hpp>

namespace hasse::detail::gpu {

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
    if (first >= end || step->skipped) return;
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

/// The other half: the scale of the loss is taken out, gradients longer than `largest` are scaled down to it, and the next loss
/// gets its scale.
struct gradient_scale {
  static constexpr int results = 1;
  const double* partial;
  double largest;  ///< 0: any length will do
  descent_step* step;
  loss_scaling scaling{};

  HASSE_DEVICE void add(int index, double (&sums)[1]) const { sums[0] += partial[index]; }
  HASSE_DEVICE void finish(int, const double (&sums)[1]) const {
    const double factor = scaling.on ? static_cast<double>(step->loss_scale) : 1, length = std::sqrt(sums[0]) / factor;
    step->scale = static_cast<float>((largest > 0 && length > largest ? largest / length : 1) / factor);
    if (!scaling.on) return;
    step->skipped = !std::isfinite(sums[0]);  // squares of floats cannot be too large for a double
    if (step->skipped) {
      const float half = step->loss_scale / 2;
      step->loss_scale = half > scaling.least ? half : scaling.least, step->good_steps = 0;
    } else if (++step->good_steps >= scaling.grow_after) {
      const float twice = step->loss_scale * 2;
      step->loss_scale = twice < scaling.most ? twice : scaling.most, step->good_steps = 0;
    }
  }
};

}  // namespace hasse::detail::gpu
