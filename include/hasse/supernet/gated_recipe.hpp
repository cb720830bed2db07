// How a search through gates goes, what it finds, and what it refuses before anything is reserved.
// Used by supernet/gated_search.hpp and the programs that fill it from a command line.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/supernet/gated.hpp>
#include <hasse/supernet/gated_costs.hpp>
#include <hasse/supernet/gates.hpp>
#include <hasse/supernet/latency_loss.hpp>
#include <hasse/task/record.hpp>
#include <hasse/train/recipe.hpp>
#include <hasse/train/training_data.hpp>

namespace hasse {

/// How architecture parameters learn (spec 2.3, 2.5): from all candidates, each computed in turn; from two per block, the rest as
/// if they were not there; or from the rewards of whole paths.
enum class gate_method : std::uint8_t { gradient_full, gradient_two, reinforce };

constexpr std::string_view name_of(gate_method method) {
  constexpr std::string_view names[] = {"gradient-full", "gradient-two", "reinforce"};
  return names[static_cast<int>(method)];
}

/// Spec 2.6. Epochs of weight steps with the gates as they begin, then epochs in which every `period`-th weight step is followed by
/// one of the gates, from the second of these epochs on. Gates see the validation images, weights never do.
/// Label smoothing is the task's, for the steps of the weights alone: the publication has classification{.label_smoothing = 0.1}.
struct gated_recipe {
  int warmup_epochs = 4, epochs = 12;
  int batch = 64;
  double warmup_rate = 0.05, rate = 0.025;  ///< of the weights; each phase goes down along half a cosine
  double momentum = 0.9, decay = 4e-5;
  gate_method method = gate_method::gradient_two;
  gate_descent_rule gates{};
  int period = 5;
  int paths = 10;                 ///< REINFORCE: per step
  bool reference_compat = false;  ///< REINFORCE: the baseline of the published code (reward_baseline)
  latency_loss loss = additive_latency{};
  double target = 0;        ///< in the unit of the costs; 0: costs do not count
  double tolerance = 0.05;  ///< share of the target by which a network may miss it without a word; moves no gate
  augmentation augment{};
  std::uint64_t seed = 1;
};

/// All that decides gates and weights but the seed, as one line: what configurations show and hash.
HASSE_BODY std::string to_text(const gated_recipe& how);

/// Where a search stood after an epoch.
struct gated_epoch {
  epoch_record
      training;  ///< loss and accuracy of the sampled paths; validation accuracy of the likeliest one, statistics of the batch
  double entropy = 0;    ///< mean over the blocks, nats
  double expected = 0;   ///< cost of the drawn paths on average
  double likeliest = 0;  ///< cost of the likeliest path
  /// How hard accuracy and cost pulled at the gates: the length of their gradients by alpha, mean over the epoch's steps of the
  /// gates; 0 where there was none, and with REINFORCE, whose reward does not separate them.
  double accuracy_pull = 0, cost_pull = 0;
  std::vector<double> probabilities;  ///< flat, as the gates
};

/// What a search found.
struct gated_outcome {
  std::vector<int> choice;  ///< one candidate per block of the list
  double cost = 0;          ///< in the unit of the target
  std::vector<gated_epoch> curve;
  bool diverged = false;
  std::string note;  ///< why it ended early, or by how much the target was missed
};

/// Refuses what no search can do with this list and these images, in one sentence, before anything is reserved.
template <class Type>
void check(const gated_list& list, const gated_recipe& how, const training_data<Type>& data) {
  list.check();
  if (list.searched().empty()) throw error("no block of the supernet has a choice; give at least one several candidates");
  if (how.warmup_epochs < 0 || how.warmup_epochs > 100'000 || how.epochs < 2 || how.period < 1 || how.paths < 1)
    throw error("a search of " + std::to_string(how.warmup_epochs) + " + " + std::to_string(how.epochs) + " epochs with " +
                std::to_string(how.paths) + " paths and gates every " + std::to_string(how.period) +
                " steps was asked for; give at least two epochs, since gates begin with the second, one path and a period of 1");
  for (const double rate : {how.warmup_rate, how.rate})
    check(recipe{.epochs = how.epochs,
                 .batch = how.batch,
                 .learning_rate = rate,
                 .momentum = how.momentum,
                 .decay = how.decay});
  if (!(how.target >= 0) || !std::isfinite(how.target))
    throw error("the target is not a number of at least 0; give one, or 0 for none");
  if (!(how.tolerance >= 0 && how.tolerance <= 1))
    throw error("a tolerance of " + std::to_string(how.tolerance) + " was given; give a share of the target from 0 to 1");
  for (const auto* set : {data.train, data.validation}) {
    data.task.check(*set, list.path(std::vector<int>(list.blocks.size(), 0)));
    if (set->size() < static_cast<std::size_t>(how.batch))
      throw error("the image set '" + set->name + "' has " + std::to_string(set->size()) + " images, fewer than one batch of " +
                  std::to_string(how.batch) + "; make the batch smaller");
  }
  const std::size_t steps = data.train->size() / static_cast<std::size_t>(how.batch);
  if (steps < static_cast<std::size_t>(how.period))
    throw error("gates that learn every " + std::to_string(how.period) + " steps never do in epochs of " + std::to_string(steps) +
                "; give a smaller period or batch, or more images");
}

/// The same of the target, once costs are known: one that no network meets, and costs that the loss cannot weigh.
HASSE_BODY void check(const gated_costs& costs, const gated_recipe& how);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/gated_recipe.inl>
#endif
