// Softmax cross-entropy of pixels: void ones left out, classes weighted, or the hardest pixels alone (OHEM); and its gradient.
// Used by task/segmentation.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include <hasse/data/detection_set.hpp>

namespace hasse {

/// Which pixels count, and how much.
struct pixel_rule {
  std::vector<double> class_weights{};  ///< one for each class; none: all 1
  bool hard_only = false;               ///< pixels alone whose class has a probability below `sure`
  double sure = 0.7;
  double least_share = 1.0 / 16;        ///< of the pixels with a class, at least; where fewer are unsure, the next ones join them
  bool operator==(const pixel_rule&) const = default;
};

/// A sum of losses and what it is divided by.
struct pixel_loss {
  double sum = 0, weight = 0;
  double value() const { return weight > 0 ? sum / weight : 0; }
  pixel_loss& operator+=(const pixel_loss& other) {
    sum += other.sum, weight += other.weight;
    return *this;
  }
};

namespace detail {
struct pixel_sum {
  double most = 0, sum = 0;  ///< the largest logit, and the sum of exp(logit - most)
};
/// exp(logit - largest) of each class into `powers`. Not a number where an answer is none.
template <class Scalar>
pixel_sum pixel_powers(const Scalar* logits, int classes, double* powers) {
  pixel_sum made{static_cast<double>(logits[0]), 0};
  for (int k = 1; k < classes; ++k) made.most = std::max(made.most, static_cast<double>(logits[k]));
  for (int k = 0; k < classes; ++k) made.sum += powers[k] = static_cast<double>(std::exp(static_cast<Scalar>(static_cast<double>(logits[k]) - made.most)));
  return made;
}

/// The probability below which pixels are hard: `sure`, or that of the first that is not wanted any more.
inline double hard_below(std::vector<double>& probabilities, const pixel_rule& rule) {
  if (probabilities.empty()) return rule.sure;
  const auto wanted = static_cast<std::size_t>(rule.least_share * static_cast<double>(probabilities.size()));
  const auto at = probabilities.begin() + static_cast<std::ptrdiff_t>(std::min(wanted, probabilities.size() - 1));
  std::nth_element(probabilities.begin(), at, probabilities.end());
  return std::max(rule.sure, *at);
}
}  // namespace detail

/// Of `labels.size()` pixels with `classes` logits each. `gradient` (null: not wanted) receives d(value)/d(logits), 0 for pixels that do not
/// count. A logit of a counted pixel that is no number makes the loss none.
template <class Scalar>
pixel_loss pixel_cross_entropy(const Scalar* logits, std::span<const std::uint8_t> labels, int classes, const pixel_rule& rule, Scalar* gradient) {
  std::vector<double> powers(static_cast<std::size_t>(classes)), probabilities;
  const auto logits_of = [&](std::size_t pixel) { return logits + pixel * static_cast<std::size_t>(classes); };
  const auto powers_of = [&](std::size_t pixel) { return detail::pixel_powers(logits_of(pixel), classes, powers.data()); };
  double limit = std::numeric_limits<double>::infinity();
  if (rule.hard_only) {
    for (std::size_t pixel = 0; pixel < labels.size(); ++pixel) {
      if (labels[pixel] == void_label) continue;
      const double all = powers_of(pixel).sum, probability = powers[labels[pixel]] / all;
      probabilities.push_back(std::isnan(probability) ? 0 : probability);
    }
    limit = detail::hard_below(probabilities, rule);
  }
  pixel_loss loss;
  if (gradient) std::fill_n(gradient, labels.size() * static_cast<std::size_t>(classes), Scalar(0));
  for (std::size_t pixel = 0; pixel < labels.size(); ++pixel) {
    const std::uint8_t label = labels[pixel];
    if (label == void_label) continue;
    const auto [most, all] = powers_of(pixel);
    if (rule.hard_only && powers[label] / all >= limit) continue;
    const double weight = rule.class_weights.empty() ? 1.0 : rule.class_weights[label];
    loss += {weight * (std::log(all) - (static_cast<double>(logits_of(pixel)[label]) - most)), weight};
    if (gradient == nullptr) continue;
    Scalar* const to = gradient + pixel * static_cast<std::size_t>(classes);
    for (int k = 0; k < classes; ++k) to[k] = static_cast<Scalar>(weight * (powers[static_cast<std::size_t>(k)] / all - (k == label ? 1 : 0)));
  }
  if (gradient && loss.weight > 0) {  // what the sum is divided by is known behind the last pixel
    const auto share = static_cast<Scalar>(1 / loss.weight);
    for (std::size_t i = 0; i < labels.size() * static_cast<std::size_t>(classes); ++i) gradient[i] *= share;
  }
  return loss;
}

/// What a wider network's answers say of pixels: the probabilities of their classes.
template <class Scalar>
struct pixel_lesson {
  std::vector<std::uint8_t> labels{};  ///< of void pixels nothing is taught
  std::vector<Scalar> probabilities{};
};
template <class Scalar>
void remember_pixels(const Scalar* logits, int classes, pixel_lesson<Scalar>& to) {
  std::vector<double> powers(static_cast<std::size_t>(classes));
  to.probabilities.resize(to.labels.size() * powers.size());
  for (std::size_t pixel = 0; pixel < to.labels.size(); ++pixel) {
    const double all = detail::pixel_powers(logits + pixel * powers.size(), classes, powers.data()).sum;
    for (std::size_t k = 0; k < powers.size(); ++k) to.probabilities[pixel * powers.size() + k] = static_cast<Scalar>(powers[k] / all);
  }
}

/// Cross-entropy of pixels against those probabilities; each weighs as the class that it is of. `gradient` as above.
template <class Scalar>
pixel_loss taught_cross_entropy(const Scalar* logits, const pixel_lesson<Scalar>& lesson, int classes, const pixel_rule& rule, Scalar* gradient) {
  std::vector<double> powers(static_cast<std::size_t>(classes));
  const auto weight_of = [&](std::uint8_t label) { return label == void_label ? 0.0 : rule.class_weights.empty() ? 1.0 : rule.class_weights[label]; };
  pixel_loss loss;
  for (const std::uint8_t label : lesson.labels) loss.weight += weight_of(label);
  const double share = loss.weight > 0 ? 1 / loss.weight : 0;
  if (gradient) std::fill_n(gradient, lesson.labels.size() * powers.size(), Scalar(0));
  for (std::size_t pixel = 0; pixel < lesson.labels.size(); ++pixel) {
    if (lesson.labels[pixel] == void_label) continue;
    const double weight = weight_of(lesson.labels[pixel]);
    const Scalar *const own = logits + pixel * powers.size(), *const wanted = lesson.probabilities.data() + pixel * powers.size();
    const auto [most, all] = detail::pixel_powers(own, classes, powers.data());
    for (std::size_t k = 0; k < powers.size(); ++k) {
      loss.sum += weight * static_cast<double>(wanted[k]) * (std::log(all) - (static_cast<double>(own[k]) - most));
      if (gradient) gradient[pixel * powers.size() + k] = static_cast<Scalar>(share * weight * (powers[k] / all - static_cast<double>(wanted[k])));
    }
  }
  return loss;
}

/// The label that most of a square of side x side pixels have, the lowest of equals; void_label where all are void. Of a map of labels to one
/// of height / side x width / side.
inline void reduce_labels(std::span<const std::uint8_t> labels, int height, int width, int side, std::vector<std::uint8_t>& to) {
  to.clear();
  std::vector<int> counts(256);
  for (int y = 0; y < height / side; ++y)
    for (int x = 0; x < width / side; ++x) {
      std::fill(counts.begin(), counts.end(), 0);
      for (int dy = 0; dy < side; ++dy)
        for (int dx = 0; dx < side; ++dx) ++counts[labels[static_cast<std::size_t>(y * side + dy) * static_cast<std::size_t>(width) + static_cast<std::size_t>(x * side + dx)]];
      counts[void_label] = 0;
      const auto most = std::max_element(counts.begin(), counts.end());
      to.push_back(*most == 0 ? void_label : static_cast<std::uint8_t>(most - counts.begin()));
    }
}

}  // namespace hasse
