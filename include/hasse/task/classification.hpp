// One label an image: softmax cross-entropy, top-1 accuracy.
// Used by every program that is not told another task, and a model of the concept Task.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/network/check.hpp>
#include <hasse/task/answer_loss.hpp>
#include <hasse/task/loss.hpp>
#include <hasse/task/task.hpp>

namespace hasse {

/// Refuses images that a network of that input and output shape cannot be trained on or judged by.
inline void check_images(const image_set& images, feature_shape input, feature_shape output) {
  check_shape(images, input);
  if (static_cast<std::int64_t>(images.classes.size()) != output.size())
    throw error("the image set '" + images.name + "' has " + std::to_string(images.classes.size()) +
                " classes but the network answers with " + std::to_string(output.size()) +
                " numbers; give its last layer one output per class");
  for (const std::uint16_t label : images.labels)
    if (label >= images.classes.size())
      throw error("the image set '" + images.name + "' has the label " + std::to_string(label) + " but only " +
                  std::to_string(images.classes.size()) + " classes; correct its labels");
}

/// Models Task: the network answers with one number per class.
struct classification {
  static constexpr metric measure{.name = "accuracy", .unit = "%", .factor = 100, .decimals = 1, .best = 1};
  double label_smoothing = 0;  ///< share of the target that all classes have together

  using samples = image_set;
  template <class Scalar>
  using feed = batch_feed<Scalar>;
  template <class Scalar>
  using device_loss = answer_loss<Scalar>;
  template <class Scalar>
  using lesson = std::vector<double>;

  std::string text() const {
    return "classification, label smoothing " + exact_text(label_smoothing);
  }
  /// Refuses options that no loss can have.
  void check() const {
    char text[120];
    std::snprintf(text, sizeof text, "the label smoothing is %g, but it must be at least 0 and below 1", label_smoothing);
    if (!(label_smoothing >= 0 && label_smoothing < 1)) throw error(text);
  }
  void check(const image_set& set, const layer_list& layers) const {
    check();
    check_images(set, layers.input, layers.output_shape(only_output(layers)));
  }

  normalisation scale_of(const image_set& set) const { return hasse::measure(set); }
  augmentation usual_augmentation(const image_set& set) const { return hasse::usual_augmentation(set); }

  template <class Scalar>
  batch_loss loss(answers<Scalar> found, std::span<const int> labels, slopes<Scalar> gradient) const {
    return softmax_cross_entropy(found[0].data, labels.data(), found[0].count, classes_of(found), label_smoothing,
                                 gradient.empty() ? nullptr : gradient[0].data);
  }
  /// What a wider network's answers stand for (US-Nets §3.3).
  template <class Scalar>
  void remember(answers<Scalar> found, std::span<const int>, std::vector<double>& probabilities) const {
    probabilities.resize(static_cast<std::size_t>(found[0].count) * static_cast<std::size_t>(classes_of(found)));
    softmax(found[0].data, found[0].count, classes_of(found), probabilities.data());
  }
  template <class Scalar>
  double loss(answers<Scalar> found, const std::vector<double>& probabilities, slopes<Scalar> gradient) const {
    return soft_cross_entropy(found[0].data, probabilities.data(), found[0].count, classes_of(found),
                              gradient.empty() ? nullptr : gradient[0].data);
  }

  classification plain() const { return {}; }
  double quality(const batch_loss& of, int count) const { return static_cast<double>(of.correct) / count; }

  class tally_type {
   public:
    template <class Scalar>
    void add(answers<Scalar> found, std::span<const int> labels) {
      const batch_loss part = softmax_cross_entropy(found[0].data, labels.data(), found[0].count, classes_of(found), 0.0,
                                                    static_cast<Scalar*>(nullptr));
      correct_ += part.correct, loss_ += part.loss * found[0].count, images_ += found[0].count;
    }
    evaluation result() const {
      return {static_cast<double>(correct_) / static_cast<double>(images_), loss_ / static_cast<double>(images_)};
    }

   private:
    std::int64_t correct_ = 0, images_ = 0;
    double loss_ = 0;
  };
  tally_type tally(const normalisation&) const { return {}; }

 private:
  template <class Scalar>
  static int classes_of(answers<Scalar> found) {
    return static_cast<int>(found[0].shape.size());
  }
};

}  // namespace hasse
