// What answers to pixels were taken for, counted over a whole set, and what follows from it: intersection over union, class by class.
// Used by task/segmentation.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include <hasse/data/detection_set.hpp>

namespace hasse {

/// How often a pixel of one class was answered with another, exactly. Void pixels are not counted, whatever is answered there.
class confusion {
 public:
  explicit confusion(int classes) : classes_(classes), counts_(static_cast<std::size_t>(classes) * static_cast<std::size_t>(classes + 1)) {}

  /// `answer` below 0: none, because the network answered no numbers.
  void add(std::uint8_t label, int answer) {
    if (label != void_label) ++counts_[at(label, answer < 0 ? classes_ : answer)];
  }
  int classes() const { return classes_; }
  std::int64_t count(int label, int answer) const { return counts_[at(label, answer)]; }

  /// Pixels that are of the class or were taken for it.
  std::int64_t either(int of) const {
    std::int64_t sum = -count(of, of);
    for (int other = 0; other <= classes_; ++other) sum += count(of, other);
    for (int other = 0; other < classes_; ++other) sum += count(other, of);
    return sum;
  }
  /// Intersection over union; none of a class that was neither there nor answered.
  std::optional<double> overlap_of(int of) const {
    const std::int64_t all = either(of);
    if (all == 0) return {};
    return static_cast<double>(count(of, of)) / static_cast<double>(all);
  }
  /// The mean of those that there are (mIoU); 0 where there are none.
  double mean_overlap() const {
    double sum = 0;
    int known = 0;
    for (int of = 0; of < classes_; ++of)
      if (const auto own = overlap_of(of)) sum += *own, ++known;
    return known == 0 ? 0 : sum / known;
  }
  /// The share of pixels that were answered with their class.
  double pixel_accuracy() const {
    std::int64_t right = 0;
    for (int of = 0; of < classes_; ++of) right += count(of, of);
    return pixels() == 0 ? 0 : static_cast<double>(right) / static_cast<double>(pixels());
  }
  std::int64_t pixels() const {
    std::int64_t all = 0;
    for (const std::int64_t each : counts_) all += each;
    return all;
  }

 private:
  std::size_t at(int label, int answer) const { return static_cast<std::size_t>(label) * static_cast<std::size_t>(classes_ + 1) + static_cast<std::size_t>(answer); }

  int classes_;
  std::vector<std::int64_t> counts_;  ///< row by label; the last column is of no answer
};

}  // namespace hasse
