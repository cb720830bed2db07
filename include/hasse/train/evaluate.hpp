// How good a trained network is: the metric of its task, or its answers, over a whole set, batch norm folded, as it will be deployed.
// Used by train/trainer.hpp (validation) and result (finalists on test samples, checks of exports).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/any_backend.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/task/bound_loss.hpp>
#include <hasse/task/classification.hpp>

namespace hasse {

/// Of all samples that `feed` (in evaluation order, at the start of an epoch, with the network's batch) has in one epoch; `scale` is
/// that of the feed.
template <Backend Engine, Task<typename Engine::scalar> Type, class Feed>
evaluation evaluate(const Type& task, inference_network<Engine>& network, Feed& feed, const normalisation& scale) {
  using scalar = typename Engine::scalar;
  const auto outputs = network_outputs<scalar>::of(network);
  answer_reader<scalar> reader(network.memory());
  auto found = task.tally(scale);
  for (std::uint64_t batch = 0; batch < feed.batches_per_epoch(); ++batch) {
    const int count = feed.next(network.input());
    network.run();
    found.add(reader.read(outputs, network.batch(), count), feed.targets());
  }
  return found.result();
}

/// Of a whole set; `scale` is that of the samples that the network was trained on.
template <Backend Engine, Task<typename Engine::scalar> Type>
evaluation evaluate(Engine& backend, const Type& task, const layer_list& layers,
                    const parameters<parameter_of<typename Engine::scalar>>& weights, const typename Type::samples& set,
                    const normalisation& scale, int batch = 128) {
  using scalar = typename Engine::scalar;
  task.check(set, layers);
  inference_network<Engine> network(backend, layers, batch, weights);
  typename Type::template feed<scalar> feed(accelerator_of(backend), set, scale, batch, read_order::evaluation);
  return evaluate(task, network, feed, scale);
}

template <Backend Engine, Task<typename Engine::scalar> Type>
evaluation evaluate(Engine& backend, const Type& task, const model& network, const typename Type::samples& set,
                    const normalisation& scale, int batch = 128) {
  return evaluate(backend, task, network.layers, parameters<parameter_of<typename Engine::scalar>>(network.weights), set, scale, batch);
}

#if !HASSE_BODIES_INLINE
extern template evaluation evaluate<any_backend<float>, classification>(any_backend<float>&, const classification&, const model&, const image_set&,
                                                                        const normalisation&, int);
#endif

/// Top-1 accuracy (0..1) of a classifier with these parameters.
template <Backend Engine>
double accuracy(Engine& backend, const layer_list& layers, const parameters<parameter_of<typename Engine::scalar>>& weights,
                const image_set& images, const normalisation& scale, int batch = 128) {
  return evaluate(backend, classification{}, layers, weights, images, scale, batch).score;
}

/// What a classifier answers to every image, in the set's order: images x classes.
template <Backend Engine>
std::vector<parameter_of<typename Engine::scalar>> logits(Engine& backend, const layer_list& layers,
                                                          const parameters<parameter_of<typename Engine::scalar>>& weights,
                                                          const image_set& images, const normalisation& scale, int batch = 128) {
  using scalar = typename Engine::scalar;
  inference_network<Engine> network(backend, layers, batch, weights);
  check_images(images, network.input_shape(), network.output_shape());
  batch_feed<scalar> feed(accelerator_of(backend), images, scale, batch, read_order::evaluation);
  const auto outputs = network_outputs<scalar>::of(network);
  answer_reader<scalar> reader(network.memory());
  std::vector<parameter_of<scalar>> all;
  all.reserve(images.size() * static_cast<std::size_t>(network.output_shape().size()));
  for (std::uint64_t at = 0; at < feed.batches_per_epoch(); ++at) {
    const int count = feed.next(network.input());
    network.run();
    const auto found = reader.read(outputs, batch, count)[0];
    all.insert(all.end(), found.data, found.data + count * found.shape.size());
  }
  return all;
}

}  // namespace hasse
