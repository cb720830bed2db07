// How a search through masks goes, what it finds, and what it refuses before anything is reserved.
// Used by supernet/masked_search.hpp and by whoever fills it from a command line.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/supernet/controller.hpp>
#include <hasse/supernet/masked_layers.hpp>
#include <hasse/task/record.hpp>
#include <hasse/train/recipe.hpp>
#include <hasse/train/training_data.hpp>

namespace hasse {

/// What rewards are made of, on one batch of validation samples: `1 - loss / reference`, where the reference is the mean loss of the
/// first 50 batches, cut off at 0 and 1; or the task's metric, which then lies within 0 and 1.
enum class masked_quality : std::uint8_t { loss, metric };

/// One code a step: its weights learn from a training batch, then it is judged on a validation batch, and every `codes` steps the policy
/// learns from the rewards.
struct masked_recipe {
  int epochs = 60;
  int batch = 16;
  double rate = 0.02;       ///< of the weights: a cosine, behind a climb over `climb` of all steps
  double climb = 0.05;
  double momentum = 0.9, decay = 4e-5;
  double largest_gradient = 0;  ///< as in a recipe
  int codes = 4;                ///< per update of the policy
  controller_rule policy{.rate = 0};  ///< rate 0: controller_rule::rate_for the updates that there will be
  masked_quality quality = masked_quality::loss;
  cost_reward reward = absolute_reward{};
  double target = 0;        ///< in the unit of the costs; 0: costs do not count
  double tolerance = 0.05;  ///< share of the target by which the found network may miss it without a word
  augmentation augment{};
  std::uint64_t seed = 1;
};

/// All that decides policy and weights but the seed, as one line.
inline std::string to_text(const masked_recipe& how) {
  // A member more does not compile until it is written; `tolerance` decides nothing.
  const auto& [epochs, batch, rate, climb, momentum, decay, largest_gradient, codes, policy, quality, reward, target, tolerance, augment, seed] = how;
  const auto& [policy_rate, policy_decay, epsilon, entropy_weight, baseline_decay, warm_up, start] = policy;
  const auto* absolute = std::get_if<absolute_reward>(&reward);
  const auto* product = std::get_if<mnasnet_reward>(&reward);
  std::string text = std::to_string(epochs) + " epochs, batch " + std::to_string(batch) + ", " + std::to_string(codes) + " codes an update";
  for (const double each : {rate, climb, momentum, decay, largest_gradient, policy_rate, policy_decay, epsilon, entropy_weight, baseline_decay, warm_up,
                            start, target, absolute ? absolute->weight : product->exponent})
    text += ", " + exact_text(each);
  text += quality == masked_quality::loss ? ", by loss" : ", by metric";
  text += absolute ? ", absolute" : product->hard ? ", hard" : ", soft";
  return text + ", pad " + std::to_string(augment.pad) + (augment.flip ? " flip" : "");
}

/// Where a search stood after an epoch.
struct masked_epoch {
  epoch_record training;  ///< of the codes that were drawn; validation of the likeliest one, by statistics of the batch
  double reward = 0, quality = 0, cost = 0;  ///< means over the epoch's codes
  double likeliest = 0;                      ///< what the likeliest code costs
  std::vector<double> probabilities;         ///< of every option of every decision

  /// In nats, the mean over decisions with so many options each.
  double entropy(std::span<const decision> decisions) const {
    double sum = 0;
    for (const double each : probabilities)
      if (each > 0) sum -= each * std::log(each);
    return sum / static_cast<double>(decisions.size());
  }
};

/// What a search found.
struct masked_outcome {
  std::vector<int> code;  ///< the likeliest
  double cost = 0;        ///< in the unit of the target
  std::vector<masked_epoch> curve;
  bool diverged = false;
  std::string note;  ///< why it ended early, or by how much the target was missed
};

/// `of(code)` is what a code costs, averages included: masked_costs, masked_regression, or what measures.
template <class Type>
concept PricesCodes = requires(const Type& costs, std::span<const int> code) {
  { costs.of(code) } -> std::convertible_to<double>;
};

/// Refuses what no search can do with this space and these sets, and settles the policy's rate.
template <class Type>
masked_recipe checked(masked_recipe how, const masked_space& space, const training_data<Type>& data) {
  if (how.epochs < 1 || how.codes < 1)
    throw error("a search of " + std::to_string(how.epochs) + " epochs with " + std::to_string(how.codes) +
                " codes an update was asked for; give at least 1 of each");
  if (!(how.climb >= 0 && how.climb < 1)) throw error("a climb of " + std::to_string(how.climb) + " was given; give a share of all steps from 0 to below 1");
  check(recipe{.epochs = how.epochs, .batch = how.batch, .learning_rate = how.rate, .momentum = how.momentum, .decay = how.decay});
  if (!(how.target >= 0) || !std::isfinite(how.target)) throw error("the target is not a number of at least 0; give one, or 0 for none");
  if (!(how.tolerance >= 0 && how.tolerance <= 1))
    throw error("a tolerance of " + std::to_string(how.tolerance) + " was given; give a share of the target from 0 to 1");
  if (how.quality == masked_quality::metric && !Type::measure.larger_is_better)
    throw error("rewards by the metric " + std::string(Type::measure.name) + " were asked for, which is the better the smaller it is; take those by loss");
  std::vector<int> widest(space.decisions().size(), 0);
  for (int block = 0; block < space.blocks(); ++block) space.set_filters(widest, block, static_cast<int>(space.block(block).filters.size()) - 1);
  const layer_list layers = network_of(space, widest);
  for (const auto* set : {data.train, data.validation}) {
    data.task.check(*set, layers);
    if (set->size() < static_cast<std::size_t>(how.batch))
      throw error("the image set '" + set->name + "' has " + std::to_string(set->size()) + " images, fewer than one batch of " +
                  std::to_string(how.batch) + "; make the batch smaller");
  }
  const double steps = static_cast<double>(how.epochs) * static_cast<double>(data.train->size() / static_cast<std::size_t>(how.batch));
  const double updates = (1 - how.policy.start) * steps / how.codes;
  if (!(updates >= 1))
    throw error("a policy that starts at " + std::to_string(how.policy.start) + " of " + std::to_string(static_cast<std::int64_t>(steps)) +
                " steps and learns every " + std::to_string(how.codes) + " never does; search longer, or start earlier");
  if (how.policy.rate == 0) how.policy.rate = controller_rule::rate_for(updates);
  how.policy.check();
  return how;
}

}  // namespace hasse
