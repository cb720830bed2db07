// The losses of one number, of one anchor, and of a detector's whole answer. Used by task/detection.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hasse {

/// What a column of logits means: each class for itself, or one of all and a background (column 0).
enum class score_rule : std::uint8_t { sigmoid, softmax };

/// A loss and its slope by the number that it is of.
template <class Scalar>
struct sloped_loss {
  Scalar loss = 0, slope = 0;
};

/// ln(1 + e^z), finite for all finite z.
template <class Scalar>
Scalar softplus(Scalar z) {
  return std::max(z, Scalar{0}) + std::log1p(std::exp(-std::abs(z)));
}

struct focal_rule {
  double alpha = 0.75, gamma = 2;  ///< weight of what is there against what is not; how little easy answers count
  bool operator==(const focal_rule&) const = default;
};

/// Sigmoid focal loss (Lin et al. 2017) of one logit: `there` is its target.
template <class Scalar>
sloped_loss<Scalar> focal_loss(Scalar logit, bool there, const focal_rule& rule = {}) {
  // A logit of the other target is its mirror image: both are those of z with p = sigma(-z), the share by which the answer is
  // wrong.
  const Scalar z = there ? logit : -logit, e = std::exp(-std::abs(z)), wrong = z > 0 ? e / (1 + e) : 1 / (1 + e),
               right = z > 0 ? 1 / (1 + e) : e / (1 + e);
  const auto gamma = static_cast<Scalar>(rule.gamma);
  const Scalar weight =
      static_cast<Scalar>(there ? rule.alpha : 1 - rule.alpha) * (rule.gamma == 2 ? wrong * wrong : std::pow(wrong, gamma));
  const Scalar entropy = std::max(-z, Scalar{0}) + std::log1p(e);
  const Scalar slope = -weight * (gamma * right * entropy + wrong);
  return {weight * entropy, there ? slope : -slope};
}

/// Half the square where that is flat, then a line: smooth L1.
template <class Scalar>
sloped_loss<Scalar> huber_loss(Scalar difference) {
  const Scalar size = std::abs(difference);
  if (size <= 1) return {difference * difference / 2, difference};
  return {size - static_cast<Scalar>(0.5), difference > 0 ? Scalar{1} : difference < 0 ? Scalar{-1} : difference};
}

/// Cross-entropy of a row of logits against column `wanted`; its slopes are the probabilities, but less 1 there.
template <class Scalar>
double softmax_loss(std::span<const Scalar> row, std::size_t wanted, std::span<Scalar> slopes = {}) {
  const double most = static_cast<double>(*std::ranges::max_element(row));
  double sum = 0;
  for (const Scalar each : row) sum += std::exp(static_cast<double>(each) - most);
  for (std::size_t k = 0; k < slopes.size(); ++k)
    slopes[k] = static_cast<Scalar>(std::exp(static_cast<double>(row[k]) - most) / sum - (k == wanted ? 1 : 0));
  return std::log(sum) + most - static_cast<double>(row[wanted]);
}

}  // namespace hasse
