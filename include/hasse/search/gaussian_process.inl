// The bodies of search/gaussian_process.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <utility>

#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 takes the unused lanes of its own AVX-512 intrinsics for uninitialised numbers (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <Eigen/Core>
#include <Eigen/Cholesky>

#include <hasse/core/error.hpp>
#include <hasse/search/gaussian_process.hpp>

namespace hasse {

namespace detail {
using process_matrix = Eigen::MatrixXd;
using process_rows = Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

/// x y', on one thread: Eigen's own product takes as many as there are, and is slower for it where the machine is shared.
inline process_matrix product(const process_matrix& x, const process_matrix& y) { return x.lazyProduct(y.transpose()); }

inline process_rows rows_of(const std::vector<double>& numbers, std::size_t rows, std::size_t columns) {
  return {numbers.data(), static_cast<Eigen::Index>(rows), static_cast<Eigen::Index>(columns)};
}
inline Eigen::Map<const Eigen::VectorXd> vector_of(std::span<const double> numbers) { return {numbers.data(), static_cast<Eigen::Index>(numbers.size())}; }

/// The coordinates in units of their lengths.
inline process_matrix in_lengths(const process_inputs& inputs, const process_scales& scales) {
  return rows_of(inputs.smooth, inputs.rows, inputs.smooth_columns) * (-vector_of(scales.lengths).array()).exp().matrix().asDiagonal();
}

/// exp(smooth - half the squared distance) between the rows of x and of y, which are in lengths.
inline process_matrix smooth_part(const process_matrix& x, const process_matrix& y, double log_variance) {
  process_matrix kernel = product(x, y);
  kernel.colwise() -= 0.5 * x.rowwise().squaredNorm();
  kernel.rowwise() -= 0.5 * y.rowwise().squaredNorm().transpose();
  kernel = (kernel.array().min(0.0) + log_variance).exp();
  return kernel;
}

inline process_matrix covariance(const process_inputs& x, const process_inputs& y, const process_scales& scales) {
  process_matrix kernel = smooth_part(in_lengths(x, scales), in_lengths(y, scales), scales.smooth);
  kernel += product(std::exp(scales.linear) * rows_of(x.linear, x.rows, x.linear_columns), rows_of(y.linear, y.rows, y.linear_columns));
  return kernel;
}

/// What the noise of runs adds to the diagonal.
inline Eigen::ArrayXd noise_of(const process_inputs& inputs, const process_scales& scales) {
  const double once = std::exp(scales.noise);
  if (inputs.noise.empty()) return Eigen::ArrayXd::Constant(static_cast<Eigen::Index>(inputs.rows), once);
  return once * vector_of(inputs.noise).array();
}

/// The mean and the deviation of the logarithms under the priors.
struct log_normal {
  double mean, deviation;
};
inline constexpr double log_of_03 = -1.2039728043259361, log_of_05 = -0.69314718055994531, log_of_005 = -2.9957322735539909;
inline constexpr log_normal linear_prior{log_of_03, 1.5}, smooth_prior{log_of_05, 1}, noise_prior{log_of_005, 1.5}, length_prior{0, 0.8};

/// All scales in a row, as an optimiser sees them, and back.
inline Eigen::VectorXd packed(const process_scales& scales) {
  Eigen::VectorXd all(3 + static_cast<Eigen::Index>(scales.lengths.size()));
  all.head<3>() << scales.linear, scales.smooth, scales.noise;
  all.tail(all.size() - 3) = vector_of(scales.lengths);
  return all;
}
inline process_scales unpacked(const Eigen::VectorXd& all) {
  return {all[0], all[1], all[2], {all.data() + 3, all.data() + all.size()}};
}
}  // namespace detail

HASSE_BODY void process_inputs::append(std::span<const double> smooth_row, std::span<const double> linear_row) {
  smooth_columns = smooth_row.size(), linear_columns = linear_row.size(), ++rows;
  smooth.insert(smooth.end(), smooth_row.begin(), smooth_row.end());
  linear.insert(linear.end(), linear_row.begin(), linear_row.end());
}

HASSE_BODY process_inputs process_inputs::at(std::span<const std::size_t> chosen) const {
  process_inputs some;
  for (const std::size_t row : chosen)
    some.append(std::span(smooth).subspan(row * smooth_columns, smooth_columns), std::span(linear).subspan(row * linear_columns, linear_columns));
  if (!noise.empty())
    for (const std::size_t row : chosen) some.noise.push_back(noise[row]);
  return some;
}

HASSE_BODY process_scales process_scales::prior_mean(std::size_t smooth_columns) {
  return {detail::linear_prior.mean, detail::smooth_prior.mean, detail::noise_prior.mean, std::vector<double>(smooth_columns, detail::length_prior.mean)};
}

HASSE_BODY double log_posterior(const process_inputs& inputs, std::span<const double> values, const process_scales& scales, std::vector<double>* gradient) {
  using detail::process_matrix;
  const auto rows = static_cast<Eigen::Index>(inputs.rows);
  const process_matrix z = detail::in_lengths(inputs, scales), smooth = detail::smooth_part(z, z, scales.smooth);
  const process_matrix l = detail::rows_of(inputs.linear, inputs.rows, inputs.linear_columns);
  const Eigen::ArrayXd noise = detail::noise_of(inputs, scales);
  const double slope = std::exp(scales.linear);
  process_matrix kernel = smooth + slope * detail::product(l, l);
  kernel.diagonal().array() += noise;
  const Eigen::LLT<process_matrix> factor(kernel);
  if (factor.info() != Eigen::Success || !kernel.allFinite()) return -std::numeric_limits<double>::infinity();
  const Eigen::VectorXd y = detail::vector_of(values), weights = factor.solve(y);
  double sum = -0.5 * y.dot(weights) - factor.matrixLLT().diagonal().array().log().sum();
  const auto prior = [&](double at, const detail::log_normal& of) {
    const double off = (at - of.mean) / of.deviation;
    sum -= 0.5 * off * off;
    return -off / of.deviation;
  };
  std::vector<double> slopes{prior(scales.linear, detail::linear_prior), prior(scales.smooth, detail::smooth_prior), prior(scales.noise, detail::noise_prior)};
  for (const double length : scales.lengths) slopes.push_back(prior(length, detail::length_prior));
  if (!gradient) return sum;
  // d/dt = tr((w w' - K^-1) dK/dt) / 2
  process_matrix pull = -factor.solve(process_matrix::Identity(rows, rows));
  pull += weights.lazyProduct(weights.transpose());
  slopes[0] += 0.5 * slope * pull.lazyProduct(l).cwiseProduct(l).sum();
  slopes[2] += 0.5 * (noise * pull.diagonal().array()).sum();
  pull = pull.cwiseProduct(smooth);
  slopes[1] += 0.5 * pull.sum();
  // sum_ij pull_ij (z_ik - z_jk)^2 for every k at once
  const Eigen::VectorXd row_sums = pull.rowwise().sum();
  const Eigen::RowVectorXd spread = 2 * ((row_sums.transpose() * z.cwiseAbs2()) - pull.lazyProduct(z).cwiseProduct(z).colwise().sum());
  for (Eigen::Index k = 0; k < spread.size(); ++k) slopes[3 + static_cast<std::size_t>(k)] += 0.5 * spread[k];
  *gradient = std::move(slopes);
  return sum;
}

HASSE_BODY process_scales most_likely_scales(const process_inputs& inputs, std::span<const double> values, process_scales from, int iterations) {
  constexpr std::size_t remembered = 10;
  Eigen::VectorXd at = detail::packed(from), slope(at.size());
  std::vector<double> gradient;
  const auto look = [&](const Eigen::VectorXd& where, Eigen::VectorXd& downhill) {
    const double found = log_posterior(inputs, values, detail::unpacked(where), &gradient);
    if (std::isfinite(found)) downhill = -detail::vector_of(gradient);
    return -found;
  };
  double height = look(at, slope);
  struct step {
    Eigen::VectorXd moved, turned;
    double scale;
  };
  std::deque<step> steps;
  for (int i = 0; i < iterations && std::isfinite(height) && slope.norm() > 1e-6; ++i) {
    Eigen::VectorXd direction = -slope;
    std::vector<double> used(steps.size());
    for (std::size_t s = steps.size(); s-- > 0;) {
      used[s] = steps[s].scale * steps[s].moved.dot(direction);
      direction -= used[s] * steps[s].turned;
    }
    if (!steps.empty()) direction *= 1 / (steps.back().scale * steps.back().turned.squaredNorm());
    for (std::size_t s = 0; s < steps.size(); ++s) direction += (used[s] - steps[s].scale * steps[s].turned.dot(direction)) * steps[s].moved;
    // No further than two in any logarithm at a time: beyond, the covariance is of another kind.
    double length = std::min(steps.empty() ? 0.5 / direction.norm() : 1.0, 2 / direction.cwiseAbs().maxCoeff());
    const double descent = slope.dot(direction);
    if (!(descent < 0)) break;
    Eigen::VectorXd next(at.size()), next_slope(at.size());
    double next_height = std::numeric_limits<double>::infinity();
    int halvings = 0;
    for (; halvings < 20; ++halvings, length *= 0.5) {
      next = at + length * direction;
      next_height = look(next, next_slope);
      if (next_height <= height + 1e-4 * length * descent) break;
    }
    if (halvings == 20) break;
    const Eigen::VectorXd moved = next - at, turned = next_slope - slope;
    at = next, slope = next_slope, height = next_height;
    if (const double curvature = moved.dot(turned); curvature > 1e-12) {
      steps.push_back({moved, turned, 1 / curvature});
      if (steps.size() > remembered) steps.pop_front();
    }
  }
  return detail::unpacked(at);
}

HASSE_BODY gaussian_process::gaussian_process(process_inputs inputs, std::vector<double> values, process_scales scales)
    : inputs_(std::move(inputs)), values_(std::move(values)), scales_(std::move(scales)), stride_(inputs_.rows) {
  detail::process_matrix kernel = detail::covariance(inputs_, inputs_, scales_);
  const Eigen::ArrayXd noise = detail::noise_of(inputs_, scales_);
  Eigen::LLT<detail::process_matrix> factor;
  // Scales that an optimiser found are never so extreme that this is needed twice.
  for (double more = 0; more < 1; more = 10 * more + 1e-9) {
    detail::process_matrix with = kernel;
    with.diagonal().array() += noise + more * kernel.diagonal().maxCoeff();
    factor.compute(with);
    if (factor.info() == Eigen::Success) break;
  }
  if (factor.info() != Eigen::Success) throw error("the model of what was trained cannot be computed: its covariance is not positive; are all merits and coordinates finite numbers?");
  const detail::process_matrix lower = factor.matrixL();
  factor_.assign(lower.data(), lower.data() + lower.size());
  const Eigen::VectorXd solved = factor.matrixL().solve(detail::vector_of(values_));
  solved_.assign(solved.data(), solved.data() + solved.size());
}

HASSE_BODY void gaussian_process::append(std::span<const double> smooth_row, std::span<const double> linear_row, double value) {
  process_inputs here;
  here.append(smooth_row, linear_row);
  const auto n = static_cast<Eigen::Index>(size());
  Eigen::VectorXd row = detail::covariance(inputs_, here, scales_);
  const auto stride = [&] { return Eigen::OuterStride<>(static_cast<Eigen::Index>(stride_)); };
  if (stride_ < size() + 1) {  // room for half as many again
    const std::size_t wider = size() + size() / 2 + 8;
    std::vector<double> moved(wider * wider);
    for (std::size_t column = 0; column < size(); ++column)
      std::copy_n(factor_.begin() + static_cast<std::ptrdiff_t>(column * stride_), size(), moved.begin() + static_cast<std::ptrdiff_t>(column * wider));
    factor_ = std::move(moved), stride_ = wider;
  }
  Eigen::Map<detail::process_matrix, 0, Eigen::OuterStride<>> lower(factor_.data(), n + 1, n + 1, stride());
  lower.topLeftCorner(n, n).triangularView<Eigen::Lower>().solveInPlace(row);
  const double own = detail::covariance(here, here, scales_)(0, 0), noise = std::exp(scales_.noise);
  lower.row(n).head(n) = row.transpose();
  lower(n, n) = std::sqrt(std::max(own + noise - row.squaredNorm(), 1e-9 * (own + noise)));
  solved_.push_back((value - row.dot(detail::vector_of(solved_))) / lower(n, n));
  values_.push_back(value);
  inputs_.append(smooth_row, linear_row);
  if (!inputs_.noise.empty()) inputs_.noise.push_back(1);
}

HASSE_BODY process_prediction gaussian_process::predict(const process_inputs& places) const {
  const auto n = static_cast<Eigen::Index>(size());
  const Eigen::Map<const detail::process_matrix, 0, Eigen::OuterStride<>> lower(factor_.data(), n, n, Eigen::OuterStride<>(static_cast<Eigen::Index>(stride_)));
  detail::process_matrix cross = detail::covariance(inputs_, places, scales_);
  lower.triangularView<Eigen::Lower>().solveInPlace(cross);
  const auto l = detail::rows_of(places.linear, places.rows, places.linear_columns);
  const Eigen::VectorXd mean = cross.transpose() * detail::vector_of(solved_);
  const Eigen::VectorXd own = std::exp(scales_.linear) * l.rowwise().squaredNorm().array() + std::exp(scales_.smooth);
  const Eigen::VectorXd variance = (own - cross.colwise().squaredNorm().transpose()).cwiseMax(1e-12);
  return {{mean.data(), mean.data() + mean.size()}, {variance.data(), variance.data() + variance.size()}};
}

HASSE_BODY std::vector<double> gaussian_process::means(const process_inputs& places) const {
  const Eigen::VectorXd mean = detail::covariance(places, inputs_, scales_) * detail::vector_of(weights());
  return {mean.data(), mean.data() + mean.size()};
}

HASSE_BODY std::vector<double> gaussian_process::precisions() const {
  const auto n = static_cast<Eigen::Index>(size());
  const Eigen::Map<const detail::process_matrix, 0, Eigen::OuterStride<>> lower(factor_.data(), n, n, Eigen::OuterStride<>(static_cast<Eigen::Index>(stride_)));
  detail::process_matrix inverse = detail::process_matrix::Identity(n, n);
  lower.triangularView<Eigen::Lower>().solveInPlace(inverse);
  const Eigen::VectorXd found = inverse.colwise().squaredNorm();
  return {found.data(), found.data() + found.size()};
}

HASSE_BODY std::vector<double> gaussian_process::weights() const {
  const auto n = static_cast<Eigen::Index>(size());
  const Eigen::Map<const detail::process_matrix, 0, Eigen::OuterStride<>> lower(factor_.data(), n, n, Eigen::OuterStride<>(static_cast<Eigen::Index>(stride_)));
  const Eigen::VectorXd found = lower.triangularView<Eigen::Lower>().transpose().solve(detail::vector_of(solved_));
  return {found.data(), found.data() + found.size()};
}

}  // namespace hasse

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
