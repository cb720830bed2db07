// Stochastic gradient descent with Nesterov momentum over flat parameter memory, with weight decay only where it belongs.
// Used by train/trainer.hpp; the arithmetic is that of PyTorch's SGD(nesterov=True, dampening=0).
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/network/aligned.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/train/descent.hpp>

namespace hasse {

/// One step is one loop over all parameters: g += decay w; v = momentum v + g; w -= rate (g + momentum v).
/// The result does not depend on the number of threads. With a device, values and gradients are its own, and steps only queue.
template <class Scalar>
class nesterov_descent {
 public:
  static constexpr std::string_view name = "sgd";

  nesterov_descent(const parameter_layout& layout, const descent_rule& rule, parameter_accelerator* device = nullptr)
      : nesterov_descent(
            layout, rule, [](const parameter_tensor& tensor) { return decays(tensor); }, device) {}
  /// `decays_too` says which tensors decay.
  template <std::predicate<const parameter_tensor&> Decays>
  nesterov_descent(const parameter_layout& layout, const descent_rule& rule, const Decays& decays_too,
                   parameter_accelerator* device = nullptr)
      : rule_(rule),
        device_(device),
        velocity_(layout.trainable_size),
        decay_(layout.trainable_size / block),
        sums_((decay_.size() + run - 1) / run) {
    for (const parameter_tensor& tensor : layout.trainable)
      if (decays_too(tensor))
        for (std::size_t at = tensor.offset; at < tensor.offset + tensor.size; at += block)
          decay_[at / block] = static_cast<Scalar>(rule.decay);
    placed_velocity_ = mirrored<Scalar>(device, velocity_);
    placed_decay_ = mirrored<Scalar>(device, decay_);
    if (!device) return;
    scales_loss_ = device->scales_loss();
    placed_step_ = backend_array<detail::gpu::descent_step>(device, 1);
    restore_scaling(first_scaling());
    partial_ = backend_array<double>(device, length_partials(layout.trainable_size));
  }

  /// Moves `values` against `gradients` (both as long as the layout's trainable memory).
  void step(Scalar* values, const Scalar* gradients, double learning_rate) {
    const parameter_range all{0, velocity_.size()};
    if (device_) return queue(values, gradients, learning_rate, {&all, 1});
    const double length = rule_.largest_norm > 0 ? norm(gradients) : 0;
    move(values, gradients, learning_rate, length, all);
  }
  /// Moves only what took part: everything else keeps its value and its momentum, bit by bit. `gradients` are those of the ranges,
  /// one behind another.
  void step(Scalar* values, const Scalar* gradients, double learning_rate, std::span<const parameter_range> where) {
    if (device_) return queue(values, gradients, learning_rate, where);
    const std::size_t count = count_of(where);
    double squares = 0;
    if (rule_.largest_norm > 0)
      for (std::size_t i = 0; i < count; ++i) squares += static_cast<double>(gradients[i]) * static_cast<double>(gradients[i]);
    for (const parameter_range& each : where) {
      move(values, gradients, learning_rate, std::sqrt(squares), each);
      gradients += each.end - each.begin;
    }
  }

  /// The momentum of every parameter, brought from the device: what a checkpoint has to keep.
  std::span<Scalar> velocity() {
    placed_velocity_.pull();
    return velocity_;
  }
  std::span<const Scalar> velocity() const {
    placed_velocity_.pull();
    return velocity_;
  }
  /// What a checkpoint keeps of it.
  std::vector<descent_state<Scalar>> state() { return {{"momentum", velocity()}}; }
  /// Where the scale of the loss lies that the gradients must have been multiplied by; null: none.
  const float* loss_scale() { return scales_loss_ ? &placed_step_.data()->loss_scale : nullptr; }
  /// That scale and how long it has been good, which a checkpoint keeps, too; empty without one.
  std::vector<double> scaling() const {
    if (!scales_loss_) return {};
    detail::gpu::descent_step now;
    device_->read(&now, placed_step_.data(), sizeof now);
    return {static_cast<double>(now.loss_scale), static_cast<double>(now.good_steps)};
  }
  void restore_scaling(std::span<const double> kept) {
    if (!device_) return;
    const bool fits = kept.size() == 2 && kept[0] >= detail::gpu::loss_scaling::least &&
                      kept[0] <= detail::gpu::loss_scaling::most && kept[1] >= 0 && kept[1] < 1e9;
    if (scales_loss_ && !fits)
      throw error("a training in half precision was given a scale of its loss that it cannot have; begin it anew");
    detail::gpu::descent_step now;
    if (scales_loss_) now.loss_scale = static_cast<float>(kept[0]), now.good_steps = static_cast<int>(kept[1]);
    device_->write(placed_step_.data(), &now, sizeof now);
  }
  /// Takes the momentum that was written to velocity().
  void push() { placed_velocity_.push(); }

 private:
  static constexpr std::ptrdiff_t block = 16;  // tensors start at multiples of it, so a block has one decay
  static constexpr std::size_t run = 256;      // blocks per partial sum: fixed, so that the norm is the same for any thread count

  std::vector<double> first_scaling() const {
    return scales_loss_ ? std::vector<double>{detail::gpu::loss_scaling::first, 0} : std::vector<double>{};
  }

  static std::size_t count_of(std::span<const parameter_range> where) {
    std::size_t count = 0;
    for (const parameter_range& each : where) count += each.end - each.begin;
    return count;
  }

  void queue(Scalar* values, const Scalar* gradients, double learning_rate, std::span<const parameter_range> where) {
    if constexpr (std::is_same_v<Scalar, float>) {
      const auto rate = static_cast<float>(learning_rate);
      device_->write(&placed_step_.data()->rate, &rate, sizeof rate);
      if (rule_.largest_norm > 0 || scales_loss_)
        device_->measure_gradient(
            {gradients, count_of(where), rule_.largest_norm, scales_loss_, partial_.data(), placed_step_.data()});
      for (const parameter_range& each : where) {
        device_->descend({placed_step_.data(), values, gradients, placed_velocity_.data(), placed_decay_.data(), rule_.momentum,
                          each.begin, each.end});
        gradients += each.end - each.begin;
      }
    }
  }

  /// `gradients` begins with that of the range's first parameter.
  void move(Scalar* values, const Scalar* gradients, double learning_rate, double length, const parameter_range& where) {
    const Scalar rate = static_cast<Scalar>(learning_rate), keep = static_cast<Scalar>(rule_.momentum);
    const Scalar scale = rule_.largest_norm > 0 ? static_cast<Scalar>(shrink(length)) : Scalar{1};
    values += where.begin;
    Scalar* velocity = velocity_.data() + where.begin;
    const Scalar* decay = decay_.data() + static_cast<std::ptrdiff_t>(where.begin) / block;
    const auto blocks = static_cast<std::ptrdiff_t>(where.end - where.begin) / block;
#if defined(_OPENMP)
#pragma omp parallel for schedule(static) if (blocks > 4096)
#endif
    for (std::ptrdiff_t b = 0; b < blocks; ++b) {
      const Scalar fall = decay[b];
#if defined(_OPENMP)
#pragma omp simd
#endif
      for (std::ptrdiff_t i = b * block; i < (b + 1) * block; ++i) {
        const Scalar gradient = scale * gradients[i] + fall * values[i], speed = keep * velocity[i] + gradient;
        velocity[i] = speed;
        values[i] -= rate * (gradient + keep * speed);
      }
    }
  }

  double norm(const Scalar* gradients) {
    const auto runs = static_cast<std::ptrdiff_t>(sums_.size());
#if defined(_OPENMP)
#pragma omp parallel for schedule(static) if (runs > 16)
#endif
    for (std::ptrdiff_t r = 0; r < runs; ++r) {
      const std::size_t first = static_cast<std::size_t>(r) * run * block, last = std::min(first + run * block, velocity_.size());
      double lanes[block] = {};
      for (std::size_t i = first; i < last; i += block)
        for (std::size_t j = 0; j < block; ++j)
          lanes[j] += static_cast<double>(gradients[i + j]) * static_cast<double>(gradients[i + j]);
      double sum = 0;
      for (const double lane : lanes) sum += lane;
      sums_[static_cast<std::size_t>(r)] = sum;
    }
    double sum = 0;
    for (const double part : sums_) sum += part;
    return std::sqrt(sum);
  }
  double shrink(double norm) const { return norm > rule_.largest_norm ? rule_.largest_norm / norm : 1; }

  descent_rule rule_;
  parameter_accelerator* device_;
  bool scales_loss_ = false;
  aligned_vector<Scalar> velocity_, decay_;
  aligned_vector<double> sums_;
  mirrored<Scalar> placed_velocity_, placed_decay_;
  backend_array<detail::gpu::descent_step> placed_step_;
  backend_array<double> partial_;
};

}  // namespace hasse
