// The architecture parameters of a supernet with gates, as plain numbers: probabilities, draws, gradients, Adam, REINFORCE.
// Used by the trainer of gated supernets; the formulas are those of ProxylessNAS, and nothing here knows a network.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/task/loss.hpp>

namespace hasse {

/// One candidate per block.
using gate_path = std::vector<int>;

/// Two different candidates of a block, for as long as a step sees nothing else: `active` is in the path, `idle` only shows what
/// it would have answered. The shares are the softmax over the two alone.
struct gate_pair {
  int active = 0, idle = 1;
  double active_share = 0.5, idle_share = 0.5;
  friend bool operator==(const gate_pair&, const gate_pair&) = default;
};

/// One number (alpha) per candidate of every block; the softmax of a block's numbers says how likely each of its candidates is.
/// All blocks lie in one flat array, as do gradients, costs and moments: candidate `c` of block `b` is entry(b, c).
class gate_parameters {
 public:
  /// Blocks with that many candidates each; every number is drawn from a normal distribution around 0.
  gate_parameters(std::span<const int> candidates, std::uint64_t seed, double deviation = 1e-3) : first_{0} {
    if (candidates.empty()) throw error("a supernet without blocks to choose has no gates; give at least one block two candidates");
    if (!(deviation >= 0) || !std::isfinite(deviation))
      throw error("architecture parameters with a deviation of " + std::to_string(deviation) +
                  " were asked for; give a number that is not below 0, such as 0.001");
    for (const int count : candidates) {
      if (count < 2)
        throw error("block " + std::to_string(first_.size() - 1) + " has " + std::to_string(count) +
                    " candidates; a gate chooses from at least 2, build the block without a gate");
      first_.push_back(first_.back() + static_cast<std::size_t>(count));
    }
    random_source random(seed);
    alpha_.resize(first_.back());
    for (double& each : alpha_) each = deviation * random.normal();
  }

  int blocks() const { return static_cast<int>(first_.size()) - 1; }
  int candidates(int block) const { return static_cast<int>(end(block) - entry(block)); }
  std::size_t size() const { return alpha_.size(); }  ///< candidates of all blocks
  std::size_t entry(int block, int candidate = 0) const {
    return first_[static_cast<std::size_t>(block)] + static_cast<std::size_t>(candidate);
  }

  std::span<double> alpha() { return alpha_; }
  std::span<const double> alpha() const { return alpha_; }
  /// The part of a flat array (as long as alpha) that belongs to a block.
  template <class Range>
  auto of(int block, Range& flat) const {
    return std::span(flat).subspan(entry(block), end(block) - entry(block));
  }
  std::span<const double> alpha(int block) const { return of(block, alpha_); }

  /// Takes numbers that a checkpoint kept.
  void restore(std::span<const double> alpha) {
    check_length(alpha, "architecture parameters");
    if (!std::all_of(alpha.begin(), alpha.end(), [](double each) { return std::isfinite(each); }))
      throw error("architecture parameters that are not finite were given; start from a checkpoint before the training diverged");
    std::copy(alpha.begin(), alpha.end(), alpha_.begin());
  }

  /// The probabilities of a block's candidates.
  void probabilities(int block, std::span<double> to) const {
    softmax(alpha_.data() + entry(block), 1, candidates(block), to.data());
  }
  /// Those of all blocks, flat.
  std::vector<double> probabilities() const {
    std::vector<double> all(size());
    for (int block = 0; block < blocks(); ++block) probabilities(block, of(block, all));
    return all;
  }
  /// Those of a step in which each block has only its pair to choose from: the shares, 0 for all others.
  std::vector<double> probabilities(std::span<const gate_pair> pairs) const {
    std::vector<double> all(size(), 0.0);
    for (int block = 0; block < blocks(); ++block) {
      const gate_pair& two = pairs[static_cast<std::size_t>(block)];
      all[entry(block, two.active)] = two.active_share, all[entry(block, two.idle)] = two.idle_share;
    }
    return all;
  }
  /// In nats: ln(candidates) where nothing is decided, 0 where everything is; the mean over the blocks.
  double entropy() const {
    double sum = 0;
    for (const double each : probabilities())
      if (each > 0) sum -= each * std::log(each);
    return sum / blocks();
  }
  /// The likeliest candidate of every block, the first of equals.
  gate_path likeliest() const {
    gate_path path;
    for (int block = 0; block < blocks(); ++block) {
      const std::span<const double> own = alpha(block);
      path.push_back(static_cast<int>(std::max_element(own.begin(), own.end()) - own.begin()));
    }
    return path;
  }
  /// The logarithm of the probability that a draw gives this path.
  double log_probability(const gate_path& path) const {
    double sum = 0;
    for (int block = 0; block < blocks(); ++block) {
      const std::span<const double> own = alpha(block);
      const double most = *std::max_element(own.begin(), own.end());
      double total = 0;
      for (const double each : own) total += std::exp(each - most);
      sum += own[static_cast<std::size_t>(path[static_cast<std::size_t>(block)])] - most - std::log(total);
    }
    return sum;
  }

  /// A candidate of one block, by its probabilities.
  int draw(int block, random_source& random) const { return draw_one(block, random, -1); }
  /// One candidate per block, by the probabilities.
  void draw(random_source& random, gate_path& path) const {
    path.resize(static_cast<std::size_t>(blocks()));
    for (int block = 0; block < blocks(); ++block) path[static_cast<std::size_t>(block)] = draw_one(block, random, -1);
  }
  /// Two different candidates per block, drawn by the probabilities without replacement; which of them is active follows the
  /// shares.
  void draw(random_source& random, std::vector<gate_pair>& pairs) const {
    pairs.resize(static_cast<std::size_t>(blocks()));
    for (int block = 0; block < blocks(); ++block) {
      const int first = draw_one(block, random, -1), second = draw_one(block, random, first);
      const gate_pair drawn = pair(block, first, second);
      pairs[static_cast<std::size_t>(block)] = random.uniform() < drawn.active_share ? drawn : pair(block, second, first);
    }
  }
  /// Two candidates of a block with their shares.
  gate_pair pair(int block, int active, int idle) const {
    const double two[] = {alpha_[entry(block, active)], alpha_[entry(block, idle)]};
    double share[2];
    softmax(two, 1, 2, share);
    return {active, idle, share[0], share[1]};
  }

  /// Refuses a flat array that belongs to another supernet.
  template <class Value>
  void check_length(std::span<const Value> flat, const char* what) const {
    if (flat.size() != size())
      throw error(std::to_string(flat.size()) + ' ' + what + " were given to a supernet with " + std::to_string(size()) +
                  " candidates; give one per candidate, block after block");
  }

 private:
  std::size_t end(int block) const { return first_[static_cast<std::size_t>(block) + 1]; }

  /// A candidate other than `without` (-1: any). The weights are relative to the largest of those left, so that a second draw works
  /// even where the first candidate has all the probability that a double can hold.
  int draw_one(int block, random_source& random, int without) const {
    const std::span<const double> own = alpha(block);
    const int count = candidates(block);
    double most = -std::numeric_limits<double>::infinity(), total = 0;
    for (int i = 0; i < count; ++i)
      if (i != without) most = std::max(most, own[static_cast<std::size_t>(i)]);
    for (int i = 0; i < count; ++i)
      if (i != without) total += std::exp(own[static_cast<std::size_t>(i)] - most);
    const double threshold = random.uniform() * total;
    double passed = 0;
    int last = 0;
    for (int i = 0; i < count; ++i) {
      if (i == without) continue;
      last = i;
      passed += std::exp(own[static_cast<std::size_t>(i)] - most);
      if (threshold < passed) break;
    }
    return last;
  }

  std::vector<std::size_t> first_;  // where each block starts, and where the last one ends
  std::vector<double> alpha_;
};

/// Adds `factor` times d(sum_i p_i slope_i)/d(alpha), which is p_i (slope_i - sum_j p_j slope_j), for every block. With the slopes
/// of the loss by the gates, <dL/dy, o_i(x)>, it is the straight-through gradient over all candidates; with latencies, and the
/// loss's slope by the expected latency as factor, that of the latency term. A candidate without output has slope 0 and moves all
/// the same.
inline void add_gate_gradient(const gate_parameters& gates, std::span<const double> slopes, double factor,
                              std::span<double> gradient) {
  gates.check_length(slopes, "slopes");
  gates.check_length(std::span<const double>(gradient), "gradients");
  const std::vector<double> all = gates.probabilities();
  for (int block = 0; block < gates.blocks(); ++block) {
    const auto share = gates.of(block, all), slope = gates.of(block, slopes);
    const auto out = gates.of(block, gradient);
    const double mean = std::inner_product(share.begin(), share.end(), slope.begin(), 0.0);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] += factor * share[i] * (slope[i] - mean);
  }
}

/// The same where each block has only its pair: both receive the same amount with opposite signs, all others nothing. Of `slopes`
/// only the entries of the pairs are read.
inline void add_gate_gradient(const gate_parameters& gates, std::span<const gate_pair> pairs, std::span<const double> slopes,
                              double factor, std::span<double> gradient) {
  gates.check_length(slopes, "slopes");
  gates.check_length(std::span<const double>(gradient), "gradients");
  for (int block = 0; block < gates.blocks(); ++block) {
    const gate_pair& two = pairs[static_cast<std::size_t>(block)];
    const std::size_t active = gates.entry(block, two.active), idle = gates.entry(block, two.idle);
    const double pull = factor * two.active_share * two.idle_share * (slopes[active] - slopes[idle]);
    gradient[active] += pull;
    gradient[idle] -= pull;
  }
}

/// REINFORCE: adds the mean over the drawn paths of -(reward - baseline) d(log probability)/d(alpha).
inline void add_reinforce_gradient(const gate_parameters& gates, std::span<const gate_path> paths, std::span<const double> rewards,
                                   double baseline, std::span<double> gradient) {
  gates.check_length(std::span<const double>(gradient), "gradients");
  if (paths.empty() || paths.size() != rewards.size())
    throw error(std::to_string(rewards.size()) + " rewards were given for " + std::to_string(paths.size()) +
                " paths; give one reward for each of at least one path");
  const std::vector<double> all = gates.probabilities();
  for (std::size_t m = 0; m < paths.size(); ++m) {
    const double push = (rewards[m] - baseline) / static_cast<double>(paths.size());
    for (int block = 0; block < gates.blocks(); ++block) {
      const auto share = gates.of(block, all);
      const auto out = gates.of(block, gradient);
      for (std::size_t i = 0; i < out.size(); ++i) out[i] += push * share[i];
      out[static_cast<std::size_t>(paths[m][static_cast<std::size_t>(block)])] -= push;
    }
  }
}

/// What rewards are compared with: an average of the batches before, so that it does not depend on the paths that it judges; only
/// the first batch is compared with itself. `value` and `batches` are its state, and what a checkpoint has to keep.
struct reward_baseline {
  double decay = 0.99;  ///< the share of the past that is kept
  bool reference_compat =
      false;  ///< as in the published code: `decay` is the share of the newest batch, which is in its own baseline
  double value = 0;
  std::int64_t batches = 0;

  /// The baseline of a batch with that mean reward, which from now on counts.
  double next(double mean) {
    if (!(decay >= 0 && decay < 1))
      throw error("a baseline with a decay of " + std::to_string(decay) + " was asked for; give a number from 0 to below 1");
    const bool first = batches++ == 0;
    if (reference_compat) return value = first ? mean : value + decay * (mean - value);
    const double before = first ? mean : value / (1 - std::pow(decay, static_cast<double>(batches - 1)));
    value = decay * value + (1 - decay) * mean;
    return before;
  }
  friend bool operator==(const reward_baseline&, const reward_baseline&) = default;
};

/// The constants of Adam without its first moment (beta1 = 0): no entry moves by what it saw in an earlier step.
struct gate_descent_rule {
  double rate = 1e-3, decay = 0.999, epsilon = 1e-8;
};

/// Adam with a second moment and a count of steps for each entry, so that an entry that a step leaves out keeps its every bit.
class gate_descent {
 public:
  explicit gate_descent(const gate_parameters& gates, const gate_descent_rule& rule = {})
      : rule_(rule), moments_(gates.size()), counts_(gates.size()), all_(gates.size()) {
    if (!(rule.rate > 0 && std::isfinite(rule.rate) && rule.decay >= 0 && rule.decay < 1 && rule.epsilon > 0))
      throw error("architecture steps with a rate of " + std::to_string(rule.rate) + " and a decay of " +
                  std::to_string(rule.decay) + " were asked for; give a rate and an epsilon above 0 and a decay from 0 to below 1");
    std::iota(all_.begin(), all_.end(), std::size_t{0});
  }

  /// From now on; 0: the next steps are only remembered.
  void rate(double rate) { rule_.rate = rate; }

  /// Moves the chosen entries against their gradients.
  void step(gate_parameters& gates, std::span<const std::size_t> entries, std::span<const double> gradient) {
    gates.check_length(gradient, "gradients");
    gates.check_length(std::span<const double>(moments_), "moments");
    for (const std::size_t at : entries)
      if (!std::isfinite(gradient[at]))
        throw error("the gradient of architecture parameter " + std::to_string(at) +
                    " is not finite; lower the learning rate of the weights or look for images that are not finite");
    for (const std::size_t at : entries) {
      moments_[at] = rule_.decay * moments_[at] + (1 - rule_.decay) * gradient[at] * gradient[at];
      const double unbiased = moments_[at] / (1 - std::pow(rule_.decay, static_cast<double>(++counts_[at])));
      gates.alpha()[at] -= rule_.rate * gradient[at] / (std::sqrt(unbiased) + rule_.epsilon);
    }
  }
  /// Moves all entries: after a step that saw every candidate, or after REINFORCE.
  void step(gate_parameters& gates, std::span<const double> gradient) { step(gates, all_, gradient); }
  /// Moves the pairs of a step that saw nothing else, then shifts both of a pair so that together they are as likely as before:
  /// what one gains the other loses, and no other candidate changes its probability.
  void step(gate_parameters& gates, std::span<const gate_pair> pairs, std::span<const double> gradient) {
    std::vector<std::size_t> entries;
    std::vector<double> before;
    for (int block = 0; block < gates.blocks(); ++block) {
      const gate_pair& two = pairs[static_cast<std::size_t>(block)];
      entries.insert(entries.end(), {gates.entry(block, two.active), gates.entry(block, two.idle)});
      before.push_back(log_mass(gates, entries.end()[-2], entries.end()[-1]));
    }
    step(gates, entries, gradient);
    for (std::size_t i = 0; i < before.size(); ++i) {
      const double offset = log_mass(gates, entries[2 * i], entries[2 * i + 1]) - before[i];
      for (const std::size_t at : {entries[2 * i], entries[2 * i + 1]}) gates.alpha()[at] -= offset;
    }
  }

  /// The second moments and the steps that each entry took: what a checkpoint has to keep.
  std::span<const double> moments() const { return moments_; }
  std::span<const std::int64_t> counts() const { return counts_; }
  /// Takes what a checkpoint kept.
  void restore(std::span<const double> moments, std::span<const std::int64_t> counts) {
    const auto is_moment = [](double each) { return each >= 0 && std::isfinite(each); };
    if (moments.size() != moments_.size() || counts.size() != counts_.size() ||
        !std::all_of(moments.begin(), moments.end(), is_moment) ||
        !std::all_of(counts.begin(), counts.end(), [](std::int64_t each) { return each >= 0; }))
      throw error("moments that no training with " + std::to_string(moments_.size()) +
                  " architecture parameters can have were given; give those that its own checkpoint kept");
    std::copy(moments.begin(), moments.end(), moments_.begin());
    std::copy(counts.begin(), counts.end(), counts_.begin());
  }

 private:
  static double log_mass(const gate_parameters& gates, std::size_t left, std::size_t right) {
    const double one = gates.alpha()[left], other = gates.alpha()[right];
    return std::max(one, other) + std::log1p(std::exp(-std::abs(one - other)));
  }

  gate_descent_rule rule_;
  std::vector<double> moments_;
  std::vector<std::int64_t> counts_;
  std::vector<std::size_t> all_;
};

}  // namespace hasse
