// Trains one network for a task: forward, the task's loss, backward.
// Used by train/candidate_trainer.hpp for the candidates of a search, and alone for a network that was chosen by hand.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/training.hpp>
#include <hasse/task/bound_loss.hpp>
#include <hasse/train/evaluate.hpp>
#include <hasse/train/training_loop.hpp>
#include <hasse/train/weight_average.hpp>

namespace hasse {

namespace detail {
/// One network in training, and the same folded, to be judged.
template <Backend Engine, Task<typename Engine::scalar> Type>
class single_network : public network_in_training<training_network<Engine>, Type> {
  using base = network_in_training<training_network<Engine>, Type>;
  using base::network_;

 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  single_network(Engine& backend, const layer_list& layers, const Type& task, const recipe& how, std::uint64_t seed)
      : base(backend, layers, task, how.batch, begun_by(task, layers, first_weights<parameter>(layers, seed))),
        outputs_(network_outputs<scalar>::of(network_)),
        loss_(task, this->device(), how.batch, outputs_.shapes),
        judge_(backend, layers, how.batch, this->weights_) {
    if (how.average > 0) average_.emplace(how.average, this->weights_);
  }

  read_order judging_order() const { return read_order::evaluation; }
  scalar* input() { return network_.input(); }
  batch_loss step(targets_of<Type, scalar> wanted, std::int64_t) {
    loss_.expect(wanted);
    const auto all = [this] {
      network_.forward();
      loss_.queue(outputs_);
      network_.backward();
    };
    if (loss_.can_be_recorded())
      sequence_.run(this->device(), all);
    else
      all();
    this->clear_fixed();
    return loss_.result();
  }
  static constexpr const char* follower = "mean of the weights";
  double after_step(const training_position& at, std::int64_t steps) {
    if (average_) average_->add(this->weights(), at.epoch * steps + at.batch);
    return 0;
  }
  std::vector<checkpoint_numbers> numbers() { return average_ ? average_->numbers() : std::vector<checkpoint_numbers>(); }
  /// What is judged and handed over.
  parameters<parameter> result() const { return average_ ? average_->mean(this->weights()) : this->weights(); }

  template <class Feed>
  evaluation judge(Feed& feed, const normalisation& scale) {
    judge_.load(result());
    return evaluate(loss_.task(), judge_, feed, scale);
  }
  void scale_loss(const float* scale) { loss_.scale_by(scale); }

 private:
  network_outputs<scalar> outputs_;
  bound_loss<Type, scalar> loss_;
  repeated sequence_;
  inference_network<Engine> judge_;
  std::optional<weight_average<parameter>> average_;
};
}  // namespace detail

/// The training of one network. The backend and the sets must outlive it.
template <Backend Engine, Task<typename Engine::scalar> Type = classification, template <class> class Optimiser = nesterov_descent>
class trainer : public training_loop<Type, detail::single_network<Engine, Type>, Optimiser> {
  using loop = training_loop<Type, detail::single_network<Engine, Type>, Optimiser>;

 public:
  /// `seed` decides the first weights and every augmentation (the recipe's own seed is for whoever trains several networks).
  /// A checkpoint of the same training in the folder is gone on with; one of another is refused.
  trainer(Engine& backend, std::string name, const layer_list& layers, const training_data<Type>& data, const recipe& how,
          std::uint64_t seed, checkpoint_policy saving = {})
      : trainer(backend, std::move(name), layers, data, detail::checked(how, layers, data), seed, std::move(saving), {}) {}

  /// The network as it is now, in float: to be saved or exported.
  model result() const { return {this->name(), layers_, parameters<float>(this->trainee().result())}; }

 private:
  struct is_checked {};
  trainer(Engine& backend, std::string name, const layer_list& layers, const training_data<Type>& data, const recipe& how,
          std::uint64_t seed, checkpoint_policy saving, is_checked)
      : loop(detail::identity_of(backend, std::move(name), layers, data, how, seed), data, how, std::move(saving),
             [&](const recipe& settled) {
               return detail::single_network<Engine, Type>(backend, layers, data.task, settled, seed);
             }),
        layers_(layers) {}

  layer_list layers_;
};

}  // namespace hasse
