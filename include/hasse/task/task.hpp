// What a task is: data, loss and metric of one kind of learning, whatever trains it, wherever. Shipped are classification, detection,
// segmentation and super-resolution; an own one is one file: examples/11_own_task.cpp. Used by train, which knows no task by name.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include <hasse/core/shape.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/task/batch_feed.hpp>
#include <hasse/task/loss.hpp>
#include <hasse/task/metric.hpp>

namespace hasse {

/// How good a network is over a set: the value of the task's metric, and the mean loss.
struct evaluation {
  double score = 0, loss = 0;
};

/// One tensor of a batch in the processor's memory, N x H x W x C.
template <class Scalar>
struct tensor_batch {
  Scalar* data = nullptr;
  int count = 0;          ///< of samples
  feature_shape shape{};  ///< of each
  std::span<Scalar> of(int sample) const { return {data + sample * shape.size(), static_cast<std::size_t>(shape.size())}; }
};

/// What a network answers to a batch, one tensor per output in the order of its list; and the gradients of the loss by them.
template <class Scalar>
using answers = std::span<const tensor_batch<const Scalar>>;
template <class Scalar>
using slopes = std::span<const tensor_batch<Scalar>>;

/// Where samples come from: the type of a set (`name`, `size()`, `shape()` of what a network reads or is made from, identity_of),
/// and of what brings a batch of it to a network: `next(input)` writes the inputs where the network reads them and returns how many
/// are real, `targets()` are theirs until the next call. A feed is made from (the device or null, a set, scale_of of the training set,
/// batch, order, seed, augmentation), as batch_feed is.
template <class Type, class Scalar>
concept FeedsBatches = requires(typename Type::template feed<Scalar>& feed, const typename Type::samples& set, Scalar* input, read_position to) {
  requires std::constructible_from<typename Type::template feed<Scalar>, accelerator<Scalar>*, const typename Type::samples&,
                                   const normalisation&, int, read_order, std::uint64_t, augmentation>;
  { set.name } -> std::convertible_to<std::string>;
  { set.size() } -> std::convertible_to<std::size_t>;
  { identity_of(set) } -> std::same_as<std::uint64_t>;
  { feed.next(input) } -> std::same_as<int>;
  feed.targets();
  { feed.batch() } -> std::same_as<int>;
  { feed.batches_per_epoch() } -> std::same_as<std::uint64_t>;
  feed.seek(to);
};
template <class Type, class Scalar>
using targets_of = decltype(std::declval<const typename Type::template feed<Scalar>&>().targets());

/// `loss(found, wanted, gradient)` is the mean loss of a batch. `gradient` (empty: not wanted) receives d(loss)/d(found), every
/// element of it. A loss that is not finite is how divergence is noticed. Laws: the gradient is that of the loss; answers that are no
/// numbers have a loss that is none, and none of them is right.
template <class Type, class Scalar>
concept MeasuresLoss = requires(const Type& task, answers<Scalar> found, targets_of<Type, Scalar> wanted, slopes<Scalar> gradient) {
  { task.loss(found, wanted, gradient) } -> std::convertible_to<batch_loss>;
};

/// `measure` is the metric. `tally(scale)` makes what adds it up over a set: `add(found, wanted)` for each batch, then result().
/// Laws: the result does not depend on how the set was cut into batches; answers that are no numbers have a loss that is none.
template <class Type, class Scalar>
concept AddsUp = requires(const Type& task, const normalisation& scale, answers<Scalar> found, targets_of<Type, Scalar> wanted) {
  { Type::measure } -> std::convertible_to<metric>;
  task.tally(scale).add(found, wanted);
  { task.tally(scale).result() } -> std::same_as<evaluation>;
};

/// `text()` says all that decides weights, as one line; `check(set, layers)` throws where a network of these layers cannot learn
/// from that set; `scale_of(set)` is what the training set's pixels are normalised by; `usual_augmentation(set)` how samples vary
/// where nothing else is said.
template <class Type>
concept DescribesItself = requires(const Type& task, const typename Type::samples& set, const layer_list& layers) {
  { task.text() } -> std::convertible_to<std::string>;
  task.check(set, layers);
  { task.scale_of(set) } -> std::convertible_to<normalisation>;
  { task.usual_augmentation(set) } -> std::convertible_to<augmentation>;
};

/// A task: a small value, copied freely; put static_assert(Task<yours>) behind it, and the compiler names what is missing. Optional members, each used where it is there:
/// - `lesson<Scalar>`, remember(found, wanted, lesson) and loss(found, lesson, gradient): what the widest pass of an iteration teaches
///   the others (inplace distillation), and which of the targets stay; a lesson is over when the feed goes on. Without them all passes
///   learn from the targets.
/// - `initialise(parameters, layers)`: changes first weights; `is_fixed(layers, tensor)`: weights that never change.
/// - `text_of(set)`: what else of a set decides weights: how it shows its samples, which is not in identity_of.
/// - `plain()`: the task whose loss has no regularisation, for gates; `quality(batch_loss, count)`: what rewards are made of,
///   within 0 and 1; without it, 1 - loss / the mean of the first ones.
/// - `device_loss<Scalar>`: the loss where a device computes (task/answer_loss.hpp); without it answers come to the processor.
template <class Type, class Scalar = float>
concept Task = FeedsBatches<Type, Scalar> && MeasuresLoss<Type, Scalar> && AddsUp<Type, Scalar> && DescribesItself<Type>;

template <class Type, class Scalar>
concept Teaches = Task<Type, Scalar> && requires(const Type& task, answers<Scalar> found, targets_of<Type, Scalar> wanted, typename Type::template lesson<Scalar>& lesson,
                                                         slopes<Scalar> gradient) {
  task.remember(found, wanted, lesson);
  { task.loss(found, std::as_const(lesson), gradient) } -> std::convertible_to<double>;
};

/// For tasks on an image_set whose labels are the targets: what they share. Images are shifted, and mirrored where the set says so,
/// unless the recipe or an own usual_augmentation says otherwise: see that this leaves your targets true.
struct image_task {
  using samples = image_set;
  template <class Scalar>
  using feed = batch_feed<Scalar>;
  normalisation scale_of(const image_set& set) const { return measure(set); }
  augmentation usual_augmentation(const image_set& set) const { return hasse::usual_augmentation(set); }
};

/// The metric of tasks that have no other: the mean loss over a set. It holds its task, so that it cannot be a member of a type that is
/// nested in the task.
template <class Task>
class mean_loss {
 public:
  explicit mean_loss(const Task& task) : task_(task) {}
  template <class Scalar, class Targets>
  void add(answers<Scalar> found, const Targets& wanted) {
    const batch_loss part = task_.loss(found, wanted, slopes<Scalar>{});
    sum_ += part.loss * found[0].count, samples_ += found[0].count;
  }
  evaluation result() const { return {sum_ / static_cast<double>(samples_), sum_ / static_cast<double>(samples_)}; }

 private:
  Task task_;
  double sum_ = 0;
  std::int64_t samples_ = 0;
};

/// Refuses an empty set, and one whose images are not of the shape that the network reads.
inline void check_shape(const image_set& images, feature_shape input) {
  const auto text = [](feature_shape shape) {
    return std::to_string(shape.h) + 'x' + std::to_string(shape.w) + 'x' + std::to_string(shape.c);
  };
  if (images.size() == 0) throw error("the image set '" + images.name + "' is empty; at least one image is needed");
  if (images.shape() != input)
    throw error("the images of '" + images.name + "' are " + text(images.shape()) + " but the network reads " + text(input) +
                "; open the data in the shape of the search space");
}

}  // namespace hasse
