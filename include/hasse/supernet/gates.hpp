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

#include <hasse/core/apart.hpp>
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
  gate_parameters(std::span<const int> candidates, std::uint64_t seed, double deviation = 1e-3);

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
  void restore(std::span<const double> alpha);

  /// The probabilities of a block's candidates.
  void probabilities(int block, std::span<double> to) const {
    softmax(alpha_.data() + entry(block), 1, candidates(block), to.data());
  }
  /// Those of all blocks, flat.
  std::vector<double> probabilities() const;
  /// Those of a step in which each block has only its pair to choose from: the shares, 0 for all others.
  std::vector<double> probabilities(std::span<const gate_pair> pairs) const;
  /// In nats: ln(candidates) where nothing is decided, 0 where everything is; the mean over the blocks.
  double entropy() const;
  /// The likeliest candidate of every block, the first of equals.
  gate_path likeliest() const;
  /// The logarithm of the probability that a draw gives this path.
  double log_probability(const gate_path& path) const;

  /// A candidate of one block, by its probabilities.
  int draw(int block, random_source& random) const { return draw_one(block, random, -1); }
  /// One candidate per block, by the probabilities.
  void draw(random_source& random, gate_path& path) const;
  /// Two different candidates per block, drawn by the probabilities without replacement; which of them is active follows the
  /// shares.
  void draw(random_source& random, std::vector<gate_pair>& pairs) const;
  /// Two candidates of a block with their shares.
  gate_pair pair(int block, int active, int idle) const;

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
  int draw_one(int block, random_source& random, int without) const;

  std::vector<std::size_t> first_;  // where each block starts, and where the last one ends
  std::vector<double> alpha_;
};

/// Adds `factor` times d(sum_i p_i slope_i)/d(alpha), which is p_i (slope_i - sum_j p_j slope_j), for every block. With the slopes
/// of the loss by the gates, <dL/dy, o_i(x)>, it is the straight-through gradient over all candidates; with latencies, and the
/// loss's slope by the expected latency as factor, that of the latency term. A candidate without output has slope 0 and moves all
/// the same.
HASSE_BODY void add_gate_gradient(const gate_parameters& gates, std::span<const double> slopes, double factor,
                              std::span<double> gradient);

/// The same where each block has only its pair: both receive the same amount with opposite signs, all others nothing. Of `slopes`
/// only the entries of the pairs are read.
HASSE_BODY void add_gate_gradient(const gate_parameters& gates, std::span<const gate_pair> pairs, std::span<const double> slopes,
                              double factor, std::span<double> gradient);

/// REINFORCE: adds the mean over the drawn paths of -(reward - baseline) d(log probability)/d(alpha).
HASSE_BODY void add_reinforce_gradient(const gate_parameters& gates, std::span<const gate_path> paths, std::span<const double> rewards,
                                   double baseline, std::span<double> gradient);

/// What rewards are compared with: an average of the batches before, so that it does not depend on the paths that it judges; only
/// the first batch is compared with itself. `value` and `batches` are its state, and what a checkpoint has to keep.
struct reward_baseline {
  double decay = 0.99;  ///< the share of the past that is kept
  bool reference_compat =
      false;  ///< as in the published code: `decay` is the share of the newest batch, which is in its own baseline
  double value = 0;
  std::int64_t batches = 0;

  /// The baseline of a batch with that mean reward, which from now on counts.
  double next(double mean);
  friend bool operator==(const reward_baseline&, const reward_baseline&) = default;
};

/// The constants of Adam without its first moment (beta1 = 0): no entry moves by what it saw in an earlier step.
struct gate_descent_rule {
  double rate = 1e-3, decay = 0.999, epsilon = 1e-8;
};

/// Adam with a second moment and a count of steps for each entry, so that an entry that a step leaves out keeps its every bit.
class gate_descent {
 public:
  explicit gate_descent(const gate_parameters& gates, const gate_descent_rule& rule = {});

  /// From now on; 0: the next steps are only remembered.
  void rate(double rate) { rule_.rate = rate; }

  /// Moves the chosen entries against their gradients.
  void step(gate_parameters& gates, std::span<const std::size_t> entries, std::span<const double> gradient);
  /// Moves all entries: after a step that saw every candidate, or after REINFORCE.
  void step(gate_parameters& gates, std::span<const double> gradient) { step(gates, all_, gradient); }
  /// Moves the pairs of a step that saw nothing else, then shifts both of a pair so that together they are as likely as before:
  /// what one gains the other loses, and no other candidate changes its probability.
  void step(gate_parameters& gates, std::span<const gate_pair> pairs, std::span<const double> gradient);

  /// The second moments and the steps that each entry took: what a checkpoint has to keep.
  std::span<const double> moments() const { return moments_; }
  std::span<const std::int64_t> counts() const { return counts_; }
  /// Takes what a checkpoint kept.
  void restore(std::span<const double> moments, std::span<const std::int64_t> counts);

 private:
  static double log_mass(const gate_parameters& gates, std::size_t left, std::size_t right);

  gate_descent_rule rule_;
  std::vector<double> moments_;
  std::vector<std::int64_t> counts_;
  std::vector<std::size_t> all_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/gates.inl>
#endif
