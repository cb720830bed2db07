// The laws of the concept Task, for whoever claims it: a test of your own task is one call.
// Used by tests; nothing that trains includes it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/task/task.hpp>

namespace hasse {

namespace detail {
/// Random answers of a batch, and what is done with them.
class tried_answers {
 public:
  tried_answers(const layer_list& layers, int count, random_source& random) {
    std::size_t size = 0;
    for (int i = 0; i < layers.output_count(); ++i) size += static_cast<std::size_t>(count * layers.output_shape(i).size());
    values_.resize(size);
    slopes_.assign(size, std::numeric_limits<double>::quiet_NaN());
    std::size_t at = 0;
    std::vector<tensor_batch<double>> drawn;
    for (int i = 0; i < layers.output_count(); ++i) {
      drawn.push_back({values_.data() + at, count, layers.output_shape(i)});
      found_.push_back({values_.data() + at, count, layers.output_shape(i)});
      gradient_.push_back({slopes_.data() + at, count, layers.output_shape(i)});
      at += static_cast<std::size_t>(count * layers.output_shape(i).size());
    }
    // Sample by sample, so that what a sample gets does not depend on the batch that it comes in.
    for (int sample = 0; sample < count; ++sample)
      for (const tensor_batch<double>& output : drawn)
        for (double& value : output.of(sample)) value = random.normal();
  }
  tried_answers(const tried_answers&) = delete;
  tried_answers& operator=(const tried_answers&) = delete;
  answers<double> found() const { return found_; }
  slopes<double> gradient() const { return gradient_; }
  std::vector<double>& values() { return values_; }
  const std::vector<double>& slope() const { return slopes_; }

  /// "" or the element at which the gradient is not that of `loss()`; corners of the loss are stepped over.
  template <class Loss>
  std::string wrong_slope(const Loss& loss) {
    constexpr double step = 1e-5;
    double squares = 0;
    for (const double each : slopes_) squares += each * each;
    const double typical = std::sqrt(squares / static_cast<double>(slopes_.size())) + 1e-9;
    const double here = loss();
    const std::size_t stride = (values_.size() + 199) / 200;
    for (std::size_t i = 0; i < values_.size(); i += stride) {
      const double kept = values_[i];
      values_[i] = kept + step;
      const double above = loss();
      values_[i] = kept - step;
      const double below = loss();
      values_[i] = kept;
      const double slope = (above - below) / (2 * step), bend = std::abs((above - here) - (here - below)) / step;
      const double scale = std::max({std::abs(slope), std::abs(slopes_[i]), typical});
      if (bend > 1e-2 * scale) continue;
      if (!(std::abs(slope - slopes_[i]) <= 1e-5 * scale))
        return "element " + std::to_string(i) + ": " + std::to_string(slopes_[i]) + " was given and differences of the loss say " + std::to_string(slope);
    }
    return "";
  }

 private:
  std::vector<double> values_, slopes_;
  std::vector<tensor_batch<const double>> found_;
  std::vector<tensor_batch<double>> gradient_;
};
}  // namespace detail

/// "" when `task` keeps the laws of the concept on samples of `set` and networks of these layers, else a sentence about the first that
/// it breaks. The set needs five samples.
template <Task<double> Type>
std::string broken_law(const Type& task, const typename Type::samples& set, const layer_list& layers, std::uint64_t seed = 1) {
  if (Type(task).text() != task.text()) return "text: a copy of the task says something else; write every member that decides weights";
  task.check(set, layers);
  const normalisation scale = task.scale_of(set);
  random_source random(seed);
  std::vector<double> input(static_cast<std::size_t>(5 * layers.input.size()));
  typename Type::template feed<double> feed(nullptr, set, scale, 4, read_order::training, seed, task.usual_augmentation(set));
  if (feed.next(input.data()) != 4) return "feed: a batch of the training order is not full; leave out what does not fill one";
  const std::vector<double> first = input;
  for (int i = 0; i < 3; ++i) feed.next(input.data());
  feed.seek({0, 0});
  feed.next(input.data());
  if (input != first) return "seek: the batch at a position differs from the one that was there before; let the seed and the position decide it";

  for (int trial = 0; trial < 3; ++trial) {
    detail::tried_answers tried(layers, 4, random);
    const batch_loss with = task.loss(tried.found(), feed.targets(), tried.gradient());
    const batch_loss without = task.loss(tried.found(), feed.targets(), slopes<double>{});
    if (with.loss != without.loss || with.correct != without.correct) return "loss: it is another one when no gradient is wanted; let only the gradient depend on that";
    for (const double each : tried.slope())
      if (!std::isfinite(each)) return "gradient: an element was not written, or is not finite; write every element";
    if (const std::string wrong = tried.wrong_slope([&] { return batch_loss(task.loss(tried.found(), feed.targets(), slopes<double>{})).loss; }); !wrong.empty())
      return "gradient: it is not that of the loss at " + wrong + "; correct the gradient";
    if constexpr (Teaches<Type, double>) {
      typename Type::template lesson<double> lesson;
      task.remember(tried.found(), feed.targets(), lesson);
      detail::tried_answers taught(layers, 4, random);
      task.loss(taught.found(), std::as_const(lesson), taught.gradient());
      if (const std::string wrong = taught.wrong_slope([&] { return double(task.loss(taught.found(), std::as_const(lesson), slopes<double>{})); }); !wrong.empty())
        return "lesson: its gradient is not that of its loss at " + wrong + "; correct the gradient";
    }
    std::fill(tried.values().begin(), tried.values().end(), std::numeric_limits<double>::quiet_NaN());
    const batch_loss diverged = task.loss(tried.found(), feed.targets(), slopes<double>{});
    if (std::isfinite(diverged.loss)) return "divergence: answers that are no numbers have a finite loss; let them through";
    if (diverged.correct != 0) return "divergence: answers that are no numbers count as right; count only those with a finite loss";
    auto of_diverged = task.tally(scale);
    of_diverged.add(tried.found(), feed.targets());
    if (std::isfinite(of_diverged.result().loss))
      return "tally: answers that are no numbers have a finite loss; let them through";
  }

  // A sample's answers, whatever batch it comes in.
  std::vector<evaluation> judged;
  for (const int batch : {1, 2, 5}) {
    typename Type::template feed<double> all(nullptr, set, scale, batch, read_order::evaluation);
    random_source same(seed + 1);
    auto tally = task.tally(scale);
    std::size_t samples = 0;
    for (std::uint64_t i = 0; i < all.batches_per_epoch(); ++i) {
      const int count = all.next(input.data());
      const detail::tried_answers tried(layers, count, same);
      tally.add(tried.found(), all.targets());
      samples += static_cast<std::size_t>(count);
    }
    if (samples != set.size()) return "feed: the evaluation order has " + std::to_string(samples) + " of " + std::to_string(set.size()) + " samples; leave none out";
    judged.push_back(tally.result());
  }
  for (const evaluation& each : judged)
    if (!(std::abs(each.score - judged[0].score) <= 1e-9 * (1 + std::abs(judged[0].score))) ||
        !(std::abs(each.loss - judged[0].loss) <= 1e-9 * (1 + std::abs(judged[0].loss))))
      return "tally: the result depends on how the set is cut into batches; add up samples, not batches";
  return "";
}

}  // namespace hasse
