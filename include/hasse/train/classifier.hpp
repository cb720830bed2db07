// What a search asks for the accuracy of a candidate: trains it by the run's one recipe and judges it on the validation images.
// Used by programs, which hand it to a search; it never sees a test image, because nobody can give it one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>

#include <hasse/train/trainer.hpp>

namespace hasse {

/// Trains candidates on `train` and judges them on `validation`. The backend and both sets must outlive it.
template <Backend Engine>
class classifier {
 public:
  /// Checkpoints go to `saving.folder`, one file per candidate in training.
  classifier(Engine& backend, const image_set& train, const image_set& validation, recipe how, checkpoint_policy saving = {})
      : backend_(&backend), data_(train, validation), how_(std::move(how)), saving_(std::move(saving)) {
    check(how_);
  }

  /// The outcome of one candidate. Its seed follows from the run's seed and `ordinal` alone, so it does not depend on what was
  /// trained before, nor on which process trains it. `trained` (null: not wanted) receives the network.
  training_outcome operator()(const std::string& name, const layer_list& layers, std::uint64_t ordinal,
                              const progress_sink& progress = {}, model* trained = nullptr) const {
    trainer<Engine> training(*backend_, name, layers, data_, how_, derive(how_.seed, ordinal), saving_);
    training_outcome outcome = training.run(progress);
    if (trained) *trained = training.result();
    return outcome;
  }

  const recipe& how() const { return how_; }
  const training_data& data() const { return data_; }

 private:
  Engine* backend_;
  training_data data_;
  recipe how_;
  checkpoint_policy saving_;
};

/// A classifier for the training and validation images of `data`, which must outlive it. Its test images are not looked at.
template <Backend Engine>
classifier<Engine> train_on(Engine& backend, const splits& data, const recipe& how, checkpoint_policy saving = {}) {
  return classifier<Engine>(backend, data.train, data.validation, how, std::move(saving));
}
template <Backend Engine>
classifier<Engine> train_on(Engine& backend, splits&& data, const recipe& how, checkpoint_policy saving = {}) = delete;

}  // namespace hasse
