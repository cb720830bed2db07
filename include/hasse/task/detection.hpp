// Boxes around things: anchors that answer with a class and a box, focal loss, average precision. Models the concept Task; the
// network is a backbone with a head of network/ssdlite.hpp. Used by programs that train detectors.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/detection_set.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/network/plan.hpp>
#include <hasse/network/ssdlite.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/task/detection/anchors.hpp>
#include <hasse/task/detection/coco.hpp>
#include <hasse/task/detection/detector_loss.hpp>
#include <hasse/task/detection/suppression.hpp>
#include <hasse/task/detection_feed.hpp>
#include <hasse/task/task.hpp>

namespace hasse {

/// Models Task: the network answers with pairs of outputs, map by map: codes, H x W x (4 anchors), and logits, H x W x (columns
/// anchors), with one column per class, or a background before them.
struct detection {
  static constexpr metric measure{.name = "AP50", .unit = "%", .factor = 100, .decimals = 1, .best = 1};
  anchor_plan anchors = published_anchors();
  score_rule scores =
      score_rule::sigmoid;  ///< focal loss; softmax: cross-entropy with the hardest negatives, and a background is needed
  match_rule matched{};
  focal_rule focal{};
  hard_negatives negatives{};
  suppression_rule suppression{};

  using samples = detection_set;
  template <class Scalar>
  using feed = detection_feed<Scalar>;

  std::string text() const;
  /// How the pictures come to their size, and how they vary.
  std::string text_of(const detection_set& set) const;
  void check(const detection_set& set, const layer_list& layers) const;
  /// To -1 .. 1, whatever the set.
  normalisation scale_of(const detection_set&) const { return {{0.5f, 0.5f, 0.5f}, {0.5f, 0.5f, 0.5f}}; }
  /// None: pictures vary as their set says.
  augmentation usual_augmentation(const detection_set&) const { return {}; }

  /// What the anchors of a batch should answer.
  template <class Scalar>
  const anchor_targets& targets_of(answers<Scalar> found, const picture_batch* wanted) const {
    std::vector<feature_shape> maps;
    for (std::size_t i = 0; i < found.size(); i += 2) maps.push_back(found[i].shape);
    return wanted->targets(standing(), matched, maps);
  }
  /// The sums that the loss is made of.
  template <class Scalar>
  detector_loss parts(answers<Scalar> found, const picture_batch* wanted, slopes<Scalar> gradient) const {
    const anchor_targets& targets = targets_of(found, wanted);
    if (scores == score_rule::softmax) return softmax_detector_loss(found, targets, negatives, gradient);
    return focal_detector_loss(found, targets, static_cast<int>(wanted->set().classes.size()), focal, gradient);
  }
  template <class Scalar>
  batch_loss loss(answers<Scalar> found, const picture_batch* wanted, slopes<Scalar> gradient) const {
    return {parts(found, wanted, gradient).value(), 0};
  }

  /// What a wider network's answers stand for: soft classes of all anchors. Boxes stay those of the objects.
  template <class Scalar>
  struct lesson {
    const picture_batch* wanted = nullptr;
    std::vector<double> classes{};
  };
  template <class Scalar>
  void remember(answers<Scalar> found, const picture_batch* wanted, lesson<Scalar>& to) const {
    to.wanted = wanted;
    remember_classes(found, scores, to.classes);
  }
  template <class Scalar>
  double loss(answers<Scalar> found, const lesson<Scalar>& from, slopes<Scalar> gradient) const {
    return taught_detector_loss(found, targets_of(found, from.wanted), from.classes, scores, gradient).value();
  }

  /// The last layers of the head begin so that each class is there with 1 %, else the many anchors without an object would drown
  /// the few with one; weights of predictors as small as published.
  template <class Scalar>
  void initialise(parameters<Scalar>& made, const layer_list& layers) const {
    for (int output = 0; output < layers.output_count(); ++output) {
      const int last = layers.output(output) - 1;
      if (scores == score_rule::sigmoid && output % 2 == 1)
        for (Scalar& bias : made.of(last, parameter_role::bias)) bias = static_cast<Scalar>(-4.6);
      for (value_id value = layers.output(output), convolutions = 0; value != 0 && convolutions < 2;
           value = layers.items[detail::at(value) - 1].input) {
        if (layers.items[detail::at(value) - 1].kind != layer_kind::convolution) continue;
        ++convolutions;
        double squares = 0;
        const std::span<Scalar> weights = made.of(value - 1, parameter_role::weight);
        for (const Scalar weight : weights) squares += static_cast<double>(weight) * static_cast<double>(weight);
        const double deviation = std::sqrt(squares / static_cast<double>(weights.size()));
        for (Scalar& weight : weights) weight = static_cast<Scalar>(static_cast<double>(weight) * 0.03 / deviation);
      }
    }
  }
  detection plain() const { return *this; }

  /// Finds the objects of all pictures and judges them in pixels of their files.
  class tally_type {
   public:
    tally_type(const detection& task, double coco_result::*score) : task_(new detection(task)), score_(score) {}
    template <class Scalar>
    void add(answers<Scalar> found, const picture_batch* wanted) {
      loss_ += task_->parts(found, wanted, slopes<Scalar>{});
      const detection_set& set = wanted->set();
      const int classes = static_cast<int>(set.classes.size());
      if (!judge_)
        judge_.emplace(classes), finder_.emplace(wanted->anchors(), set.shape(), classes, task_->scores, task_->suppression);
      for (int image = 0; image < found[0].count; ++image) {
        finder_->find(found, image, objects_);
        judge(wanted->pictures[static_cast<std::size_t>(image)], set);
      }
    }
    evaluation result() { return {std::max(coco().*score_, 0.0), loss_.value()}; }
    coco_result coco() { return judge_ ? judge_->result() : coco_result{}; }

   private:
    void judge(const sampled_picture& seen, const detection_set& set);

    std::shared_ptr<const detection> task_;
    double coco_result::*score_;
    std::optional<coco_evaluator> judge_;
    std::optional<object_finder> finder_;
    std::vector<detected_object> objects_;
    detector_loss loss_;
  };
  tally_type tally(const normalisation&) const { return {*this, &coco_result::ap50}; }

  /// The anchors of the maps that have some: those that the network answers for.
  anchor_plan standing() const;
};
static_assert(Task<detection>);

/// The same, judged as COCO's table: the mean average precision over the overlaps 0.5, 0.55 .. 0.95.
struct exact_detection : detection {
  static constexpr metric measure{.name = "mAP", .unit = "%", .factor = 100, .decimals = 1, .best = 1};
  exact_detection plain() const { return *this; }
  tally_type tally(const normalisation&) const { return {*this, &coco_result::ap}; }
};

/// The same, judged by its anchors: the share of those with an object that answer with its class, scored above every other class and above
/// 5 %. It costs next to nothing, and tells networks apart from the first steps on; those that are trained all have most of it.
struct anchor_detection : detection {
  static constexpr metric measure{.name = "anchors right", .unit = "%", .factor = 100, .decimals = 1, .best = 1};
  static constexpr double least_score = 0.05;
  anchor_detection plain() const { return *this; }

  class tally_type {
   public:
    explicit tally_type(const detection& task) : task_(new detection(task)) {}
    template <class Scalar>
    void add(answers<Scalar> found, const picture_batch* wanted) {
      loss_ += task_->parts(found, wanted, slopes<Scalar>{});
      const anchor_targets& targets = task_->targets_of(found, wanted);
      const std::size_t before = detail::columns_in(found) - wanted->set().classes.size();
      for (int image = 0; image < found[0].count; ++image) {
        const std::span<const int> kinds = targets.kinds_of(image);
        detail::for_each_anchor(found, slopes<Scalar>{}, image, [&](std::size_t anchor, auto, auto logits, auto, auto) {
          if (kinds[anchor] >= 0) right_ += is_right(logits, before, before + static_cast<std::size_t>(kinds[anchor]));
        });
      }
    }
    evaluation result() const { return {static_cast<double>(right_) / static_cast<double>(std::max<std::int64_t>(loss_.positives, 1)), loss_.value()}; }

   private:
    template <class Logits>
    bool is_right(Logits logits, std::size_t before, std::size_t column) const {
      const auto own = static_cast<double>(logits[column]);
      double all = 0;
      for (std::size_t other = 0; other < logits.size(); ++other) {
        if (other >= before && other != column && !(own > static_cast<double>(logits[other]))) return false;
        all += std::exp(static_cast<double>(logits[other]) - own);
      }
      return (task_->scores == score_rule::sigmoid ? 1 / (1 + std::exp(-own)) : 1 / all) > least_score;
    }

    std::shared_ptr<const detection> task_;
    std::int64_t right_ = 0;
    detector_loss loss_;
  };
  tally_type tally(const normalisation&) const { return tally_type(*this); }
};
static_assert(Task<anchor_detection>);

/// From pixels of a network's input to those of the picture's file: clipped to it; what is left without area is dropped.
HASSE_BODY void to_file(std::vector<detected_object>& objects, const picture_placement& placement, const labelled_picture& picture);

/// What is in a picture, in pixels of its file.
HASSE_BODY std::vector<labelled_object> objects_in_file(const labelled_picture& picture);

/// The head for a set on a backbone of `maps` maps: anchors as planned, a column per class, and a background if it is wanted.
HASSE_BODY ssdlite_head head_for(const anchor_plan& anchors, const detection_set& set, bool background = false);

/// The objects of a set in pixels of the network, for anchors_for and fit_of.
HASSE_BODY std::vector<labelled_object> objects_in_input(const detection_set& set);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/task/detection.inl>
#endif
