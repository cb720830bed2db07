// What a training is given besides its network: the task with its sets, where it is saved, and whose training it is.
// Used by every trainer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include <hasse/core/error.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/origin.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/task/classification.hpp>
#include <hasse/train/checkpoint.hpp>
#include <hasse/train/recipe.hpp>

namespace hasse {

/// What networks learn and what from, and what is derived from it once for all of them. Both sets must outlive it.
template <Task Type = classification>
struct training_data {
  using samples = typename Type::samples;
  Type task;
  const samples* train;
  const samples* validation;
  normalisation scale;         ///< measured on the training samples
  std::uint64_t identity = 0;  ///< of both sets: which samples, in which order, and how they are shown

  training_data(Type what, const samples& training, const samples& validating)
      : task(std::move(what)),
        train(&training),
        validation(&validating),
        scale(task.scale_of(training)),
        identity(derive(identity_of(training), identity_of(validating))) {
    if constexpr (requires { task.text_of(training); }) identity = derive(identity, fnv1a(task.text_of(training)));
  }
  training_data(const samples& training, const samples& validating) : training_data(Type{}, training, validating) {}
  training_data(Type, const samples&&, const samples&) = delete;  // a set that is gone before the training begins
  training_data(Type, const samples&, const samples&&) = delete;
  training_data(Type, const samples&&, const samples&&) = delete;
  training_data(const samples&&, const samples&) = delete;
  training_data(const samples&, const samples&&) = delete;
  training_data(const samples&&, const samples&&) = delete;
  /// The same samples under other options of the task.
  training_data with(Type other) const {
    training_data made = *this;
    made.task = std::move(other);
    return made;
  }
};
training_data(const image_set&, const image_set&) -> training_data<classification>;

/// Where and how often a training is saved. None of it changes the weights.
struct checkpoint_policy {
  std::filesystem::path folder;                                    ///< empty: nothing is saved
  int every_epochs = 1;                                            ///< at the end of every so many epochs; 0: never
  double every_seconds = std::numeric_limits<double>::infinity();  ///< and inside an epoch, when the last one is this old
};

namespace detail {
/// The recipe with its augmentation settled; refuses what cannot be trained.
template <class Type>
recipe checked(recipe how, const layer_list& layers, const training_data<Type>& data) {
  check(how);
  if (layers.size() == 0) throw error("a network without layers cannot be trained; give it at least one");
  data.task.check(*data.train, layers);
  data.task.check(*data.validation, layers);
  if (data.train->size() < static_cast<std::size_t>(how.batch))
    throw error("the image set '" + data.train->name + "' has " + std::to_string(data.train->size()) +
                " training images, fewer than one batch of " + std::to_string(how.batch) + "; make the batch smaller");
  if (!how.augment) how.augment = data.task.usual_augmentation(*data.train);
  return how;
}

/// First weights of a list: what `initialise` gives for that seed.
template <class Scalar>
parameters<Scalar> first_weights(const layer_list& layers, std::uint64_t seed) {
  parameters<Scalar> made(layers);
  random_source random(derive(seed, 1));
  initialise(made, layers, random);
  return made;
}
/// As the task wants them changed.
template <class Type, class Scalar>
parameters<Scalar> begun_by(const Type& task, const layer_list& layers, parameters<Scalar> made) {
  if constexpr (requires { task.initialise(made, layers); }) task.initialise(made, layers);
  return made;
}
}  // namespace detail

namespace detail {
/// Whose training it is, all that decides the weights; `more` says what the layers and the recipe do not.
template <Backend Engine, class Type>
training_identity identity_of(const Engine& backend, std::string name, const layer_list& layers, const training_data<Type>& data,
                              const recipe& how, std::uint64_t seed, std::string_view more = {}) {
  std::uint64_t hash = fnv1a(more, fnv1a(data.task.text() + '\n', fnv1a(to_text(how))));
  hash = fnv1a(outputs_text(layers), hash);
  if (const std::string bodies = bodies_text(backend, layers); !bodies.empty()) hash = fnv1a(bodies, hash);
  for (const layer& item : layers)
    for_each_number(item, [&](std::int64_t number) { hash = derive(hash, static_cast<std::uint64_t>(number)); });
  return {std::move(name), derive(hash, data.identity), seed, backend.identity()};
}
}  // namespace detail

}  // namespace hasse
