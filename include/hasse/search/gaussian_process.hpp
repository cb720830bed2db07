// A Gaussian process: what a smooth function is likely to be where it has not been looked at. Written down with the priors that suit
// networks in the coordinates of an order: a linear part over the layers, a smooth part with one length per coordinate, and noise.
// Used by search_model. Column-major numbers, so that no linear algebra library is included with it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>

namespace hasse {

/// `rows` places: each is a row of `smooth` (coordinates of the smooth part) and of `linear` (features of the linear part).
struct process_inputs {
  std::size_t rows = 0, smooth_columns = 0, linear_columns = 0;
  std::vector<double> smooth = {}, linear = {};  ///< row after row
  std::vector<double> noise = {};  ///< of each row, in variances of a run's noise, such as 1/3 for a mean over three; empty: 1 of all

  HASSE_BODY void append(std::span<const double> smooth_row, std::span<const double> linear_row);
  /// Those rows only.
  HASSE_BODY process_inputs at(std::span<const std::size_t> chosen) const;
};

/// Logarithms of the variances and of the lengths: k(x, x') = exp(linear) <l, l'> + exp(smooth) exp(-sum_k (z_k - z'_k)^2 / (2 exp(2 lengths_k))),
/// and exp(noise) more on the diagonal.
struct process_scales {
  double linear = 0, smooth = 0, noise = 0;
  std::vector<double> lengths = {};
  friend bool operator==(const process_scales&, const process_scales&) = default;

  /// Where the priors, which are log-normal, have their middle.
  HASSE_BODY static process_scales prior_mean(std::size_t smooth_columns);
};

/// The logarithm of likelihood times prior, up to a constant; `gradient`, where it is given, in the order linear, smooth, noise, lengths.
/// -infinity where the scales are so extreme that the covariance cannot be factored.
HASSE_BODY double log_posterior(const process_inputs& inputs, std::span<const double> values, const process_scales& scales, std::vector<double>* gradient = nullptr);

/// The scales of most posterior density near `from`, after `iterations` steps of L-BFGS.
HASSE_BODY process_scales most_likely_scales(const process_inputs& inputs, std::span<const double> values, process_scales from, int iterations = 30);

/// Means and latent variances (without the noise of a run) at some places.
struct process_prediction {
  std::vector<double> mean, variance;
};

class gaussian_process {
 public:
  gaussian_process() = default;
  HASSE_BODY gaussian_process(process_inputs inputs, std::vector<double> values, process_scales scales);

  /// One more observation, of one run, under the same scales: a row more of the Cholesky factor.
  HASSE_BODY void append(std::span<const double> smooth_row, std::span<const double> linear_row, double value);

  HASSE_BODY process_prediction predict(const process_inputs& places) const;
  /// The means alone, which cost less.
  HASSE_BODY std::vector<double> means(const process_inputs& places) const;
  /// K^-1 y: times the noise's variance, how far each observation lies above what the process takes for the truth there.
  HASSE_BODY std::vector<double> weights() const;
  /// The diagonal of K^-1.
  HASSE_BODY std::vector<double> precisions() const;

  std::size_t size() const { return values_.size(); }
  const process_scales& scales() const { return scales_; }
  const std::vector<double>& values() const { return values_; }

 private:
  process_inputs inputs_;
  std::vector<double> values_;
  process_scales scales_;
  std::size_t stride_ = 0;      // of factor_: at least as many as there are rows
  std::vector<double> factor_;  // L of K = L L', column after column
  std::vector<double> solved_;  // L^-1 y
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/search/gaussian_process.inl>
#endif
