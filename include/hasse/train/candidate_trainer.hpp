// What a search asks for the merit of a candidate: trains it by the run's one recipe and judges it on the validation samples.
// Used by programs, which hand it to a search; it never sees a test sample, because nobody can give it one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include <hasse/core/apart.hpp>
#include <hasse/kernel/any_backend.hpp>
#include <hasse/train/trainer.hpp>

namespace hasse {

/// Trains candidates for a task, alone, one by one. Backend and sets must outlive it.
template <Backend Engine, Task<typename Engine::scalar> Type = classification>
class candidate_trainer {
 public:
  /// Checkpoints go to `saving.folder`, one file per candidate in training.
  candidate_trainer(Engine& backend, training_data<Type> data, recipe how, checkpoint_policy saving = {})
      : backend_(&backend), data_(std::move(data)), how_(std::move(how)), saving_(std::move(saving)) {
    check(how_);
  }

  /// The outcome of one candidate. Its seed follows from the run's seed and `ordinal` alone, so it does not depend on what was
  /// trained before, nor on which process trains it. `trained` (null: not wanted) receives the network.
  training_outcome operator()(const std::string& name, const layer_list& layers, std::uint64_t ordinal,
                              const progress_sink& progress = {}, model* trained = nullptr) const;

  Engine& backend() const { return *backend_; }
  const recipe& how() const { return how_; }
  const training_data<Type>& data() const { return data_; }

 private:
  Engine* backend_;
  training_data<Type> data_;
  recipe how_;
  checkpoint_policy saving_;
};

// Outside of the class, since g++ instantiates anew whatever is inline.
template <Backend Engine, Task<typename Engine::scalar> Type>
training_outcome candidate_trainer<Engine, Type>::operator()(const std::string& name, const layer_list& layers, std::uint64_t ordinal,
                                                             const progress_sink& progress, model* trained) const {
  trainer<Engine, Type> training(*backend_, name, layers, data_, how_, derive(how_.seed, ordinal), saving_);
  training_outcome outcome = training.run(progress);
  if (trained) *trained = training.result();
  return outcome;
}

#if !HASSE_BODIES_INLINE
extern template class candidate_trainer<any_backend<float>, classification>;
#endif

/// What trains classifiers on the training and validation images of `data`, which must outlive it. Its test images are not looked at.
template <Backend Engine>
candidate_trainer<Engine> train_on(Engine& backend, const splits& data, const recipe& how, checkpoint_policy saving = {}) {
  return {backend, training_data(data.train, data.validation), how, std::move(saving)};
}
template <Backend Engine>
candidate_trainer<Engine> train_on(Engine& backend, splits&& data, const recipe& how, checkpoint_policy saving = {}) = delete;
/// The same for any task.
template <Backend Engine, class Type>
candidate_trainer<Engine, Type> train_on(Engine& backend, const training_data<Type>& data, const recipe& how, checkpoint_policy saving = {}) {
  return {backend, data, how, std::move(saving)};
}

}  // namespace hasse
