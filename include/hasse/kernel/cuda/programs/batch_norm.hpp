// Batch norm in training: statistics, then normalise, add the residual and activate in one pass; and the gradients.
// Used by kernel/cuda/programs/layers.hpp. The sums are those of reduction.hpp, the passes those of elementwise.hpp.
#pragma once

#include <cmath>
#include <cstddef>

#include <hasse/kernel/cuda/programs/elementwise.hpp>
#include <hasse/kernel/cuda/programs/reduction.hpp>

namespace hasse::detail::gpu {

/// Sums of x - x0 and of its square, x0 being the channel's first value: one pass, and no two large numbers are subtracted.
template <class Scalar>
struct summed_deviations {
  using scalar = Scalar;
  static constexpr int results = 2;
  const Scalar* src;
  int channels;

  HASSE_DEVICE void add(int, int pixel, int channel, part which, pack<Scalar> (&sums)[2]) const {
    const pack<Scalar> start = load(src + channel, which);
    const pack<Scalar> values = load(src + image_tensor{1, 1, channels}.at(pixel, 0, 0, channel), which);
    HASSE_UNROLL
    for (int lane = 0; lane < lanes_of<Scalar>; ++lane) {
      const float deviation = values[lane] - start[lane];
      sums[0][lane] += deviation;
      sums[1][lane] += deviation * deviation;
    }
  }
};

/// Mean and 1 / sqrt(variance + epsilon) of each channel, and the running statistics (unbiased variance, as PyTorch).
template <class Scalar>
struct batch_statistics {
  static constexpr int results = 2;
  const Scalar* src;
  float* mean;
  float* factor;
  float* running_mean;
  float* running_variance;
  double count, keep, epsilon;

  HASSE_DEVICE void operator()(int, int channel, const double (&sums)[2]) const {
    const double shift = sums[0] / count, spread = sums[1] / count - shift * shift;
    const double average = static_cast<double>(widened(src[channel])) + shift, variance = spread < 0 ? 0 : spread;
    const double unbiased = count > 1 ? variance * count / (count - 1) : variance;
    mean[channel] = static_cast<float>(average);
    factor[channel] = static_cast<float>(1 / std::sqrt(variance + epsilon));
    running_mean[channel] = static_cast<float>(keep * static_cast<double>(running_mean[channel]) + (1 - keep) * average);
    running_variance[channel] = static_cast<float>(keep * static_cast<double>(running_variance[channel]) + (1 - keep) * unbiased);
  }
};

/// What a batch norm knows about each channel; without a mean it only scales and shifts (statistics folded in), without a scale or
/// shift it leaves that out, too.
template <class Scalar>
struct channel_norm {
  const float* mean;
  const float* factor;
  const float* scale;
  const float* shift;

  /// (x - mean) factor, in place.
  HASSE_DEVICE void normalise(pack<Scalar>& values, int channel, part which) const {
    if (!mean) return;
    const pack<Scalar> centre = load_parameters<Scalar>(mean + channel, which),
                       factors = load_parameters<Scalar>(factor + channel, which);
    HASSE_UNROLL
    for (int lane = 0; lane < lanes_of<Scalar>; ++lane) values[lane] = (values[lane] - centre[lane]) * factors[lane];
  }
  HASSE_DEVICE pack<Scalar> scaled(const pack<Scalar>& values, int channel, part which) const {
    pack<Scalar> made = shift ? load_parameters<Scalar>(shift + channel, which) : zeros<Scalar>();
    if (scale)
      multiply_add(made, values, load_parameters<Scalar>(scale + channel, which));
    else
      add(made, values);
    return made;
  }
};

/// dst = act(norm(src) * scale + shift + other).
template <class Scalar>
struct normalised {
  using scalar = Scalar;
  channel_norm<Scalar> norm;
  const Scalar* src;
  const Scalar* other;
  Scalar* dst;
  image_tensor shape;
  activation act;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    const std::size_t where = shape.at(at.image, at.y, at.x, at.channel);
    pack<Scalar> values = load(src + where, at.which);
    norm.normalise(values, at.channel, at.which);
    values = norm.scaled(values, at.channel, at.which);
    if (other) add(values, load(other + where, at.which));
    activate<Scalar>(act, values);
    store(dst + where, at.which, values);
  }
};

/// The gradient before the activation, computed alike by the sums and by the pass that uses them.
template <class Scalar>
struct norm_gradient {
  channel_norm<Scalar> norm;
  const Scalar* src;
  const Scalar* other;   // the residual, where the activation needs what it was applied to
  const Scalar* result;  // dst, where that says the same
  const Scalar* d_dst;
  activation act;

  /// Also leaves the normalised source.
  HASSE_DEVICE pack<Scalar> at(std::size_t where, int channel, part which, pack<Scalar>& normalised) const {
    normalised = load(src + where, which);
    norm.normalise(normalised, channel, which);
    pack<Scalar> gradients = load(d_dst + where, which);
    if (act == activation::none) return gradients;
    if (result) {
      pass_back<Scalar>(act, gradients, load(result + where, which));
    } else {
      pack<Scalar> before = norm.scaled(normalised, channel, which);
      if (other) add(before, load(other + where, which));
      pass_back<Scalar>(act, gradients, before);
    }
    return gradients;
  }
};

/// Sums of g and of g n.
template <class Scalar>
struct summed_norm_gradients {
  using scalar = Scalar;
  static constexpr int results = 2;
  norm_gradient<Scalar> gradient;
  int channels;

  HASSE_DEVICE void add(int, int pixel, int channel, part which, pack<Scalar> (&sums)[2]) const {
    pack<Scalar> normalised;
    const pack<Scalar> found = gradient.at(image_tensor{1, 1, channels}.at(pixel, 0, 0, channel), channel, which, normalised);
    gpu::add(sums[0], found);
    multiply_add(sums[1], found, normalised);
  }
};

/// The gradients of shift and scale, and the means that the gradient of the source subtracts.
struct norm_gradient_means {
  static constexpr int results = 2;
  float* d_scale;
  float* d_shift;
  float* mean_gradient;
  float* mean_product;
  double count;

  HASSE_DEVICE void operator()(int, int channel, const double (&sums)[2]) const {
    if (d_shift) d_shift[channel] = static_cast<float>(sums[0]);
    if (d_scale) d_scale[channel] = static_cast<float>(sums[1]);
    mean_gradient[channel] = static_cast<float>(sums[0] / count);
    mean_product[channel] = static_cast<float>(sums[1] / count);
  }
};

/// d_src = scale factor (g - mean g - n mean(g n)), d_other = g (Ioffe and Szegedy 2015, section 3).
template <class Scalar>
struct normalised_gradient {
  using scalar = Scalar;
  norm_gradient<Scalar> gradient;
  const float* mean_gradient;
  const float* mean_product;
  Scalar* d_src;
  Scalar* d_other;
  image_tensor shape;
  bool accumulate_d_src, accumulate_d_other;

  HASSE_DEVICE void operator()(const pack_place& at) const {
    const std::size_t where = shape.at(at.image, at.y, at.x, at.channel);
    pack<Scalar> normalised;
    const pack<Scalar> found = gradient.at(where, at.channel, at.which, normalised);
    if (d_src) {
      const auto parameters = [&at](const float* from) { return load_parameters<Scalar>(from + at.channel, at.which); };
      const pack<Scalar> mean = parameters(mean_gradient), product = parameters(mean_product);
      const pack<Scalar> scale = parameters(gradient.norm.scale), factor = parameters(gradient.norm.factor);
      pack<Scalar> moved;
      HASSE_UNROLL
      for (int lane = 0; lane < lanes_of<Scalar>; ++lane)
        moved[lane] = (found[lane] - mean[lane] - normalised[lane] * product[lane]) * scale[lane] * factor[lane];
      store(d_src + where, at.which, moved, accumulate_d_src);
    }
    if (d_other) store(d_other + where, at.which, found, accumulate_d_other);
  }
};

}  // namespace hasse::detail::gpu
