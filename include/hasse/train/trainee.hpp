// What a training loop trains: one network, one at many widths, paths of a supernet. Used by train/training_loop.hpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/data/batch_reader.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/task/bound_loss.hpp>
#include <hasse/train/checkpoint.hpp>

namespace hasse {

/// What a training loop trains. input() is where the network reads a batch of images, in the memory of device();
/// step(targets, iteration) runs forward and backward and leaves the sum of what it wants in gradients(), unless the loss that it
/// returns is not finite; trainable() is what those move. judge(feed, scale) says how good the weights are now, by a feed of the
/// validation set in judging_order(). weights() are brought to the processor; push() takes them back. scale_loss(where) names the
/// factor of its loss on a device in half precision.
///
/// Optional, each used where it is there:
/// - `begin_step(iteration)`: before input() is asked for;
/// - `active()`: the ranges of parameters that took part in the last step, whose gradients lie one behind another;
/// - `rate(at, batch, steps)`: the learning rate, where it is not the recipe's schedule;
/// - `after_step(at, steps)`: more work once the weights have moved; returns its loss, `follower` says whose;
/// - `after_epoch(at)`: what it keeps of an epoch;
/// - `numbers()`: what a checkpoint keeps besides weights and place, filled by keep() before it is written, taken by
///   restore(path) after it was read;
/// - `doing(text, at)`: how progress reads; `checkpoint_ending`; `judging_seed()`; `is_fixed(tensor)`: weights that do not decay.
template <class Type>
concept Trainee = requires(Type& it, const Type& seen, const float* scale) {
  typename Type::scalar;
  typename Type::parameter;
  { seen.judging_order() } -> std::same_as<read_order>;
  { it.input() } -> std::same_as<typename Type::scalar*>;
  { it.device() } -> std::same_as<accelerator<typename Type::scalar>*>;
  { it.gradients() } -> std::convertible_to<const typename Type::parameter*>;
  { it.trainable() } -> std::same_as<typename Type::parameter*>;
  { it.weights() } -> std::same_as<parameters<typename Type::parameter>&>;
  it.push();
  it.scale_loss(scale);
};

namespace detail {
/// A task of which some weights never change.
template <class Task>
concept FixesWeights = requires(const Task& task, const layer_list& layers, const parameter_tensor& tensor) {
  { task.is_fixed(layers, tensor) } -> std::convertible_to<bool>;
};

/// A network in training and the parameters that it reads: what every trainee is, whatever it does with them.
template <class Network>
class weights_in_training {
 public:
  using scalar = typename Network::scalar;
  using parameter = typename Network::parameter;

  weights_in_training(const weights_in_training&) = delete;
  weights_in_training& operator=(const weights_in_training&) = delete;

  accelerator<scalar>* device() const { return network_.device(); }
  const parameter* gradients() { return network_.gradients(); }
  parameter* trainable() { return network_.trainable(); }
  parameters<parameter>& weights() {
    network_.pull();
    return weights_;
  }
  const parameters<parameter>& weights() const {
    network_.pull();
    return weights_;
  }
  void push() { network_.push(); }

 protected:
  /// `made_of`: the layers, or what else the network is made from.
  template <class Engine, class Source>
  weights_in_training(Engine& backend, const Source& made_of, int batch, parameters<parameter> weights)
      : weights_(std::move(weights)), network_(backend, made_of, batch, weights_) {}

  parameters<parameter> weights_;
  Network network_;
};

/// The same of a network that trains as a whole.
template <class Network, class Task>
class network_in_training : public weights_in_training<Network> {
  using base = weights_in_training<Network>;

 public:
  using typename base::parameter;

  /// What the task leaves as it begins.
  bool is_fixed(const parameter_tensor& tensor) const {
    if constexpr (FixesWeights<Task>)
      return task_.is_fixed(layers_, tensor);
    else
      return false;
  }

 protected:
  template <class Engine>
  network_in_training(Engine& backend, const layer_list& layers, const Task& task, int batch, parameters<parameter> weights)
      : base(backend, layers, batch, std::move(weights)), task_(task), layers_(layers) {}

  void clear_fixed() {
    if constexpr (FixesWeights<Task>)
      for (const parameter_tensor& tensor : this->weights_.layout.trainable)
        if (is_fixed(tensor)) clear_at(this->device(), this->network_.gradients() + tensor.offset, tensor.size);
  }

 private:
  Task task_;
  layer_list layers_;
};
}  // namespace detail

}  // namespace hasse
