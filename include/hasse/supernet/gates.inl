// The bodies of supernet/gates.hpp, as core/apart.hpp says.
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

#include <hasse/supernet/gates.hpp>

namespace hasse {

HASSE_BODY gate_parameters::gate_parameters(std::span<const int> candidates, std::uint64_t seed, double deviation) : first_{0} {
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

HASSE_BODY void gate_parameters::restore(std::span<const double> alpha) {
  check_length(alpha, "architecture parameters");
  if (!std::all_of(alpha.begin(), alpha.end(), [](double each) { return std::isfinite(each); }))
    throw error("architecture parameters that are not finite were given; start from a checkpoint before the training diverged");
  std::copy(alpha.begin(), alpha.end(), alpha_.begin());
}

HASSE_BODY std::vector<double> gate_parameters::probabilities() const {
  std::vector<double> all(size());
  for (int block = 0; block < blocks(); ++block) probabilities(block, of(block, all));
  return all;
}

HASSE_BODY std::vector<double> gate_parameters::probabilities(std::span<const gate_pair> pairs) const {
  std::vector<double> all(size(), 0.0);
  for (int block = 0; block < blocks(); ++block) {
    const gate_pair& two = pairs[static_cast<std::size_t>(block)];
    all[entry(block, two.active)] = two.active_share, all[entry(block, two.idle)] = two.idle_share;
  }
  return all;
}

HASSE_BODY double gate_parameters::entropy() const {
  double sum = 0;
  for (const double each : probabilities())
    if (each > 0) sum -= each * std::log(each);
  return sum / blocks();
}

HASSE_BODY gate_path gate_parameters::likeliest() const {
  gate_path path;
  for (int block = 0; block < blocks(); ++block) {
    const std::span<const double> own = alpha(block);
    path.push_back(static_cast<int>(std::max_element(own.begin(), own.end()) - own.begin()));
  }
  return path;
}

HASSE_BODY double gate_parameters::log_probability(const gate_path& path) const {
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

HASSE_BODY void gate_parameters::draw(random_source& random, gate_path& path) const {
  path.resize(static_cast<std::size_t>(blocks()));
  for (int block = 0; block < blocks(); ++block) path[static_cast<std::size_t>(block)] = draw_one(block, random, -1);
}

HASSE_BODY void gate_parameters::draw(random_source& random, std::vector<gate_pair>& pairs) const {
  pairs.resize(static_cast<std::size_t>(blocks()));
  for (int block = 0; block < blocks(); ++block) {
    const int first = draw_one(block, random, -1), second = draw_one(block, random, first);
    const gate_pair drawn = pair(block, first, second);
    pairs[static_cast<std::size_t>(block)] = random.uniform() < drawn.active_share ? drawn : pair(block, second, first);
  }
}

HASSE_BODY gate_pair gate_parameters::pair(int block, int active, int idle) const {
  const double two[] = {alpha_[entry(block, active)], alpha_[entry(block, idle)]};
  double share[2];
  softmax(two, 1, 2, share);
  return {active, idle, share[0], share[1]};
}

HASSE_BODY int gate_parameters::draw_one(int block, random_source& random, int without) const {
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

HASSE_BODY void add_gate_gradient(const gate_parameters& gates, std::span<const double> slopes, double factor,
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

HASSE_BODY void add_gate_gradient(const gate_parameters& gates, std::span<const gate_pair> pairs, std::span<const double> slopes,
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

HASSE_BODY void add_reinforce_gradient(const gate_parameters& gates, std::span<const gate_path> paths, std::span<const double> rewards,
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

HASSE_BODY double reward_baseline::next(double mean) {
  if (!(decay >= 0 && decay < 1))
    throw error("a baseline with a decay of " + std::to_string(decay) + " was asked for; give a number from 0 to below 1");
  const bool first = batches++ == 0;
  if (reference_compat) return value = first ? mean : value + decay * (mean - value);
  const double before = first ? mean : value / (1 - std::pow(decay, static_cast<double>(batches - 1)));
  value = decay * value + (1 - decay) * mean;
  return before;
}

HASSE_BODY gate_descent::gate_descent(const gate_parameters& gates, const gate_descent_rule& rule) : rule_(rule), moments_(gates.size()), counts_(gates.size()), all_(gates.size()) {
  if (!(rule.rate > 0 && std::isfinite(rule.rate) && rule.decay >= 0 && rule.decay < 1 && rule.epsilon > 0))
    throw error("architecture steps with a rate of " + std::to_string(rule.rate) + " and a decay of " +
                std::to_string(rule.decay) + " were asked for; give a rate and an epsilon above 0 and a decay from 0 to below 1");
  std::iota(all_.begin(), all_.end(), std::size_t{0});
}

HASSE_BODY void gate_descent::step(gate_parameters& gates, std::span<const std::size_t> entries, std::span<const double> gradient) {
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

HASSE_BODY void gate_descent::step(gate_parameters& gates, std::span<const gate_pair> pairs, std::span<const double> gradient) {
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

HASSE_BODY void gate_descent::restore(std::span<const double> moments, std::span<const std::int64_t> counts) {
  const auto is_moment = [](double each) { return each >= 0 && std::isfinite(each); };
  if (moments.size() != moments_.size() || counts.size() != counts_.size() ||
      !std::all_of(moments.begin(), moments.end(), is_moment) ||
      !std::all_of(counts.begin(), counts.end(), [](std::int64_t each) { return each >= 0; }))
    throw error("moments that no training with " + std::to_string(moments_.size()) +
                " architecture parameters can have were given; give those that its own checkpoint kept");
  std::copy(moments.begin(), moments.end(), moments_.begin());
  std::copy(counts.begin(), counts.end(), counts_.begin());
}

HASSE_BODY double gate_descent::log_mass(const gate_parameters& gates, std::size_t left, std::size_t right) {
  const double one = gates.alpha()[left], other = gates.alpha()[right];
  return std::max(one, other) + std::log1p(std::exp(-std::abs(one - other)));
}

}  // namespace hasse
