// What an optimiser is: a policy of every training, which turns complete flat gradients into a step.
// Used by train/training_loop.hpp; shipped are train/sgd.hpp (the default) and train/rmsprop.hpp.
#pragma once

#include <concepts>
#include <span>
#include <string_view>
#include <vector>

#include <hasse/kernel/accelerator.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/train/checkpoint.hpp>

namespace hasse {

/// Weight decay pulls weights to zero, except those that it would only disturb: batch norm, biases and depthwise kernels.
inline bool decays(const parameter_tensor& tensor) { return tensor.role == parameter_role::weight && !tensor.depthwise; }

/// How a gradient becomes a step; the learning rate comes with each step.
struct descent_rule {
  double momentum = 0.9;
  double decay = 1e-4;
  double largest_norm = 0;  ///< gradients of a larger Euclidean norm are scaled down to it; 0: never
};

/// Made from (layout, descent_rule, which tensors decay, device). step() moves values against gradients, both as long as the layout's
/// trainable memory, or only the ranges that took part, whose gradients lie one behind another. state() is what a checkpoint keeps,
/// the momentum first; push() takes what was written there. loss_scale(): where the factor lies that gradients were multiplied by,
/// null: none; scaling() and restore_scaling(): what a checkpoint keeps of it. `name` goes into the identity of a training.
template <class Type, class Scalar>
concept Descent = requires(Type& it, const Type& seen, Scalar* values, const Scalar* gradients, double rate, std::span<const parameter_range> where,
                           std::span<const double> kept) {
  { Type::name } -> std::convertible_to<std::string_view>;
  it.step(values, gradients, rate);
  it.step(values, gradients, rate, where);
  { it.state() } -> std::same_as<std::vector<descent_state<Scalar>>>;
  it.push();
  { it.loss_scale() } -> std::same_as<const float*>;
  { seen.scaling() } -> std::same_as<std::vector<double>>;
  it.restore_scaling(kept);
};

}  // namespace hasse
