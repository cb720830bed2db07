// From a detector's answers to objects: the best boxes of each class that do not lie on one another (non-maximum suppression).
// Used by task/detection.hpp and by programs that show what a detector finds.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/objects.hpp>
#include <hasse/task/detection/box_coder.hpp>
#include <hasse/task/detection/detector_loss.hpp>
#include <hasse/task/detection/losses.hpp>
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

/// Finds the objects in the answers to a picture; keeps its memory between pictures. Objects are clipped to the input, in its
/// pixels; those without area are dropped. The best come first; of equals those of the first class, then of the first anchor.
class object_finder {
 public:
  object_finder(std::vector<box> anchors, feature_shape input, int classes, score_rule scores, const suppression_rule& rule = {})
      : anchors_(std::move(anchors)), input_(input), classes_(classes), scores_(scores), rule_(rule) {}

  /// In picture `image` of a batch.
  template <class Scalar>
  void find(answers<Scalar> found, int image, std::vector<detected_object>& objects) {
    if (scores_ == score_rule::sigmoid)
      find_by<detail::loss_precision<Scalar>>(found, image, objects);
    else
      find_by<double>(found, image, objects);
  }

  const suppression_rule& rule() const { return rule_; }
  /// Scores that were no numbers, since the beginning.
  std::int64_t not_numbers() const { return not_numbers_; }

 private:
  static constexpr std::size_t first_wanted = 256;  // a picture has rarely more, suppressed ones included

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

  /// The answers are most of what there is to read: 90 classes of 2034 anchors, of which some dozens count. So the best candidates are looked
  /// for in one pass over them, and more in another pass only where those do not make the objects that are wanted.
  template <class Key, class Scalar>
  void find_by(answers<Scalar> found, int image, std::vector<detected_object>& objects) {
    begin(objects);
    const std::vector<candidate<Key>>& best = candidates<Key>();
    candidate<Key> last{};
    for (std::size_t wanted = first_wanted;; wanted *= 4) {
      collect(found, image, wanted, wanted == first_wanted ? nullptr : &last);
      for (const candidate<Key>& each : best) {
        const auto key = static_cast<double>(each.key);
        const double score = scores_ == score_rule::sigmoid ? 1 / (1 + std::exp(-key)) : key;
        if (!(score > rule_.score)) return;
        const std::size_t anchor = each.place % anchors_.size();
        if (!take(each.place / anchors_.size(), anchor, score, code_of(found, image, anchor), objects)) return;
      }
      if (best.size() < wanted) return;
      last = best.back();
    }
  }

  /// The first `wanted` candidates behind `last`, in their order.
  template <class Key, class Scalar>
  void collect(answers<Scalar> found, int image, std::size_t wanted, const candidate<Key>* last) {
    std::vector<candidate<Key>>& best = candidates<Key>();
    best.clear();
    const bool logits_are_keys = scores_ == score_rule::sigmoid;
    // Logits a little below the one that the score has: which of them count is decided by their scores, exactly. Once enough are found,
    // what is below the last of those does not count, either; equals do, which may stand before it.
    Key bound = at_most<Key>(logits_are_keys ? std::log(rule_.score / (1 - rule_.score)) - 1e-3 : rule_.score);
    const auto keep_wanted = [&] {
      std::nth_element(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(wanted) - 1, best.end());
      best.resize(wanted);
      bound = std::nextafter(best.back().key, -std::numeric_limits<Key>::infinity());
    };
    const auto look_at = [&](Key key, std::size_t kind, std::size_t anchor) {
      if (!(key > bound)) return void(not_numbers_ += key != key && last == nullptr);
      const candidate<Key> one{key, static_cast<std::uint32_t>(kind * anchors_.size() + anchor)};
      if (last != nullptr && !(*last < one)) return;
      best.push_back(one);
      if (best.size() == 2 * wanted) keep_wanted();
    };
    if (logits_are_keys)
      for_each_above(found, image, bound, look_at);
    else
      for_each_share<Key>(found, image, look_at);
    if (best.size() > wanted) keep_wanted();
    std::sort(best.begin(), best.end());
  }

  /// The largest Key that is not above `value`: a Key is above one where it is above the other.
  template <class Key>
  static Key at_most(double value) {
    const auto near = static_cast<Key>(value);
    return static_cast<double>(near) > value ? std::nextafter(near, -std::numeric_limits<Key>::infinity()) : near;
  }

  /// Visits the logits of classes that are above the bound as it is then, and those that are no numbers.
  template <class Key, class Scalar, class Visit>
  void for_each_above(answers<Scalar> found, int image, const Key& bound, const Visit& visit) const {
    constexpr std::size_t at_once = 32;
    const std::size_t columns = detail::columns_in(found), before = columns - static_cast<std::size_t>(classes_);
    std::size_t first = 0;  // anchor of the map
    for (std::size_t map = 0; 2 * map < found.size(); ++map) {
      const auto logits = found[2 * map + 1].of(image);
      for (std::size_t at = 0; at < logits.size();) {
        const std::size_t end = std::min(logits.size(), at + at_once);
        if (end - at == at_once) {
          int below = 0;
          for (std::size_t i = 0; i < at_once; ++i) below += static_cast<int>(static_cast<Key>(logits[at + i]) <= bound);  // without branches, for vector instructions
          if (below == int{at_once}) {
            at = end;
            continue;
          }
        }
        for (; at < end; ++at) {
          const auto key = static_cast<Key>(logits[at]);
          if (!(key <= bound) && at % columns >= before) visit(key, at % columns - before, first + at / columns);
        }
      }
      first += logits.size() / columns;
    }
  }
  /// Visits what softmax makes of all logits of classes.
  template <class Key, class Scalar, class Visit>
  void for_each_share(answers<Scalar> found, int image, const Visit& visit) const {
    const std::size_t before = detail::columns_in(found) - static_cast<std::size_t>(classes_);
    detail::for_each_anchor(found, slopes<Scalar>{}, image, [&](std::size_t anchor, auto, auto logits, auto, auto) {
      const auto most = static_cast<double>(*std::ranges::max_element(logits));
      double sum = 0;
      for (const Scalar each : logits) sum += std::exp(static_cast<double>(each) - most);
      for (std::size_t kind = 0; kind < static_cast<std::size_t>(classes_); ++kind)
        visit(static_cast<Key>(std::exp(static_cast<double>(logits[kind + before]) - most) / sum), kind, anchor);
    });
  }

  template <class Scalar>
  static box_code<double> code_of(answers<Scalar> found, int image, std::size_t anchor) {
    std::size_t map = 0;
    for (std::size_t own = 0; anchor >= (own = static_cast<std::size_t>(detail::anchors_in(found, map))); ++map) anchor -= own;
    const auto codes = found[2 * map].of(image);
    box_code<double> code;
    for (std::size_t i = 0; i < 4; ++i) code[i] = static_cast<double>(codes[4 * anchor + i]);
    return code;
  }

  void begin(std::vector<detected_object>& objects);
  /// False where no more are wanted.
  bool take(std::size_t kind, std::size_t anchor, double score, const box_code<double>& code, std::vector<detected_object>& objects);

  std::vector<box> anchors_;
  feature_shape input_;
  int classes_;
  score_rule scores_;
  suppression_rule rule_;
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
