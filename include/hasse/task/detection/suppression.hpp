// From a detector's answers to objects: the best boxes of each class that do not lie on one another (non-maximum suppression).
// Used by task/detection.hpp and by programs that show what a detector finds.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/objects.hpp>
#include <hasse/task/detection/box_coder.hpp>
#include <hasse/task/detection/detector_loss.hpp>
#include <hasse/task/task.hpp>

namespace hasse {

struct suppression_rule {
  double score = 1e-8;               ///< only scores above it; 0.3 is for pictures that people look at
  double overlap = 0.6;              ///< with a better box of the class: what has more is suppressed (intersection over union)
  int before = 400;                  ///< this many of the best candidates of a class are looked at
  int of_class = 100, in_all = 100;  ///< objects of a picture at most
  bool operator==(const suppression_rule&) const = default;
};

/// Boxes that were kept, as a loop over all of them wants them.
class kept_boxes {
 public:
  std::size_t size() const { return area_.size(); }
  void clear() { x0_.clear(), y0_.clear(), x1_.clear(), y1_.clear(), area_.clear(); }
  void add(const box& place) {
    x0_.push_back(place.x0), y0_.push_back(place.y0), x1_.push_back(place.x1), y1_.push_back(place.y1),
        area_.push_back(place.area());
  }
  /// Whether one of them has more than `limit` as intersection over union with `place`.
  bool any_overlaps(const box& place, double limit) const {
    const double area = place.area();
    int found = 0;
    for (std::size_t i = 0; i < area_.size(); ++i) {  // without branches, for vector instructions
      const double width = std::max(std::min(place.x1, x1_[i]) - std::max(place.x0, x0_[i]), 0.0),
                   height = std::max(std::min(place.y1, y1_[i]) - std::max(place.y0, y0_[i]), 0.0), shared = width * height;
      found |= static_cast<int>(shared / (area + area_[i] - shared) > limit);  // 0 / 0 is above nothing
    }
    return found != 0;
  }

 private:
  std::vector<double> x0_, y0_, x1_, y1_, area_;
};

/// Which boxes of one class are kept, the best first, of equals the first; at most `most`, 0: all.
HASSE_BODY std::vector<int> suppressed(std::span<const box> boxes, std::span<const double> scores, double overlap, int most = 0);

/// What a column of logits means: each class for itself, or one of all and a background (column 0).
enum class score_rule : std::uint8_t { sigmoid, softmax };

/// Finds the objects in the answers to a picture; keeps its memory between pictures. Objects are clipped to the input, in its
/// pixels; those without area are dropped. The best come first; of equals those of the first class, then of the first anchor.
class object_finder {
 public:
  object_finder(std::vector<box> anchors, feature_shape input, int classes, score_rule scores, const suppression_rule& rule = {})
      : anchors_(std::move(anchors)), input_(input), classes_(classes), scores_(scores), rule_(rule) {}

  /// In picture `image` of a batch.
  template <class Scalar>
  void find(answers<Scalar> found, int image, std::vector<detected_object>& objects) {
    codes_.resize(anchors_.size());
    if (scores_ == score_rule::sigmoid)
      find_by<detail::loss_precision<Scalar>>(found, image, objects);
    else
      find_by<double>(found, image, objects);
  }

  const suppression_rule& rule() const { return rule_; }
  /// Scores that were no numbers, since the beginning.
  std::int64_t not_numbers() const { return not_numbers_; }

 private:
  template <class Key>
  struct candidate {
    Key key;
    std::uint32_t place;  // class * anchors + anchor
    bool operator<(const candidate& other) const { return key != other.key ? key > other.key : place < other.place; }
  };
  template <class Key>
  std::vector<candidate<Key>>& candidates() {
    if constexpr (std::is_same_v<Key, float>)
      return coarse_;
    else
      return fine_;
  }

  template <class Key, class Scalar>
  void find_by(answers<Scalar> found, int image, std::vector<detected_object>& objects) {
    std::vector<candidate<Key>>& all = candidates<Key>();
    all.clear();
    const bool logits_are_keys = scores_ == score_rule::sigmoid;
    // Logits a little below the one that the score has: which of them count is decided below, exactly.
    const double least = logits_are_keys ? std::log(rule_.score / (1 - rule_.score)) - 1e-3 : rule_.score;
    const auto before = detail::columns_in(found) - static_cast<std::size_t>(classes_);
    detail::for_each_anchor(found, slopes<Scalar>{}, image, [&](std::size_t anchor, auto codes, auto logits, auto, auto) {
      for (std::size_t i = 0; i < 4; ++i) codes_[anchor][i] = static_cast<double>(codes[i]);
      double most = 0, sum = 1;
      if (!logits_are_keys) {
        most = static_cast<double>(*std::ranges::max_element(logits)), sum = 0;
        for (const Scalar each : logits) sum += std::exp(static_cast<double>(each) - most);
      }
      for (std::size_t kind = 0; kind < static_cast<std::size_t>(classes_); ++kind) {
        auto key = static_cast<Key>(logits[kind + before]);
        if (!logits_are_keys) key = static_cast<Key>(std::exp(static_cast<double>(key) - most) / sum);
        if (static_cast<double>(key) > least) all.push_back({key, static_cast<std::uint32_t>(kind * anchors_.size() + anchor)});
        not_numbers_ += key != key;
      }
    });
    begin(objects);
    // Few of them are needed as a rule, so that they are put in order as they are asked for.
    for (std::size_t first = 0, next = 512; first < all.size(); next *= 2) {
      const std::size_t last = std::min(all.size(), first + next);
      const auto at = [&](std::size_t index) { return all.begin() + static_cast<std::ptrdiff_t>(index); };
      if (last < all.size()) std::nth_element(at(first), at(last), all.end());
      std::sort(at(first), at(last));
      for (; first < last; ++first) {
        const auto key = static_cast<double>(all[first].key);
        const double score = logits_are_keys ? 1 / (1 + std::exp(-key)) : key;
        if (!(score > rule_.score)) return;
        if (!take(all[first].place / anchors_.size(), all[first].place % anchors_.size(), score, objects)) return;
      }
    }
  }

  void begin(std::vector<detected_object>& objects);
  /// False where no more are wanted.
  bool take(std::size_t kind, std::size_t anchor, double score, std::vector<detected_object>& objects);

  std::vector<box> anchors_;
  feature_shape input_;
  int classes_;
  score_rule scores_;
  suppression_rule rule_;
  std::vector<box_code<double>> codes_;
  std::vector<candidate<float>> coarse_;
  std::vector<candidate<double>> fine_;
  std::vector<kept_boxes> kept_;
  std::vector<int> looked_at_;
  std::int64_t not_numbers_ = 0;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/task/detection/suppression.inl>
#endif
