// The scalar functions and index rules that every backend shares: activations, windows, bilinear taps.
// Used by kernel/reference.hpp, kernel/cpu.hpp and the programs of kernel/cuda.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include <hasse/kernel/detail/device_function.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail {

template <class Scalar>
HASSE_DEVICE Scalar exponential(Scalar x) {
  return std::exp(x);
}
/// For float a polynomial (Cephes, 2 ulp) that is infinite from 88.4 on, and no call: loops over it are vectorised.
HASSE_DEVICE float exponential(float x) {
#if defined(__CUDA_ARCH__)
  return __expf(x);  // the GPU has an instruction, about as exact
#else
  const float bounded = x < -87.3f ? -87.3f : (x > 89.0f ? 89.0f : x);
  // Adding 1.5 * 2^23 rounds to a whole number, which the low bits then hold.
  const float shifted = bounded * 1.44269504f + 12582912.0f, whole = shifted - 12582912.0f;
  const float rest = (bounded - whole * 0.693359375f) + whole * 2.12194440e-4f;
  float sum = 1.9875691500e-4f;
  sum = sum * rest + 1.3981999507e-3f;
  sum = sum * rest + 8.3334519073e-3f;
  sum = sum * rest + 4.1665795894e-2f;
  sum = sum * rest + 1.6666665459e-1f;
  sum = sum * rest + 5.0000001201e-1f;
  const auto power = std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) << 23) + 0x3f800000u);
  return (sum * rest * rest + rest + 1.0f) * power;
#endif
}

template <class Scalar>
HASSE_DEVICE Scalar sigmoid(Scalar x) {
  return Scalar(1) / (Scalar(1) + exponential(-x));
}

/// Written so that a NaN, which no comparison holds for, stays one.
template <activation Act, class Scalar>
HASSE_DEVICE constexpr Scalar activated(Scalar x) {
  if constexpr (Act == activation::sigmoid) return sigmoid(x);
  if constexpr (Act == activation::swish) return x * sigmoid(x);
  if constexpr (Act == activation::relu) return x <= Scalar(0) ? Scalar(0) : x;
  if constexpr (Act == activation::relu6) return x <= Scalar(0) ? Scalar(0) : (x >= Scalar(6) ? Scalar(6) : x);
  if constexpr (Act == activation::hard_sigmoid) return activated<activation::relu6>(x + Scalar(3)) / Scalar(6);
  if constexpr (Act == activation::hard_swish) return x * activated<activation::relu6>(x + Scalar(3)) / Scalar(6);
  if constexpr (Act == activation::none) return x;
}

/// What is left of a gradient behind the activation of `x`. For none, relu and relu6 the activated value may stand in for `x`:
/// the answer is the same. Written as selections of ready values, which every compiler vectorises.
template <activation Act, class Scalar>
HASSE_DEVICE constexpr Scalar passed_back(Scalar gradient, Scalar x) {
  if constexpr (Act == activation::relu) return x <= Scalar(0) ? Scalar(0) : gradient;
  if constexpr (Act == activation::relu6) {
    const Scalar above = x <= Scalar(0) ? Scalar(0) : gradient;
    return x >= Scalar(6) ? Scalar(0) : above;
  }
  if constexpr (Act == activation::hard_swish) {
    const Scalar rising = x <= Scalar(-3) ? Scalar(0) : x / Scalar(3) + Scalar(0.5);
    return gradient * (x >= Scalar(3) ? Scalar(1) : rising);
  }
  if constexpr (Act == activation::hard_sigmoid) {
    const Scalar above = x <= Scalar(-3) ? Scalar(0) : gradient / Scalar(6);
    return x >= Scalar(3) ? Scalar(0) : above;
  }
  if constexpr (Act == activation::sigmoid) {
    const Scalar y = sigmoid(x);
    return gradient * y * (Scalar(1) - y);
  }
  if constexpr (Act == activation::swish) {
    const Scalar y = sigmoid(x);
    return gradient * y * (Scalar(1) + x * (Scalar(1) - y));
  }
  if constexpr (Act == activation::none) return gradient;
}

/// Whether `passed_back` needs the value before the activation, or the activated one will do.
HASSE_DEVICE constexpr bool passes_back_from_result(activation act) {
  return act == activation::none || act == activation::relu || act == activation::relu6;
}

/// Calls `body(std::integral_constant<activation, act>{})`: the choice is made outside the loop.
template <class Body>
HASSE_DEVICE void with_activation(activation act, Body&& body) {
  switch (act) {
    case activation::none:
      return body(std::integral_constant<activation, activation::none>{});
    case activation::relu:
      return body(std::integral_constant<activation, activation::relu>{});
    case activation::relu6:
      return body(std::integral_constant<activation, activation::relu6>{});
    case activation::hard_swish:
      return body(std::integral_constant<activation, activation::hard_swish>{});
    case activation::sigmoid:
      return body(std::integral_constant<activation, activation::sigmoid>{});
    case activation::hard_sigmoid:
      return body(std::integral_constant<activation, activation::hard_sigmoid>{});
    case activation::swish:
      return body(std::integral_constant<activation, activation::swish>{});
  }
}

/// A half-open range of indices; empty when first == last.
struct index_range {
  int first = 0, last = 0;
  HASSE_DEVICE constexpr int size() const { return last - first; }
};

/// The outputs whose window tap `tap` reads a real input and not padding.
HASSE_DEVICE constexpr index_range outputs_of_tap(int in, int out, int stride, int pad, int tap) {
  const int first = pad > tap ? (pad - tap + stride - 1) / stride : 0;
  const int room = in - 1 + pad - tap;
  const int fitting = room / stride + 1, last = room < 0 ? 0 : (out < fitting ? out : fitting);
  return {first < last ? first : last, last};
}

/// The taps with which output `at` reads a real input.
HASSE_DEVICE constexpr index_range taps_of_output(int in, int kernel, int stride, int pad, int at) {
  const int start = at * stride - pad;
  return {start < 0 ? -start : 0, kernel < in - start ? kernel : in - start};
}

/// The inputs that an average pool of that kind takes for output `at`, along one axis.
HASSE_DEVICE constexpr index_range averaged_inputs(layer_kind kind, int in, int out, int kernel, int stride, int pad, int at) {
  if (kind == layer_kind::adaptive_average_pool) {
    const std::int64_t side = in, behind = (at + 1) * side;
    return {static_cast<int>(at * side / out), static_cast<int>((behind + out - 1) / out)};
  }
  const index_range taps = taps_of_output(in, kernel, stride, pad, at);
  const int start = at * stride - pad;
  return {start + taps.first, start + taps.last};
}

/// Bilinear interpolation along one axis: result = low_weight * at(low) + high_weight * at(high).
template <class Scalar>
struct bilinear_tap {
  int low, high;
  Scalar low_weight, high_weight;
};

/// Where `kind`, a resize or an upsampling, reads for output `at`. What an upsampling reads outside has weight 0.
template <class Scalar>
HASSE_DEVICE constexpr bilinear_tap<Scalar> bilinear(layer_kind kind, int in, int out, int at) {
  const double centre = (at + 0.5) * in / out - 0.5, end = in - 1;
  if (kind == layer_kind::upsample) {
    if (centre < 0) return {0, 0, Scalar(0), static_cast<Scalar>(centre + 1)};
    const int low = static_cast<int>(centre);
    const auto weight = static_cast<Scalar>(centre - low);
    if (low == in - 1) return {low, low, 1 - weight, Scalar(0)};
    return {low, low + 1, 1 - weight, weight};
  }
  const double aligned = out > 1 ? end * at / (out - 1) : 0;
  const double place = kind == layer_kind::corner_resize ? aligned : centre < 0 ? 0 : (centre < end ? centre : end);
  const int low = static_cast<int>(place);
  const auto weight = static_cast<Scalar>(place - low);
  return {low, low + 1 < in ? low + 1 : low, 1 - weight, weight};
}

}  // namespace hasse::detail
