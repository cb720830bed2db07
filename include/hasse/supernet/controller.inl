// The bodies of supernet/controller.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <hasse/supernet/controller.hpp>

namespace hasse {

HASSE_BODY bool counts_in(std::span<const decision> decisions, std::span<const int> options, int index) {
  const decision& own = decisions[static_cast<std::size_t>(index)];
  if (own.parent < 0) return true;
  const int taken = options[static_cast<std::size_t>(own.parent)];
  return (taken == own.when || taken == all_options) && counts_in(decisions, options, own.parent);
}

HASSE_BODY double running_mean::next(double seen) {
  value = decay * value + (1 - decay) * seen;
  ++count;
  return mean();
}

HASSE_BODY warm_up_chances controller_rule::chances_at(double progress) const {
  const double left = warm_up > 0 ? std::max(0.0, 1 - progress / warm_up) : 0;
  return {left, left};
}

HASSE_BODY void controller_rule::check() const {
  if (!(warm_up >= 0 && warm_up <= start && start < 1))
    throw error("a warm-up of " + std::to_string(warm_up) + " of the steps and a policy that starts at " + std::to_string(start) +
                " were asked for; let the policy start before the end and no earlier than its warm-up ends");
  if (!(rate > 0 && std::isfinite(rate)) || !(decay >= 0 && decay < 1) || !(epsilon > 0) || !(baseline_decay >= 0 && baseline_decay < 1) ||
      !(entropy_weight >= 0 && std::isfinite(entropy_weight)))
    throw error("a policy with a rate of " + std::to_string(rate) + ", a decay of " + std::to_string(decay) + ", a baseline of " +
                std::to_string(baseline_decay) + " and an entropy weight of " + std::to_string(entropy_weight) +
                " was asked for; give a rate and an epsilon above 0, decays from 0 to below 1 and a weight of at least 0");
}

HASSE_BODY double reward_of(const cost_reward& by, double quality, double cost, double target) {
  return std::visit([&](const auto& form) { return form(quality, cost, target); }, by);
}

HASSE_BODY drawn_code controller::draw(random_source& random, const warm_up_chances& chances) const {
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

HASSE_BODY double controller::log_probability(const drawn_code& drawn) const {
  double sum = drawn.constant;
  for_each_learning(drawn, [&](std::size_t at, std::span<const double> shares) {
    sum += std::log(shares[static_cast<std::size_t>(drawn.options[at])]);
  });
  return sum;
}

HASSE_BODY double controller::entropy(const drawn_code& drawn) const {
  double sum = 0;
  for_each_learning(drawn, [&](std::size_t, std::span<const double> shares) { sum += entropy_of(shares); });
  return sum;
}

HASSE_BODY std::vector<double> controller::entropies() const {
  std::vector<double> all;
  std::vector<double> shares;
  for (int at = 0; at < logits_.blocks(); ++at) {
    shares.resize(static_cast<std::size_t>(logits_.candidates(at)));
    logits_.probabilities(at, shares);
    all.push_back(entropy_of(shares));
  }
  return all;
}

HASSE_BODY std::vector<int> controller::likeliest() const {
  std::vector<int> code = logits_.likeliest();
  for (int at = 0; at < logits_.blocks(); ++at)
    if (!counts_in(decisions_, code, at)) code[static_cast<std::size_t>(at)] = 0;
  return code;
}

HASSE_BODY void controller::add_gradient(const drawn_code& drawn, double advantage, std::span<double> gradient) const {
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

HASSE_BODY double controller::learn(std::span<const drawn_code> drawn, std::span<const double> rewards, double progress) {
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

HASSE_BODY std::vector<double> controller::state() const {
  std::vector<double> kept(logits_.alpha().begin(), logits_.alpha().end());
  kept.insert(kept.end(), descent_.moments().begin(), descent_.moments().end());
  for (const std::int64_t each : descent_.counts()) kept.push_back(static_cast<double>(each));
  kept.insert(kept.end(), {baseline_.value, static_cast<double>(baseline_.count)});
  return kept;
}

HASSE_BODY void controller::restore(std::span<const double> kept) {
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

HASSE_BODY std::vector<decision> controller::checked(std::vector<decision> decisions) {
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

HASSE_BODY std::vector<int> controller::counts_of(const std::vector<decision>& decisions) {
  std::vector<int> counts;
  for (const decision& each : decisions) counts.push_back(each.options);
  return counts;
}

HASSE_BODY double controller::entropy_of(std::span<const double> shares) {
  double sum = 0;
  for (const double each : shares)
    if (each > 0) sum -= each * std::log(each);
  return sum;
}

}  // namespace hasse
