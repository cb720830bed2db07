// What training minimises: softmax cross-entropy against labels or against what another width answers, and its gradient.
// Used by task/classification.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace hasse {

/// The mean loss of a batch and how many of its samples were right: whose label had the largest logit (the first of equals counts). 0
/// where a task knows no right and wrong.
struct batch_loss {
  double loss = 0;
  std::int64_t correct = 0;
};

/// Cross-entropy of `batch` x `classes` logits against labels in [0, classes): the target gives 1 - smoothing to the label and
/// shares `smoothing` among all classes. `gradient` (null: not wanted) receives d(mean loss)/d(logits).
/// A logit that is not finite makes the loss NaN or infinite, which is how divergence is noticed, and its image is not right.
template <class Scalar>
batch_loss softmax_cross_entropy(const Scalar* logits, const int* labels, int batch, int classes, double smoothing,
                                 Scalar* gradient) {
  batch_loss result;
  const double share = smoothing / classes;
  for (int n = 0; n < batch; ++n) {
    const Scalar* row = logits + std::ptrdiff_t{n} * classes;
    int best = 0;
    for (int k = 1; k < classes; ++k)
      if (row[k] > row[best]) best = k;
    double sum = 0, mean = 0;  // relative to the largest logit, so that no exponential overflows
    for (int k = 0; k < classes; ++k) {
      const double above = static_cast<double>(row[k]) - static_cast<double>(row[best]);
      sum += std::exp(above);
      mean += above;
    }
    const double chosen = static_cast<double>(row[labels[n]]) - static_cast<double>(row[best]);
    const double loss = std::log(sum) - (1 - smoothing) * chosen - share * mean;
    result.loss += loss;
    result.correct += best == labels[n] && std::isfinite(loss);
    if (gradient == nullptr) continue;
    Scalar* out = gradient + std::ptrdiff_t{n} * classes;
    for (int k = 0; k < classes; ++k) {
      const double probability = std::exp(static_cast<double>(row[k]) - static_cast<double>(row[best])) / sum;
      const double target = share + (k == labels[n] ? 1 - smoothing : 0);
      out[k] = static_cast<Scalar>((probability - target) / batch);
    }
  }
  result.loss /= batch;
  return result;
}

/// The probabilities that logits stand for: what a wider network teaches a narrower one.
template <class Scalar, class Probability>
void softmax(const Scalar* logits, int batch, int classes, Probability* probabilities) {
  for (int n = 0; n < batch; ++n) {
    const Scalar* row = logits + std::ptrdiff_t{n} * classes;
    Probability* out = probabilities + std::ptrdiff_t{n} * classes;
    double most = static_cast<double>(row[0]), sum = 0;
    for (int k = 1; k < classes; ++k) most = std::max(most, static_cast<double>(row[k]));
    for (int k = 0; k < classes; ++k) sum += std::exp(static_cast<double>(row[k]) - most);
    for (int k = 0; k < classes; ++k) out[k] = static_cast<Probability>(std::exp(static_cast<double>(row[k]) - most) / sum);
  }
}

/// Cross-entropy of logits against probabilities, -sum_c t_c log q_c, averaged over the batch: inplace distillation (US-Nets §3.3).
/// Its least value is the entropy of the targets, not 0. `gradient` (null: not wanted) receives d(mean loss)/d(logits).
template <class Scalar, class Probability>
double soft_cross_entropy(const Scalar* logits, const Probability* targets, int batch, int classes, Scalar* gradient) {
  double loss = 0;
  for (int n = 0; n < batch; ++n) {
    const Scalar* row = logits + std::ptrdiff_t{n} * classes;
    const Probability* wanted = targets + std::ptrdiff_t{n} * classes;
    double most = static_cast<double>(row[0]), sum = 0, weight = 0;
    for (int k = 1; k < classes; ++k) most = std::max(most, static_cast<double>(row[k]));
    for (int k = 0; k < classes; ++k) {
      const double above = static_cast<double>(row[k]) - most;
      sum += std::exp(above);
      loss -= static_cast<double>(wanted[k]) * above;
      weight += static_cast<double>(wanted[k]);
    }
    loss += weight * std::log(sum);
    if (gradient == nullptr) continue;
    Scalar* out = gradient + std::ptrdiff_t{n} * classes;
    for (int k = 0; k < classes; ++k) {
      const double probability = std::exp(static_cast<double>(row[k]) - most) / sum;
      out[k] = static_cast<Scalar>((weight * probability - static_cast<double>(wanted[k])) / batch);
    }
  }
  return loss / batch;
}

}  // namespace hasse
