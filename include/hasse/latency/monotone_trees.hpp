// Sums of regression trees that never fall where a feature grows: for latencies that no sum over parts can tell, such as those of GPUs that
// wait for launches. Used by price/trees.hpp and bench/latency/models.cpp: docs/explanation/latency.md says what it costs.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>

namespace hasse {

/// How trees are grown.
struct tree_options {
  int trees = 300, depth = 4;
  double rate = 0.08;       ///< share of each tree that counts
  double least_weight = 8;  ///< observations in a leaf, at least
  double ridge = 1;         ///< pulls small leaves to nothing
};

/// A network is a row of `features` numbers, more of each for more work. The answer is monotone in all of them by construction: a split sends
/// larger values to the side of the larger leaf, and leaves stay on their side of the middle between the two. Exact counting over a space is not
/// possible with it: sums are what counts are made of.
class monotone_trees {
 public:
  /// Fits targets by least squares; `rows` holds targets.size() rows. Throws where they do not fit together.
  static monotone_trees fitted(std::span<const float> rows, std::size_t features, std::span<const double> targets, const tree_options& options = {});

  double operator()(std::span<const float> row) const;
  std::size_t features() const { return features_; }

 private:
  struct node {
    int feature = -1;  ///< -1: a leaf
    float most = 0;    ///< of the left side
    int left = 0, right = 0;
    double value = 0;
  };
  struct growing;
  void grow(growing& work, std::size_t at, std::vector<int> rows, int depth, double least, double most);

  std::size_t features_ = 0;
  double base_ = 0;
  std::vector<std::vector<node>> trees_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/monotone_trees.inl>
#endif
