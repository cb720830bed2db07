// The mean of a network's weights over the steps of its training, in which later steps count more: less noisy than the last weights.
// Used by train/trainer.hpp where a recipe asks for it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <hasse/network/parameters.hpp>
#include <hasse/train/checkpoint.hpp>

namespace hasse {

/// Of trainable parameters and of batch norms' statistics. The first steps keep less of it than later ones, (1 + step) / (10 + step), so
/// that the first weights are soon forgotten.
template <class Scalar>
class weight_average {
 public:
  weight_average(double keep, const parameters<Scalar>& first)
      : keep_(keep), values_(first.values.begin(), first.values.end()), statistics_(first.statistics.begin(), first.statistics.end()) {}

  /// The weights behind step `step`, counted from 0.
  void add(const parameters<Scalar>& now, std::int64_t step) {
    const double keep = std::min(keep_, (1 + static_cast<double>(step)) / (10 + static_cast<double>(step)));
    mix(now.values, keep, values_), mix(now.statistics, keep, statistics_);
  }
  /// The mean, in the layout of `like`.
  parameters<Scalar> mean(const parameters<Scalar>& like) const {
    parameters<Scalar> made(like.layout);
    write(values_, made.values), write(statistics_, made.statistics);
    return made;
  }
  /// Its state.
  std::vector<checkpoint_numbers> numbers() { return {{"mean", values_}, {"mean statistics", statistics_}}; }

 private:
  template <class Values>
  static void mix(const Values& now, double keep, std::vector<double>& mean) {
    for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = keep * mean[i] + (1 - keep) * static_cast<double>(now[i]);
  }
  template <class Values>
  static void write(const std::vector<double>& mean, Values& to) {
    for (std::size_t i = 0; i < mean.size(); ++i) to[i] = static_cast<Scalar>(mean[i]);
  }

  double keep_;
  std::vector<double> values_, statistics_;
};

}  // namespace hasse
