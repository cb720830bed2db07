// A class for every pixel: cross-entropy with void, class weights or the hardest pixels, mean intersection over union. Models the concept Task;
// the network answers with one map of scores, as network/published/df_seg.hpp does. Used by programs that segment pictures.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/detection_set.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/task/detection_feed.hpp>
#include <hasse/task/segmentation/confusion.hpp>
#include <hasse/task/segmentation/pixel_loss.hpp>
#include <hasse/task/task.hpp>

namespace hasse {

/// Models Task: the only output is h x w x classes, and height and width of the input are the same multiple of them: 1, or 8 of the forms
/// "-d8". Where it is more than 1 the loss asks for the class that most of a cell's pixels have, and each answer stands for its cell.
struct segmentation {
  static constexpr metric measure{.name = "mIoU", .unit = "%", .factor = 100, .decimals = 1, .best = 1};
  pixel_rule pixels{};

  using samples = detection_set;
  template <class Scalar>
  using feed = detection_feed<Scalar>;

  std::string text() const;
  /// How the pictures come to their size, and how they vary.
  std::string text_of(const detection_set& set) const;
  void check(const detection_set& set, const layer_list& layers) const;
  normalisation scale_of(const detection_set& set) const { return hasse::measure(set); }
  /// None: pictures vary as their set says.
  augmentation usual_augmentation(const detection_set&) const { return {}; }

  template <class Scalar>
  batch_loss loss(answers<Scalar> found, const picture_batch* wanted, slopes<Scalar> gradient) const {
    return {sums(found, wanted, pixels, gradient.empty() ? nullptr : gradient[0].data).value(), 0};
  }
  /// What a wider network's answers stand for: soft classes of all pixels but void ones (and not of the hardest alone).
  template <class Scalar>
  using lesson = pixel_lesson<Scalar>;
  template <class Scalar>
  void remember(answers<Scalar> found, const picture_batch* wanted, lesson<Scalar>& to) const {
    to.labels = labels_for(found[0], wanted);
    remember_pixels(found[0].data, found[0].shape.c, to);
  }
  template <class Scalar>
  double loss(answers<Scalar> found, const lesson<Scalar>& from, slopes<Scalar> gradient) const {
    return taught_cross_entropy(found[0].data, from, found[0].shape.c, pixels, gradient.empty() ? nullptr : gradient[0].data).value();
  }
  segmentation plain() const { return *this; }

  /// Judges every picture in pixels of its file, of which those with a class count.
  class tally_type {
   public:
    explicit tally_type(const segmentation& task) : rule_{.class_weights = task.pixels.class_weights} {}
    template <class Scalar>
    void add(answers<Scalar> found, const picture_batch* wanted) {
      loss_ += sums(found, wanted, rule_, static_cast<Scalar*>(nullptr));
      const detection_set& set = wanted->set();
      if (!counts_) counts_.emplace(static_cast<int>(set.classes.size()));
      for (int image = 0; image < found[0].count; ++image) {
        decide(found[0].of(image), found[0].shape.c, decided_);
        judge(wanted->pictures[static_cast<std::size_t>(image)], set, found[0].shape);
      }
    }
    evaluation result() const { return {counts_ ? counts_->mean_overlap() : 0, loss_.value()}; }
    const std::optional<confusion>& counts() const { return counts_; }

   private:
    void judge(const sampled_picture& seen, const detection_set& set, feature_shape map);

    pixel_rule rule_;
    pixel_loss loss_;
    std::optional<confusion> counts_;
    std::vector<std::int16_t> decided_;
  };
  tally_type tally(const normalisation&) const { return tally_type(*this); }

  /// The class with the largest score at each pixel, the first of equals; -1 where a score is no number.
  template <class Scalar>
  static void decide(std::span<const Scalar> scores, int classes, std::vector<std::int16_t>& to) {
    to.resize(scores.size() / static_cast<std::size_t>(classes));
    for (std::size_t pixel = 0; pixel < to.size(); ++pixel) {
      const Scalar* const own = scores.data() + pixel * static_cast<std::size_t>(classes);
      int best = 0;
      bool numbers = true;
      for (int k = 0; k < classes; ++k) {
        numbers = numbers && !std::isnan(static_cast<double>(own[k]));
        if (own[k] > own[best]) best = k;
      }
      to[pixel] = static_cast<std::int16_t>(numbers ? best : -1);
    }
  }

 private:
  /// Of the pixels of a batch's answers.
  template <class Scalar>
  static std::vector<std::uint8_t> labels_for(const tensor_batch<const Scalar>& found, const picture_batch* wanted) {
    const feature_shape map = found.shape, input = wanted->set().shape();
    std::vector<std::uint8_t> labels, reduced;
    for (int image = 0; image < found.count; ++image) {
      const std::vector<std::uint8_t>& own = wanted->pictures[static_cast<std::size_t>(image)].labels;
      if (map.h != input.h) reduce_labels(own, input.h, input.w, input.h / map.h, reduced);
      labels.insert(labels.end(), map.h != input.h ? reduced.begin() : own.begin(), map.h != input.h ? reduced.end() : own.end());
    }
    return labels;
  }
  template <class Scalar>
  static pixel_loss sums(answers<Scalar> found, const picture_batch* wanted, const pixel_rule& rule, Scalar* gradient) {
    return pixel_cross_entropy(found[0].data, labels_for(found[0], wanted), found[0].shape.c, rule, gradient);
  }
};
static_assert(Task<segmentation>);

/// How many pixels of each class a set has; the last number is of void pixels.
HASSE_BODY std::vector<std::int64_t> pixels_per_class(const detection_set& set);

/// Median frequency balancing: the median of the classes' frequencies over each one's, where a frequency is counted over all pixels of the
/// pictures that have the class (Eigen and Fergus 2015). A class that the set has not gets 1.
HASSE_BODY std::vector<double> median_frequency_weights(const detection_set& set);

/// 1 / ln(1.02 + share of the pixels with a class) (ENet).
HASSE_BODY std::vector<double> logarithmic_weights(const detection_set& set);

/// From answers on a network's map to the pixels of a picture's file: -1 where there is none.
HASSE_BODY std::vector<std::int16_t> to_file(std::span<const std::int16_t> decided, feature_shape map, feature_shape input, const picture_placement& placement,
                                             const labelled_picture& picture);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/task/segmentation.inl>
#endif
