// The bodies of latency/monotone_trees.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/latency/monotone_trees.hpp>

namespace hasse {

/// What one tree is grown from: every feature as the number of its value among at most 128 levels.
struct monotone_trees::growing {
  std::size_t features = 0;
  const tree_options& options;
  std::vector<std::vector<float>> levels;  // by feature, ascending; a split at level i sends up to levels[i] to the left
  std::vector<std::uint8_t> level_of;      // [row * features + feature]
  std::vector<double> rest;                // that the trees so far leave of the targets
  std::vector<node>* tree = nullptr;

  double leaf(double sum, double count, double least, double most) const { return std::clamp(sum / (count + options.ridge), least, most); }
  /// What is left of the squares, but for a constant, where a leaf has this value.
  double loss(double sum, double count, double value) const { return (count + options.ridge) * value * value - 2 * value * sum; }
};

HASSE_BODY monotone_trees monotone_trees::fitted(std::span<const float> rows, std::size_t features, std::span<const double> targets, const tree_options& options) {
  if (features == 0 || targets.empty() || rows.size() != targets.size() * features)
    throw error(std::to_string(rows.size()) + " numbers were given for " + std::to_string(targets.size()) + " targets of " + std::to_string(features) +
                " features each; give a row of features for each target, and at least one of both");
  monotone_trees made;
  made.features_ = features;
  made.base_ = std::accumulate(targets.begin(), targets.end(), 0.0) / static_cast<double>(targets.size());
  growing work{.features = features, .options = options, .levels = std::vector<std::vector<float>>(features), .level_of = std::vector<std::uint8_t>(rows.size()), .rest = {}};
  constexpr std::size_t most_levels = 128;
  for (std::size_t feature = 0; feature < features; ++feature) {
    std::vector<float> values;
    for (std::size_t row = 0; row < targets.size(); ++row) values.push_back(rows[row * features + feature]);
    std::sort(values.begin(), values.end());
    std::vector<float>& levels = work.levels[feature];
    std::vector<float> distinct = values;
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    if (distinct.size() <= most_levels)
      levels = distinct;
    else
      for (std::size_t level = 1; level <= most_levels; ++level) levels.push_back(values[(values.size() * level - 1) / most_levels]);
    levels.erase(std::unique(levels.begin(), levels.end()), levels.end());
    for (std::size_t row = 0; row < targets.size(); ++row)
      work.level_of[row * features + feature] =
          static_cast<std::uint8_t>(std::lower_bound(levels.begin(), levels.end() - 1, rows[row * features + feature]) - levels.begin());
  }
  for (const double target : targets) work.rest.push_back(target - made.base_);
  std::vector<int> all(targets.size());
  std::iota(all.begin(), all.end(), 0);
  constexpr double boundless = std::numeric_limits<double>::infinity();
  for (int tree = 0; tree < options.trees; ++tree) {
    made.trees_.emplace_back(1);
    work.tree = &made.trees_.back();
    made.grow(work, 0, all, options.depth, -boundless, boundless);
  }
  return made;
}

HASSE_BODY void monotone_trees::grow(growing& work, std::size_t at, std::vector<int> rows, int depth, double least, double most) {
  const auto is_enough = [&](double count) { return count >= work.options.least_weight; };
  double all = 0;
  for (const int row : rows) all += work.rest[static_cast<std::size_t>(row)];
  const auto size = static_cast<double>(rows.size());
  const double own = work.leaf(all, size, least, most);
  struct {
    double loss;
    std::size_t feature = 0, level = 0;
    double left = 0, right = 0;
  } best{work.loss(all, size, own) - 1e-12};
  bool splits = false;
  for (std::size_t feature = 0; depth > 0 && feature < work.features; ++feature) {
    const std::size_t levels = work.levels[feature].size();
    double sums[256] = {}, counts[256] = {};
    for (const int row : rows) {
      const std::uint8_t level = work.level_of[static_cast<std::size_t>(row) * work.features + feature];
      sums[level] += work.rest[static_cast<std::size_t>(row)], counts[level] += 1;
    }
    double sum = 0, count = 0;
    for (std::size_t level = 0; level + 1 < levels; ++level) {
      sum += sums[level], count += counts[level];
      if (!is_enough(count) || !is_enough(size - count)) continue;
      const double left = work.leaf(sum, count, least, most), right = work.leaf(all - sum, size - count, least, most);
      if (left > right) continue;
      if (const double loss = work.loss(sum, count, left) + work.loss(all - sum, size - count, right); loss < best.loss) best = {loss, feature, level, left, right}, splits = true;
    }
  }
  if (!splits) {
    (*work.tree)[at].value = work.options.rate * own;
    for (const int row : rows) work.rest[static_cast<std::size_t>(row)] -= work.options.rate * own;
    return;
  }
  const auto is_left = [&](int row) { return work.level_of[static_cast<std::size_t>(row) * work.features + best.feature] <= best.level; };
  const auto middle_row = std::stable_partition(rows.begin(), rows.end(), is_left);
  std::vector<int> right(middle_row, rows.end());
  rows.erase(middle_row, rows.end());
  const double middle = (best.left + best.right) / 2;
  const int first = static_cast<int>(work.tree->size());
  work.tree->resize(work.tree->size() + 2);
  (*work.tree)[at] = {static_cast<int>(best.feature), work.levels[best.feature][best.level], first, first + 1, 0};
  grow(work, static_cast<std::size_t>(first), std::move(rows), depth - 1, least, middle);
  grow(work, static_cast<std::size_t>(first) + 1, std::move(right), depth - 1, middle, most);
}

HASSE_BODY double monotone_trees::operator()(std::span<const float> row) const {
  if (row.size() != features_)
    throw error("a row of " + std::to_string(row.size()) + " features was given to trees of " + std::to_string(features_) + "; give as many");
  double sum = base_;
  for (const std::vector<node>& tree : trees_) {
    std::size_t at = 0;
    while (tree[at].feature >= 0) at = static_cast<std::size_t>(row[static_cast<std::size_t>(tree[at].feature)] <= tree[at].most ? tree[at].left : tree[at].right);
    sum += tree[at].value;
  }
  return sum;
}

}  // namespace hasse
