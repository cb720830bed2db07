// The loss of a detector's answers: how wrong the classes of all anchors are, and how far the boxes of those that have an object.
// Used by task/detection.hpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include <hasse/task/detection/box_coder.hpp>
#include <hasse/task/detection/losses.hpp>
#include <hasse/task/detection/matching.hpp>
#include <hasse/task/task.hpp>

namespace hasse {

/// What the anchors of a batch should answer, image by image in the order of anchors_of.
struct anchor_targets {
  int anchors = 0;                       ///< of an image
  std::vector<int> kinds;                ///< a class, no_object or left_out
  std::vector<box_code<float>> codes{};  ///< where there is a class
  std::span<const int> kinds_of(int image) const {
    return {kinds.data() + std::ptrdiff_t{image} * anchors, static_cast<std::size_t>(anchors)};
  }
  const box_code<float>* codes_of(int image) const { return codes.data() + std::ptrdiff_t{image} * anchors; }
};

/// Softmax cross-entropy with the hardest negatives, as SSD began (Liu et al. 2016).
struct hard_negatives {
  int per_positive = 3;  ///< negatives of an image for each of its positives
  int at_least = 0;      ///< and for images without: 0 learns nothing from empty pictures
  bool operator==(const hard_negatives&) const = default;
};

/// Sums over a batch or a set.
struct detector_loss {
  double classes = 0, places = 0;
  std::int64_t positives = 0;
  double value() const { return (classes + places) / static_cast<double>(std::max<std::int64_t>(positives, 1)); }
  detector_loss& operator+=(const detector_loss& more) {
    classes += more.classes, places += more.places, positives += more.positives;
    return *this;
  }
};

namespace detail {
/// Answers come as pairs, map by map: codes, H x W x (anchors 4), and logits, H x W x (anchors columns).
template <class Scalar>
int anchors_in(answers<Scalar> found, std::size_t map) {
  return static_cast<int>(found[2 * map].shape.size() / 4);
}
template <class Scalar>
std::size_t columns_in(answers<Scalar> found) {
  return static_cast<std::size_t>(found[1].shape.size() / anchors_in(found, 0));
}

/// Calls `visit(anchor, codes, logits, slopes of codes, slopes of logits)` for the anchors of an image in their order; the slopes
/// are empty where none are wanted.
template <class Scalar, class Visit>
void for_each_anchor(answers<Scalar> found, slopes<Scalar> gradient, int image, const Visit& visit) {
  const std::size_t columns = columns_in(found);
  int anchor = 0;
  for (std::size_t map = 0; 2 * map < found.size(); ++map) {
    const auto codes = found[2 * map].of(image), logits = found[2 * map + 1].of(image);
    std::span<Scalar> to_codes, to_logits;
    if (!gradient.empty()) to_codes = gradient[2 * map].of(image), to_logits = gradient[2 * map + 1].of(image);
    const auto own = [](auto all, std::size_t at, std::size_t size) { return all.empty() ? all : all.subspan(at * size, size); };
    const auto count = static_cast<std::size_t>(anchors_in(found, map));
    for (std::size_t i = 0; i < count; ++i, ++anchor)
      visit(static_cast<std::size_t>(anchor), own(codes, i, 4), own(logits, i, columns), own(to_codes, i, 4),
            own(to_logits, i, columns));
  }
}

inline std::int64_t positives_in(const anchor_targets& wanted, int images) {
  const auto end = wanted.kinds.begin() + std::ptrdiff_t{images} * wanted.anchors;
  return std::count_if(wanted.kinds.begin(), end, [](int kind) { return kind >= 0; });
}

template <class Scalar>
using loss_precision = std::conditional_t<std::is_same_v<Scalar, double>, double, float>;

/// Smooth L1 of the four numbers of a box; the slopes are multiplied by `share`.
template <class Scalar>
double place_loss(std::span<const Scalar> found, const box_code<float>& wanted, double share, std::span<Scalar> slopes) {
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto part = huber_loss(static_cast<loss_precision<Scalar>>(found[i]) - static_cast<loss_precision<Scalar>>(wanted[i]));
    sum += static_cast<double>(part.loss);
    if (!slopes.empty()) slopes[i] = static_cast<Scalar>(share * static_cast<double>(part.slope));
  }
  return sum;
}
}  // namespace detail

/// Focal loss of all columns of all anchors, and a quarter of smooth L1 of the boxes, both by the number of positives of the batch
/// (RetinaNet, MobileDets). Where there is one column more than classes the first is a background that is never the answer. Images
/// are added up in their order, in double.
template <class Scalar>
detector_loss focal_detector_loss(answers<Scalar> found, const anchor_targets& wanted, int classes, const focal_rule& rule,
                                  slopes<Scalar> gradient) {
  const int images = found[0].count;
  detector_loss sum{.positives = detail::positives_in(wanted, images)};
  const double share = 1.0 / static_cast<double>(std::max<std::int64_t>(sum.positives, 1));
  const auto before = static_cast<int>(detail::columns_in(found)) - classes;
  for (int image = 0; image < images; ++image) {
    const std::span<const int> kinds = wanted.kinds_of(image);
    detail::for_each_anchor(found, gradient, image,
                            [&](std::size_t anchor, auto codes, auto logits, auto to_codes, auto to_logits) {
                              const int kind = kinds[anchor];
                              if (kind == left_out) std::ranges::fill(to_logits, Scalar{});
                              for (std::size_t column = 0; kind != left_out && column < logits.size(); ++column) {
                                const auto part = focal_loss(static_cast<detail::loss_precision<Scalar>>(logits[column]),
                                                             kind >= 0 && static_cast<int>(column) == kind + before, rule);
                                sum.classes += static_cast<double>(part.loss);
                                if (!to_logits.empty())
                                  to_logits[column] = static_cast<Scalar>(share * static_cast<double>(part.slope));
                              }
                              if (kind < 0) return std::ranges::fill(to_codes, Scalar{}), void();
                              sum.places += detail::place_loss(codes, wanted.codes_of(image)[anchor], share / 4, to_codes) / 4;
                            });
  }
  return sum;
}

/// Softmax over background (column 0) and classes, of positives and the hardest negatives of each image, and smooth L1 of the
/// boxes, both by the number of positives of the batch (SSD).
template <class Scalar>
detector_loss softmax_detector_loss(answers<Scalar> found, const anchor_targets& wanted, const hard_negatives& rule,
                                    slopes<Scalar> gradient) {
  const int images = found[0].count;
  detector_loss sum{.positives = detail::positives_in(wanted, images)};
  const double share = 1.0 / static_cast<double>(std::max<std::int64_t>(sum.positives, 1));
  std::vector<double> entropy(static_cast<std::size_t>(wanted.anchors));
  std::vector<std::size_t> hardest;
  std::vector<bool> counts;
  for (int image = 0; image < images; ++image) {
    const std::span<const int> kinds = wanted.kinds_of(image);
    detail::for_each_anchor(found, slopes<Scalar>{}, image, [&](std::size_t anchor, auto, auto logits, auto, auto) {
      entropy[anchor] = softmax_loss(logits, static_cast<std::size_t>(std::max(kinds[anchor], no_object) + 1));
    });
    hardest.clear();
    counts.assign(entropy.size(), false);
    for (std::size_t anchor = 0; anchor < entropy.size(); ++anchor)
      if (kinds[anchor] == no_object) hardest.push_back(anchor);
    const auto positives = std::ranges::count_if(kinds, [](int kind) { return kind >= 0; });
    const auto kept =
        std::min(hardest.size(), static_cast<std::size_t>(std::max<std::ptrdiff_t>(rule.per_positive * positives, rule.at_least)));
    const auto harder = [&](std::size_t a, std::size_t b) { return entropy[a] != entropy[b] ? entropy[a] > entropy[b] : a < b; };
    const bool finite = std::ranges::all_of(entropy, [](double each) { return std::isfinite(each); });
    if (finite)
      std::nth_element(hardest.begin(), hardest.begin() + static_cast<std::ptrdiff_t>(kept), hardest.end(), harder);
    else
      sum.classes = std::numeric_limits<double>::quiet_NaN();  // nothing can be said of which are the hardest
    for (std::size_t i = 0; i < kept; ++i) counts[hardest[i]] = true;
    detail::for_each_anchor(found, gradient, image,
                            [&](std::size_t anchor, auto codes, auto logits, auto to_codes, auto to_logits) {
                              const int kind = kinds[anchor];
                              if (kind >= 0 || counts[anchor]) {
                                sum.classes += entropy[anchor];
                                if (!to_logits.empty()) softmax_loss(logits, static_cast<std::size_t>(kind + 1), to_logits);
                                for (Scalar& slope : to_logits) slope = static_cast<Scalar>(share * static_cast<double>(slope));
                              } else {
                                std::ranges::fill(to_logits, Scalar{});
                              }
                              if (kind < 0) return std::ranges::fill(to_codes, Scalar{}), void();
                              sum.places += detail::place_loss(codes, wanted.codes_of(image)[anchor], share, to_codes);
                            });
  }
  return sum;
}

/// What a wider network's answers say of the classes of all anchors of a batch, column by column.
template <class Scalar>
void remember_classes(answers<Scalar> found, score_rule scores, std::vector<double>& to) {
  to.clear();
  std::vector<double> row;
  for (int image = 0; image < found[0].count; ++image)
    detail::for_each_anchor(found, slopes<Scalar>{}, image, [&](std::size_t, auto, auto logits, auto, auto) {
      if (scores == score_rule::softmax) {
        row.resize(logits.size());
        const std::vector<double> own(logits.begin(), logits.end());
        softmax_loss(std::span<const double>(own), 0, std::span<double>(row));  // the slopes are the probabilities, but for the first
        row[0] += 1;
        to.insert(to.end(), row.begin(), row.end());
        return;
      }
      for (const Scalar logit : logits) to.push_back(1 / (1 + std::exp(-static_cast<double>(logit))));
    });
}

/// Cross-entropy of all columns of all anchors against those probabilities, and the boxes of those that have an object against it, both
/// by the number of positives of the batch. What the hard targets left out is taught, too.
template <class Scalar>
detector_loss taught_detector_loss(answers<Scalar> found, const anchor_targets& wanted, std::span<const double> classes, score_rule scores,
                                   slopes<Scalar> gradient) {
  const int images = found[0].count;
  detector_loss sum{.positives = detail::positives_in(wanted, images)};
  const double share = 1.0 / static_cast<double>(std::max<std::int64_t>(sum.positives, 1)), of_places = scores == score_rule::softmax ? 1 : 0.25;
  for (int image = 0; image < images; ++image) {
    const std::span<const int> kinds = wanted.kinds_of(image);
    detail::for_each_anchor(found, gradient, image, [&](std::size_t anchor, auto codes, auto logits, auto to_codes, auto to_logits) {
      const std::span<const double> taught = classes.first(logits.size());
      classes = classes.subspan(logits.size());
      if (scores == score_rule::softmax) {
        if (!to_logits.empty()) softmax_loss(logits, 0, to_logits), to_logits[0] += 1;  // as above
        for (std::size_t column = 0; column < logits.size(); ++column) sum.classes += taught[column] * softmax_loss(logits, column);
      } else {
        for (std::size_t column = 0; column < logits.size(); ++column) {
          const auto logit = static_cast<double>(logits[column]);
          sum.classes += softplus(logit) - taught[column] * logit;
          if (!to_logits.empty()) to_logits[column] = static_cast<Scalar>(1 / (1 + std::exp(-logit)));
        }
      }
      for (std::size_t column = 0; column < to_logits.size(); ++column)
        to_logits[column] = static_cast<Scalar>(share * (static_cast<double>(to_logits[column]) - taught[column]));
      if (kinds[anchor] < 0) return std::ranges::fill(to_codes, Scalar{}), void();
      sum.places += detail::place_loss(codes, wanted.codes_of(image)[anchor], share * of_places, to_codes) * of_places;
    });
  }
  return sum;
}

}  // namespace hasse
