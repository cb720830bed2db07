// RMSProp with momentum: what the TuNAS paper trains shared weights with. On the processor.
// Used as the policy of a training: trainer<cpu, classification, rmsprop_descent>.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/network/aligned.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/train/descent.hpp>

namespace hasse {

/// g += decay w; s = 0.9 s + 0.1 g^2; v = momentum v + rate g / sqrt(s + epsilon); w -= v, as TensorFlow's RMSPropOptimizer has it:
/// the squares s begin at 1 and the rate is inside of the momentum. Models Descent.
template <class Scalar>
class rmsprop_descent {
 public:
  static constexpr std::string_view name = "rmsprop 0.9, epsilon 1";
  static constexpr double share = 0.9, epsilon = 1;  // of TuNAS

  rmsprop_descent(const parameter_layout& layout, const descent_rule& rule, parameter_accelerator* device = nullptr)
      : rmsprop_descent(
            layout, rule, [](const parameter_tensor& tensor) { return decays(tensor); }, device) {}
  template <std::predicate<const parameter_tensor&> Decays>
  rmsprop_descent(const parameter_layout& layout, const descent_rule& rule, const Decays& decays_too, parameter_accelerator* device = nullptr)
      : rule_(rule), velocity_(layout.trainable_size), squares_(layout.trainable_size, Scalar{1}), decay_(layout.trainable_size) {
    if (device) throw error("RMSProp runs on the processor and a device was asked for; train there with SGD, or on the processor");
    for (const parameter_tensor& tensor : layout.trainable)
      if (decays_too(tensor)) std::fill_n(decay_.begin() + static_cast<std::ptrdiff_t>(tensor.offset), tensor.size, static_cast<Scalar>(rule.decay));
  }

  void step(Scalar* values, const Scalar* gradients, double rate) {
    const parameter_range all{0, velocity_.size()};
    step(values, gradients, rate, {&all, 1});
  }
  void step(Scalar* values, const Scalar* gradients, double rate, std::span<const parameter_range> where) {
    const auto factor = static_cast<Scalar>(shrink(gradients, where));
    for (const parameter_range& each : where) {
      for (std::size_t i = each.begin; i < each.end; ++i, ++gradients) {
        const Scalar gradient = factor * *gradients + decay_[i] * values[i];
        squares_[i] = static_cast<Scalar>(share) * squares_[i] + static_cast<Scalar>(1 - share) * gradient * gradient;
        velocity_[i] = static_cast<Scalar>(rule_.momentum) * velocity_[i] +
                       static_cast<Scalar>(rate) * gradient / std::sqrt(squares_[i] + static_cast<Scalar>(epsilon));
        values[i] -= velocity_[i];
      }
    }
  }

  std::vector<descent_state<Scalar>> state() { return {{"momentum", velocity_}, {"squares", squares_}}; }
  void push() {}
  const float* loss_scale() { return nullptr; }
  std::vector<double> scaling() const { return {}; }
  void restore_scaling(std::span<const double>) {}

 private:
  double shrink(const Scalar* gradients, std::span<const parameter_range> where) const {
    if (rule_.largest_norm <= 0) return 1;
    double squares = 0;
    for (const parameter_range& each : where)
      for (std::size_t i = each.begin; i < each.end; ++i, ++gradients) squares += static_cast<double>(*gradients) * static_cast<double>(*gradients);
    const double norm = std::sqrt(squares);
    return norm > rule_.largest_norm ? rule_.largest_norm / norm : 1;
  }

  descent_rule rule_;
  aligned_vector<Scalar> velocity_, squares_, decay_;
};

}  // namespace hasse
