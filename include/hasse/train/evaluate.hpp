// How good a trained network is: accuracy and logits over a whole image set, batch norm folded, as it will be deployed.
// Used by train/trainer.hpp (validation) and result (test accuracy of finalists, checks of exports).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/train/batch_feed.hpp>
#include <hasse/train/loss.hpp>

namespace hasse {

/// Refuses images that a network of that input and output shape cannot be trained on or judged by.
inline void check_images(const image_set& images, feature_shape input, feature_shape output) {
  const auto text = [](feature_shape shape) {
    return std::to_string(shape.h) + 'x' + std::to_string(shape.w) + 'x' + std::to_string(shape.c);
  };
  if (images.size() == 0) throw error("the image set '" + images.name + "' is empty; at least one image is needed");
  if (images.shape() != input)
    throw error("the images of '" + images.name + "' are " + text(images.shape()) + " but the network reads " + text(input) +
                "; open the data in the shape of the search space");
  if (static_cast<std::int64_t>(images.classes.size()) != output.size())
    throw error("the image set '" + images.name + "' has " + std::to_string(images.classes.size()) +
                " classes but the network answers with " + std::to_string(output.size()) +
                " numbers; give its last layer one output per class");
  for (const std::uint16_t label : images.labels)
    if (label >= images.classes.size())
      throw error("the image set '" + images.name + "' has the label " + std::to_string(label) + " but only " +
                  std::to_string(images.classes.size()) + " classes; correct its labels");
}

namespace detail {
/// Runs one epoch of an evaluation feed through a network: `receive(images, logits, labels)` for every batch.
template <Backend Engine, class Receive>
void for_each_batch(inference_network<Engine>& network, batch_feed<typename Engine::scalar>& feed, Receive&& receive) {
  std::vector<int> labels(static_cast<std::size_t>(feed.batch()));
  staged<typename Engine::scalar> answers(network.memory());
  for (std::uint64_t batch = 0; batch < feed.batches_per_epoch(); ++batch) {
    const int count = feed.next(network.input(), labels.data());
    network.run();
    receive(count, answers.read(network.output(), static_cast<std::size_t>(feed.batch() * network.output_shape().size())),
            labels.data());
  }
}
}  // namespace detail

/// Top-1 accuracy (0..1) and mean cross-entropy over an image set.
struct evaluation {
  double accuracy = 0, loss = 0;
};

/// Of all images that `feed` (in evaluation order, at the start of an epoch, with the network's batch) has in one epoch.
template <Backend Engine>
evaluation evaluate(inference_network<Engine>& network, batch_feed<typename Engine::scalar>& feed) {
  using scalar = typename Engine::scalar;
  const int classes = static_cast<int>(network.output_shape().size());
  std::int64_t correct = 0, images = 0;
  double loss = 0;
  detail::for_each_batch(network, feed, [&](int count, const scalar* logits, const int* labels) {
    const batch_loss part = softmax_cross_entropy(logits, labels, count, classes, 0.0, static_cast<scalar*>(nullptr));
    correct += part.correct;
    loss += part.loss * count;
    images += count;
  });
  return {static_cast<double>(correct) / static_cast<double>(images), loss / static_cast<double>(images)};
}

/// Top-1 accuracy (0..1) of a network with these parameters; `scale` is that of the images it was trained on.
template <Backend Engine>
double accuracy(Engine& backend, const layer_list& layers, const parameters<parameter_of<typename Engine::scalar>>& weights,
                const image_set& images, const normalisation& scale, int batch = 128) {
  inference_network<Engine> network(backend, layers, batch, weights);
  check_images(images, network.input_shape(), network.output_shape());
  batch_feed<typename Engine::scalar> feed(accelerator_of(backend), images, scale, batch, read_order::evaluation);
  return evaluate(network, feed).accuracy;
}

/// What the network answers to every image, in the set's order: images x classes.
template <Backend Engine>
std::vector<parameter_of<typename Engine::scalar>> logits(Engine& backend, const layer_list& layers,
                                                          const parameters<parameter_of<typename Engine::scalar>>& weights,
                                                          const image_set& images, const normalisation& scale, int batch = 128) {
  using scalar = typename Engine::scalar;
  inference_network<Engine> network(backend, layers, batch, weights);
  check_images(images, network.input_shape(), network.output_shape());
  batch_feed<scalar> feed(accelerator_of(backend), images, scale, batch, read_order::evaluation);
  const std::ptrdiff_t classes = network.output_shape().size();
  std::vector<parameter_of<scalar>> all;
  all.reserve(images.size() * static_cast<std::size_t>(classes));
  detail::for_each_batch(network, feed, [&](int count, const scalar* answers, const int*) {
    all.insert(all.end(), answers, answers + count * classes);
  });
  return all;
}

}  // namespace hasse
