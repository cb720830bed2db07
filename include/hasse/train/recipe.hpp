// How networks are trained: one recipe for all candidates of a search, since comparability matters more than the level.
// Used by train/trainer.hpp and by the programs that fill it from a command line.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/train/schedule.hpp>

namespace hasse {

/// Stochastic gradient descent with Nesterov momentum. Everything here decides the weights, and nothing else does but the data,
/// the backend and its number of threads.
struct recipe {
  int epochs = 12;
  int batch = 128;
  double learning_rate = 0.05;
  double momentum = 0.9;
  double decay = 1e-4;  ///< of dense weights only
  double largest_gradient = 0;  ///< Euclidean norm above which gradients are scaled down; 0: never
  decay_rule schedule = cosine_decay{};
  double warmup_epochs = 0;
  double average = 0;  ///< of the weights over the steps, which is judged and is the result: the share that a step keeps; 0: the last weights
  std::optional<augmentation> augment{};  ///< empty: the task's usual_augmentation() of the training set
  std::uint64_t seed = 1;
};

/// The name of a recipe where it is given: `train_on(images, sgd{.epochs = 12})`.
using sgd = recipe;

/// Refuses a recipe that cannot train, by the first value that is impossible.
HASSE_BODY void check(const recipe& how);

/// Every value of a recipe but its seed, as one line: what configurations show and hash.
HASSE_BODY std::string to_text(const recipe& how);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/train/recipe.inl>
#endif
