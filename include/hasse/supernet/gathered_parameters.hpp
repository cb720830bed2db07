// The parameters of one layer of many that share theirs: brought together before its step where its channels do not stand together,
// and their gradients taken back behind it. Used by slimmable and masked networks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/network/training.hpp>
#include <hasse/supernet/slices.hpp>

namespace hasse::detail {

template <Backend Engine>
class gathered_parameters {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// The leading channels of a shared tensor, whose gradients begin at `gradient`.
  struct part {
    std::size_t offset, gradient;
    placed_slice slice;
  };
  struct bound_step {
    std::optional<decltype(std::declval<Engine&>().make_training(layer{}, 1, training_operands<scalar>{}))> step;
    std::optional<part> weight, bias;  ///< none: the step reads and writes the shared ones, or has none
  };

  explicit gathered_parameters(parameter_accelerator* device = nullptr) : device_(device) {}

  /// Room for the largest layer; nothing gets smaller.
  void reserve(std::size_t weights, std::size_t biases, bool learns) {
    grow(weights_, weights), grow(biases_, biases);
    if (learns) grow(weight_gradients_, weights), grow(bias_gradients_, biases);
  }
  parameter* weights() { return weights_.data(); }
  parameter* biases() { return biases_.data(); }
  parameter* weight_gradients() { return weight_gradients_.data(); }
  parameter* bias_gradients() { return bias_gradients_.data(); }
  std::size_t bytes() const {
    return (weights_.size() + biases_.size() + weight_gradients_.size() + bias_gradients_.size()) * sizeof(parameter);
  }

  void forward(bound_step& each, parameter* shared) {
    gather(each, shared);
    each.step->forward();
  }
  /// A whole way back; `step_of(index)` is the bound_step of a layer.
  template <class StepOf>
  void backward(std::span<const training_plan::backward_step> order, parameter* shared, parameter* gradients, StepOf&& step_of) {
    run_backward(order, [&](int index) { return passing{*this, step_of(index), shared, gradients}; });
  }

 private:
  struct passing {
    gathered_parameters& of;
    bound_step& each;
    parameter *shared, *gradients;
    void recompute() {
      of.gather(each, shared);
      each.step->recompute();
    }
    void backward() {
      of.gather(each, shared);
      each.step->backward();
      scatter(each.weight, of.weight_gradients_, gradients);
      scatter(each.bias, of.bias_gradients_, gradients);
    }
  };

  void gather(const bound_step& each, parameter* shared) {
    const auto bring = [&](const std::optional<part>& tensor, auto& room) {
      if (tensor && !tensor->slice.leads_whole_rows()) tensor->slice.gather(shared + tensor->offset, room.data());
    };
    bring(each.weight, weights_), bring(each.bias, biases_);
  }
  static void scatter(const std::optional<part>& tensor, backend_array<parameter>& from, parameter* gradients) {
    if (tensor) tensor->slice.add_to(gradients + tensor->gradient, from.data());
  }
  void grow(backend_array<parameter>& room, std::size_t size) {
    if (room.size() >= size) return;
    room = {};  // before the larger one is there
    room = backend_array<parameter>(device_, size);
  }

  parameter_accelerator* device_;
  backend_array<parameter> weights_, biases_, weight_gradients_, bias_gradients_;
};

}  // namespace hasse::detail
