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

#include <hasse/core/apart.hpp>
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
HASSE_BODY bool counts_in(std::span<const decision> decisions, std::span<const int> options, int index);

/// An exponential mean without the bias to 0 of its beginning; what it is asked about counts in it. `value` and `count` are its state.
struct running_mean {
  double decay = 0.95;
  double value = 0;
  std::int64_t count = 0;
  double next(double seen);
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

  /// The rate that lets a logit move by about 120 in as many updates after the start. With a third of that a policy ends undecided, and
  /// its likeliest code up to a tenth off a target that its draws meet on average.
  static double rate_for(double updates) { return 120 / (9 / std::log(10.0) * updates); }

  double rate_at(double progress) const { return progress < start ? 0 : rate * std::pow(10, (progress - start) / (1 - start)); }
  warm_up_chances chances_at(double progress) const;
  void check() const;
};

/// quality and cost made one number: `quality + weight |cost / target - 1|` (TuNAS), or one of MnasNet's products.
using cost_reward = std::variant<absolute_reward, mnasnet_reward>;
HASSE_BODY double reward_of(const cost_reward& by, double quality, double cost, double target);

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
  drawn_code draw(random_source& random, const warm_up_chances& chances = {}) const;

  /// The logarithm of the probability of a draw, over what counts in it.
  double log_probability(const drawn_code& drawn) const;
  /// In nats, over what counts in a draw and was drawn.
  double entropy(const drawn_code& drawn) const;
  /// That of every decision, in nats: what reports show over time.
  std::vector<double> entropies() const;
  /// The likeliest option of every decision that counts then, the first of equals; 0 elsewhere.
  std::vector<int> likeliest() const;

  /// Adds d(-advantage log probability - entropy weight x entropy)/d(logits); nothing to what does not learn.
  void add_gradient(const drawn_code& drawn, double advantage, std::span<double> gradient) const;

  /// One update from the rewards of some draws, at that share of all steps. Returns the baseline, these rewards included.
  double learn(std::span<const drawn_code> drawn, std::span<const double> rewards, double progress);

  /// How many numbers hold its state: what a checkpoint keeps.
  std::size_t state_size() const { return 3 * logits_.size() + 2; }
  std::vector<double> state() const;
  /// Takes what state() gave; refuses numbers that no policy with these decisions has.
  void restore(std::span<const double> kept);

 private:
  static std::vector<decision> checked(std::vector<decision> decisions);
  static std::vector<int> counts_of(const std::vector<decision>& decisions);
  static double entropy_of(std::span<const double> shares);
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

#if HASSE_BODIES_INLINE
#include <hasse/supernet/controller.inl>
#endif
