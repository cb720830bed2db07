// The scalar functions and index rules that every backend on the host shares: activations, windows, bilinear taps.
// Used by kernel/reference.hpp and kernel/cpu.hpp.
#pragma once

#include <algorithm>
#include <type_traits>

#include <hasse/space/layer.hpp>

namespace hasse::detail {

template <activation Act, class Scalar>
constexpr Scalar activated(Scalar x) {
  if constexpr (Act == activation::relu) return x > Scalar(0) ? x : Scalar(0);
  if constexpr (Act == activation::relu6) return x > Scalar(0) ? (x < Scalar(6) ? x : Scalar(6)) : Scalar(0);
  if constexpr (Act == activation::hard_swish) {
    const Scalar gate = x + Scalar(3);
    return x * (gate > Scalar(0) ? (gate < Scalar(6) ? gate : Scalar(6)) : Scalar(0)) / Scalar(6);
  }
  if constexpr (Act == activation::none) return x;
}

/// What is left of a gradient behind the activation of `x`. For none, relu and relu6 the activated value may stand in for `x`:
/// the answer is the same. Written as selections of ready values, which every compiler vectorises.
template <activation Act, class Scalar>
constexpr Scalar passed_back(Scalar gradient, Scalar x) {
  if constexpr (Act == activation::relu) return x > Scalar(0) ? gradient : Scalar(0);
  if constexpr (Act == activation::relu6) {
    const Scalar above = x > Scalar(0) ? gradient : Scalar(0);
    return x < Scalar(6) ? above : Scalar(0);
  }
  if constexpr (Act == activation::hard_swish) {
    const Scalar rising = x > Scalar(-3) ? x / Scalar(3) + Scalar(0.5) : Scalar(0);
    return gradient * (x < Scalar(3) ? rising : Scalar(1));
  }
  if constexpr (Act == activation::none) return gradient;
}

/// Whether `passed_back` needs the value before the activation, or the activated one will do.
constexpr bool passes_back_from_result(activation act) { return act != activation::hard_swish; }

/// Calls `body(std::integral_constant<activation, act>{})`: the choice is made outside the loop.
template <class Body>
void with_activation(activation act, Body&& body) {
  switch (act) {
    case activation::none:
      return body(std::integral_constant<activation, activation::none>{});
    case activation::relu:
      return body(std::integral_constant<activation, activation::relu>{});
    case activation::relu6:
      return body(std::integral_constant<activation, activation::relu6>{});
    case activation::hard_swish:
      return body(std::integral_constant<activation, activation::hard_swish>{});
  }
}

/// A half-open range of indices; empty when first == last.
struct index_range {
  int first = 0, last = 0;
  constexpr int size() const { return last - first; }
};

/// The outputs whose window tap `tap` reads a real input and not padding.
constexpr index_range outputs_of_tap(int in, int out, int stride, int pad, int tap) {
  const int first = pad > tap ? (pad - tap + stride - 1) / stride : 0;
  const int room = in - 1 + pad - tap;
  const int last = room < 0 ? 0 : std::min(out, room / stride + 1);
  return {std::min(first, last), last};
}

/// The taps with which output `at` reads a real input.
constexpr index_range taps_of_output(int in, int kernel, int stride, int pad, int at) {
  const int start = at * stride - pad;
  return {std::max(0, -start), std::min(kernel, in - start)};
}

/// Bilinear interpolation along one axis: result = (1 - weight) * at(low) + weight * at(high).
template <class Scalar>
struct bilinear_tap {
  int low, high;
  Scalar weight;
};

template <class Scalar>
constexpr bilinear_tap<Scalar> bilinear(int in, int out, int at) {
  const double centre = (at + 0.5) * in / out - 0.5;
  const double place = std::clamp(centre, 0.0, static_cast<double>(in - 1));
  const int low = static_cast<int>(place);
  return {low, std::min(low + 1, in - 1), static_cast<Scalar>(place - low)};
}

}  // namespace hasse::detail
