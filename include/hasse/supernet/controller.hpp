// The policy of TuNAS as plain numbers: decisions that may hang on others, draws with warm-ups, REINFORCE, Adam, its schedule.
// Used by the search through masks; nothing here knows a network, so that rewards may come from anywhere.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/supernet/gates.hpp>
#include <hasse/supernet/latency_reward.hpp>

namespace hasse {

/// What the warm-up makes of a decision while shared weights are young: all options of an operation at once, their answers averaged;
/// the largest number of filters, which stands last.
enum class decision_kind : std::uint8_t { operation, filters };

/// One of at least two options. A decision with a parent only counts where its parent, which stands before it, took option `when`.
struct decision {
  std::string name;
  int options = 2;
  decision_kind kind = decision_kind::operation;
  int parent = -1, when = 0;
  friend bool operator==(const decision&, const decision&) = default;
};

/// In place of an option: all of them, averaged.
inline constexpr int all_options = -1;

/// An option for every decision, 0 for those that do not count. What a warm-up replaced learns nothing.
struct drawn_code {
  std::vector<int> options;
  std::vector<bool> learns;  ///< it counts and was drawn by its probabilities
  double constant = 0;       ///< the logarithm of the chance of what was replaced and what was not
  friend bool operator==(const drawn_code&, const drawn_code&) = default;
};

/// The chance that a decision of each kind is replaced.
struct warm_up_chances {
  double operations = 0, filters = 0;
};

/// Whether decision `index` counts in a code: its parent does and took the option that it hangs on, or all of them.
inline bool counts_in(std::span<const decision> decisions, std::span<const int> options, int index) {
  const decision& own = decisions[static_cast<std::size_t>(index)];
  if (own.parent < 0) return true;
  const int taken = options[static_cast<std::size_t>(own.parent)];
  return (taken == own.when || taken == all_options) && counts_in(decisions, options, own.parent);
}

/// An exponential mean without the bias to 0 of its beginning; what it is asked about counts in it. `value` and `count` are its state.
struct running_mean {
  double decay = 0.95;
  double value = 0;
  std::int64_t count = 0;
  double next(double seen) {
    value = decay * value + (1 - decay) * seen;
    ++count;
    return mean();
  }
  double mean() const { return count == 0 ? 0 : value / (1 - std::pow(decay, static_cast<double>(count))); }
  friend bool operator==(const running_mean&, const running_mean&) = default;
};

/// How the policy learns. Shares are of all steps.
struct controller_rule {
  double rate = 3e-4;           ///< with which it starts; tenfold at the end
  double decay = 0.999, epsilon = 1e-8;
  double entropy_weight = 0;
  double baseline_decay = 0.95;
  double warm_up = 0.25;  ///< over this share replacements become rare, from always to never
  double start = 0.25;    ///< until then logits stand still
  friend bool operator==(const controller_rule&, const controller_rule&) = default;

  /// The rate that lets a logit move by about 40 in as many updates after the start.
  static double rate_for(double updates) { return 40 / (9 / std::log(10.0) * updates); }

  double rate_at(double progress) const { return progress < start ? 0 : rate * std::pow(10, (progress - start) / (1 - start)); }
  warm_up_chances chances_at(double progress) const {
    const double left = warm_up > 0 ? std::max(0.0, 1 - progress / warm_up) : 0;
    return {left, left};
  }
  void check() const {
    if (!(warm_up >= 0 && warm_up <= start && start < 1))
      throw error("a warm-up of " + std::to_string(warm_up) + " of the steps and a policy that starts at " + std::to_string(start) +
                  " were asked for; let the policy start before the end and no earlier than its warm-up ends");
    if (!(rate > 0 && std::isfinite(rate)) || !(decay >= 0 && decay < 1) || !(epsilon > 0) || !(baseline_decay >= 0 && baseline_decay < 1) ||
        !(entropy_weight >= 0 && std::isfinite(entropy_weight)))
      throw error("a policy with a rate of " + std::to_string(rate) + ", a decay of " + std::to_string(decay) + ", a baseline of " +
                  std::to_string(baseline_decay) + " and an entropy weight of " + std::to_string(entropy_weight) +
                  " was asked for; give a rate and an epsilon above 0, decays from 0 to below 1 and a weight of at least 0");
  }
};

/// quality and cost made one number: `quality + weight |cost / target - 1|` (TuNAS), or one of MnasNet's products.
using cost_reward = std::variant<absolute_reward, mnasnet_reward>;
inline double reward_of(const cost_reward& by, double quality, double cost, double target) {
  return std::visit([&](const auto& form) { return form(quality, cost, target); }, by);
}

/// A categorical distribution for every decision, independent of each other, and how it learns from rewards.
class controller {
 public:
  explicit controller(std::vector<decision> decisions, const controller_rule& rule = {})
      : decisions_(checked(std::move(decisions))),
        rule_(rule),
        logits_(counts_of(decisions_), 1, 0.0),
        descent_((rule.check(), logits_), {.rate = rule.rate, .decay = rule.decay, .epsilon = rule.epsilon}),
        baseline_{.decay = rule.baseline_decay} {}

  std::span<const decision> decisions() const { return decisions_; }
  const controller_rule& rule() const { return rule_; }
  /// One block per decision.
  const gate_parameters& logits() const { return logits_; }
  const gate_descent& descent() const { return descent_; }
  const running_mean& baseline() const { return baseline_; }

  /// A code by the probabilities. Below a replaced operation everything is averaged, too.
  drawn_code draw(random_source& random, const warm_up_chances& chances = {}) const {
    drawn_code made{std::vector<int>(decisions_.size(), 0), std::vector<bool>(decisions_.size(), false), 0};
    for (std::size_t at = 0; at < decisions_.size(); ++at) {
      const decision& own = decisions_[at];
      if (!counts_in(decisions_, made.options, static_cast<int>(at))) continue;
      if (own.parent >= 0 && made.options[static_cast<std::size_t>(own.parent)] == all_options) {
        made.options[at] = all_options;
        continue;
      }
      const double chance = own.kind == decision_kind::operation ? chances.operations : chances.filters;
      if (chance > 0 && random.uniform() < chance) {
        made.options[at] = own.kind == decision_kind::operation ? all_options : own.options - 1;
        made.constant += std::log(chance);
      } else {
        made.options[at] = logits_.draw(static_cast<int>(at), random);
        made.learns[at] = true;
        made.constant += std::log1p(-chance);
      }
    }
    return made;
  }

  /// The logarithm of the probability of a draw, over what counts in it.
  double log_probability(const drawn_code& drawn) const {
    double sum = drawn.constant;
    for_each_learning(drawn, [&](std::size_t at, std::span<const double> shares) {
      sum += std::log(shares[static_cast<std::size_t>(drawn.options[at])]);
    });
    return sum;
  }
  /// In nats, over what counts in a draw and was drawn.
  double entropy(const drawn_code& drawn) const {
    double sum = 0;
    for_each_learning(drawn, [&](std::size_t, std::span<const double> shares) { sum += entropy_of(shares); });
    return sum;
  }
  /// That of every decision, in nats: what reports show over time.
  std::vector<double> entropies() const {
    std::vector<double> all;
    std::vector<double> shares;
    for (int at = 0; at < logits_.blocks(); ++at) {
      shares.resize(static_cast<std::size_t>(logits_.candidates(at)));
      logits_.probabilities(at, shares);
      all.push_back(entropy_of(shares));
    }
    return all;
  }
  /// The likeliest option of every decision that counts then, the first of equals; 0 elsewhere.
  std::vector<int> likeliest() const {
    std::vector<int> code = logits_.likeliest();
    for (int at = 0; at < logits_.blocks(); ++at)
      if (!counts_in(decisions_, code, at)) code[static_cast<std::size_t>(at)] = 0;
    return code;
  }

  /// Adds d(-advantage log probability - entropy weight x entropy)/d(logits); nothing to what does not learn.
  void add_gradient(const drawn_code& drawn, double advantage, std::span<double> gradient) const {
    logits_.check_length(std::span<const double>(gradient), "gradients");
    for_each_learning(drawn, [&](std::size_t at, std::span<const double> shares) {
      const auto out = logits_.of(static_cast<int>(at), gradient);
      const double entropy = entropy_of(shares);
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] += advantage * shares[i];
        if (rule_.entropy_weight > 0 && shares[i] > 0) out[i] += rule_.entropy_weight * shares[i] * (std::log(shares[i]) + entropy);
      }
      out[static_cast<std::size_t>(drawn.options[at])] -= advantage;
    });
  }

  /// One update from the rewards of some draws, at that share of all steps. Returns the baseline, these rewards included.
  double learn(std::span<const drawn_code> drawn, std::span<const double> rewards, double progress) {
    if (drawn.empty() || drawn.size() != rewards.size())
      throw error(std::to_string(rewards.size()) + " rewards were given for " + std::to_string(drawn.size()) +
                  " codes; give one reward for each of at least one code");
    const double count = static_cast<double>(drawn.size());
    double mean = 0;
    for (const double each : rewards) {
      if (!std::isfinite(each)) throw error("a reward that is no finite number was given; look at the quality and the cost of its code");
      mean += each / count;
    }
    const double compared = baseline_.next(mean);
    std::vector<double> gradient(logits_.size(), 0.0), one(logits_.size());
    for (std::size_t i = 0; i < drawn.size(); ++i) {
      std::fill(one.begin(), one.end(), 0.0);
      add_gradient(drawn[i], rewards[i] - compared, one);
      for (std::size_t at = 0; at < one.size(); ++at) gradient[at] += one[at] / count;
    }
    descent_.rate(rule_.rate_at(progress));
    descent_.step(logits_, gradient);
    return compared;
  }

  /// How many numbers hold its state: what a checkpoint keeps.
  std::size_t state_size() const { return 3 * logits_.size() + 2; }
  std::vector<double> state() const {
    std::vector<double> kept(logits_.alpha().begin(), logits_.alpha().end());
    kept.insert(kept.end(), descent_.moments().begin(), descent_.moments().end());
    for (const std::int64_t each : descent_.counts()) kept.push_back(static_cast<double>(each));
    kept.insert(kept.end(), {baseline_.value, static_cast<double>(baseline_.count)});
    return kept;
  }
  /// Takes what state() gave; refuses numbers that no policy with these decisions has.
  void restore(std::span<const double> kept) {
    const std::size_t size = logits_.size();
    const auto is_count = [](double each) { return each >= 0 && each < 1e15; };
    if (kept.size() != state_size() || !std::all_of(kept.begin() + static_cast<std::ptrdiff_t>(2 * size), kept.end() - 2, is_count) ||
        !std::isfinite(kept[3 * size]) || !is_count(kept.back()))
      throw error("a state that no policy with " + std::to_string(decisions_.size()) +
                  " decisions can have was given; give the one that its own checkpoint kept");
    std::vector<std::int64_t> counts(size);
    std::transform(kept.begin() + static_cast<std::ptrdiff_t>(2 * size), kept.end() - 2, counts.begin(),
                   [](double each) { return static_cast<std::int64_t>(each); });
    logits_.restore(kept.first(size));
    descent_.restore(kept.subspan(size, size), counts);
    baseline_.value = kept[3 * size], baseline_.count = static_cast<std::int64_t>(kept.back());
  }

 private:
  static std::vector<decision> checked(std::vector<decision> decisions) {
    if (decisions.empty()) throw error("a policy without decisions was asked for; give the space at least one layer with two options");
    for (std::size_t at = 0; at < decisions.size(); ++at) {
      const decision& own = decisions[at];
      if (own.options < 2)
        throw error("the decision \"" + own.name + "\" has " + std::to_string(own.options) +
                    " options; leave out a decision that decides nothing, or give it at least 2");
      if (own.parent >= static_cast<int>(at) || own.parent < -1)
        throw error("the decision \"" + own.name + "\" hangs on decision " + std::to_string(own.parent) +
                    ", which does not stand before it; list parents first, and -1 for none");
      if (own.parent >= 0 && (own.when < 0 || own.when >= decisions[static_cast<std::size_t>(own.parent)].options))
        throw error("the decision \"" + own.name + "\" hangs on option " + std::to_string(own.when) + " of \"" +
                    decisions[static_cast<std::size_t>(own.parent)].name + "\", which has no such option; count them from 0");
    }
    return decisions;
  }
  static std::vector<int> counts_of(const std::vector<decision>& decisions) {
    std::vector<int> counts;
    for (const decision& each : decisions) counts.push_back(each.options);
    return counts;
  }
  static double entropy_of(std::span<const double> shares) {
    double sum = 0;
    for (const double each : shares)
      if (each > 0) sum -= each * std::log(each);
    return sum;
  }
  template <class Visit>
  void for_each_learning(const drawn_code& drawn, Visit&& visit) const {
    if (drawn.options.size() != decisions_.size() || drawn.learns.size() != decisions_.size())
      throw error("a code with " + std::to_string(drawn.options.size()) + " options was given to a policy with " +
                  std::to_string(decisions_.size()) + " decisions; give one that it drew");
    std::vector<double> shares;
    for (std::size_t at = 0; at < decisions_.size(); ++at) {
      if (!drawn.learns[at]) continue;
      shares.resize(static_cast<std::size_t>(decisions_[at].options));
      logits_.probabilities(static_cast<int>(at), shares);
      visit(at, std::span<const double>(shares));
    }
  }

  std::vector<decision> decisions_;
  controller_rule rule_;
  gate_parameters logits_;
  gate_descent descent_;
  running_mean baseline_;
};

}  // namespace hasse
