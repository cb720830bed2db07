// Trains one network: the usual loop over forward, cross-entropy and backward.
// Used by train/classifier.hpp for the candidates of a search, and alone for a network that was chosen by hand.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/training.hpp>
#include <hasse/train/answer_loss.hpp>
#include <hasse/train/training_loop.hpp>

namespace hasse {

namespace detail {
/// One network in training, and the same folded, to be judged.
template <Backend Engine>
class single_network : public network_in_training<training_network<Engine>> {
  using base = network_in_training<training_network<Engine>>;
  using base::network_;

 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;
  static constexpr read_order judging_order = read_order::evaluation;

  single_network(Engine& backend, const layer_list& layers, const recipe& how, std::uint64_t seed)
      : base(backend, layers, how.batch, first_weights<parameter>(layers, seed)),
        label_smoothing_(how.label_smoothing),
        loss_(this->device(), how.batch, static_cast<int>(network_.output_shape().size())),
        judge_(backend, layers, how.batch, this->weights_) {}

  scalar* input() { return network_.input(); }
  accelerator<scalar>* feeds_from() { return this->device(); }
  batch_loss step(const int* labels, std::int64_t) {
    loss_.set_labels(labels);
    sequence_.run(this->device(), [this] {
      network_.forward();
      loss_.queue(network_.output(), label_smoothing_, network_.output_gradient());
      network_.backward();
    });
    return loss_.result();
  }
  evaluation judge(batch_feed<scalar>& feed) {
    judge_.load(this->weights());
    return evaluate(judge_, feed);
  }
  void scale_loss(const float* scale) { loss_.scale_by(scale); }

 private:
  double label_smoothing_;
  answer_loss<scalar> loss_;
  repeated sequence_;
  inference_network<Engine> judge_;
};
}  // namespace detail

/// The training of one network. The backend and the image sets must outlive it.
template <Backend Engine>
class trainer : public training_loop<detail::single_network<Engine>> {
 public:
  /// `seed` decides the first weights and every augmentation (the recipe's own seed is for whoever trains several networks).
  /// A checkpoint of the same training in the folder is gone on with; one of another is refused.
  trainer(Engine& backend, std::string name, const layer_list& layers, const training_data& data, const recipe& how,
          std::uint64_t seed, checkpoint_policy saving = {})
      : trainer(backend, std::move(name), layers, data, checked(how, layers, data), seed, std::move(saving), {}) {}

  /// The network as it is now, in float: to be saved or exported.
  model result() const { return {this->name(), layers_, parameters<float>(this->weights())}; }

 private:
  struct is_checked {};
  trainer(Engine& backend, std::string name, const layer_list& layers, const training_data& data, const recipe& how,
          std::uint64_t seed, checkpoint_policy saving, is_checked)
      : training_loop<detail::single_network<Engine>>(
            detail::identity_of(backend, std::move(name), layers, data.identity, how, seed), data, how, std::move(saving),
            [&](const recipe& settled) { return detail::single_network<Engine>(backend, layers, settled, seed); }),
        layers_(layers) {}

  static recipe checked(const recipe& how, const layer_list& layers, const training_data& data) {
    check(how);
    if (layers.size() == 0) throw error("a network without layers cannot be trained; give it at least one");
    check_images(*data.train, layers.input, layers.items.back().out);
    check_images(*data.validation, layers.input, layers.items.back().out);
    return detail::checked(how, data);
  }

  layer_list layers_;
};

}  // namespace hasse
