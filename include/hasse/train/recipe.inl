// The bodies of train/recipe.hpp, as core/apart.hpp says.
#pragma once

#include <cmath>
#include <cstdio>
#include <string>
#include <variant>

#include <hasse/train/recipe.hpp>

namespace hasse {

HASSE_BODY void check(const recipe& how) {
  const auto demand = [](bool holds, const char* what, double value, const char* needed) {
    char text[160];
    std::snprintf(text, sizeof text, "%s is %g, but it must be %s", what, value, needed);
    if (!holds) throw error(text);
  };
  demand(how.epochs >= 1 && how.epochs <= 100'000, "the number of epochs", how.epochs, "between 1 and 100000");
  demand(how.batch >= 1 && how.batch <= 65'536, "the batch", how.batch, "between 1 and 65536");
  demand(how.learning_rate > 0 && std::isfinite(how.learning_rate), "the learning rate", how.learning_rate, "positive and finite");
  demand(how.momentum >= 0 && how.momentum < 1, "the momentum", how.momentum, "at least 0 and below 1");
  demand(how.decay >= 0 && std::isfinite(how.decay), "the weight decay", how.decay, "at least 0 and finite");
  demand(how.largest_gradient >= 0 && std::isfinite(how.largest_gradient), "the largest gradient norm", how.largest_gradient,
         "at least 0 and finite");
  demand(how.warmup_epochs >= 0 && how.warmup_epochs <= how.epochs, "the warm-up in epochs", how.warmup_epochs,
         "between 0 and the number of epochs");
  demand(how.average >= 0 && how.average < 1, "the share that a mean of weights keeps", how.average, "at least 0 and below 1");
  if (const auto* steps = std::get_if<step_decay>(&how.schedule)) {
    demand(steps->plateaus >= 1 && steps->plateaus <= 1000, "the number of plateaus of the step schedule", steps->plateaus,
           "between 1 and 1000");
    demand(steps->factor > 0 && steps->factor <= 1, "the factor of the step schedule", steps->factor, "above 0 and at most 1");
  }
}

HASSE_BODY std::string to_text(const recipe& how) {
  // A member more does not compile until it is written.
  const auto& [epochs, batch, learning_rate, momentum, decay, largest_gradient, decay_of_rate, warmup_epochs,
               average, augmented, seed] = how;
  std::string schedule(name_of(decay_of_rate));
  if (const auto* steps = std::get_if<step_decay>(&decay_of_rate))
    schedule += "(" + std::to_string(steps->plateaus) + " x " + exact_text(steps->factor) + ")";
  const std::string augment =
      !augmented ? "usual" : "pad " + std::to_string(augmented->pad) + (augmented->flip ? " flip" : "");
  return "epochs " + std::to_string(epochs) + ", batch " + std::to_string(batch) + ", learning rate " + exact_text(learning_rate) +
         ", momentum " + exact_text(momentum) + ", decay " + exact_text(decay) + ", largest gradient " + exact_text(largest_gradient) +
         ", schedule " + schedule + ", warm-up " + exact_text(warmup_epochs) + " epochs, augmentation " + augment +
         (average > 0 ? ", mean of weights " + exact_text(average) : std::string());
}

}  // namespace hasse
