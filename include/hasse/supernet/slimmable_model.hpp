// A slimmable network that was trained: shared weights, and batch-norm statistics per configuration; calibration, evaluation, and
// the cut that makes a plain network of one width. Used by programs, and by the search that slims greedily.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/file/formats.hpp>
#include <hasse/file/safetensors.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/memory.hpp>
#include <hasse/network/channel_groups.hpp>
#include <hasse/network/model.hpp>
#include <hasse/network/parameter_tensors.hpp>
#include <hasse/supernet/slimmable.hpp>
#include <hasse/task/bound_loss.hpp>
#include <hasse/train/evaluate.hpp>
#include <hasse/train/training_data.hpp>

namespace hasse {

/// One set of weights, every width. The statistics of batch norm belong to a configuration: a width without is not evaluated.
struct slimmable_model {
  std::string name;
  width_family family;
  parameters<float> shared;                       ///< in the layout slimmable_layout(family.layers(), norms)
  std::vector<channel_configuration> switched{};  ///< whose batch norms set k is: those bring their statistics along
  std::map<channel_configuration, std::vector<float>> statistics{};  ///< calibrated: in the layout of the narrow network's

  /// The set of batch norms that a configuration takes.
  int norms_of(const channel_configuration& at) const;
  bool has_statistics(const channel_configuration& at) const;

  /// The plain network of a configuration: to be run, measured, exported. Refused while it has no statistics.
  model extract(const channel_configuration& at) const;
};

/// How statistics are gathered after training (US-Nets §3.4): over so many batches of training images, varied as in training.
struct calibration {
  int batches = 8, batch = 128;
  augmentation augment{};
  std::uint64_t seed = 1;
};

/// Gives every listed configuration its statistics: the mean over batches of each batch norm's mean and unbiased variance, gathered
/// in one forward pass per batch, in which later layers see what earlier ones made of the batch's own statistics.
template <Backend Engine, Task<typename Engine::scalar> Type>
void calibrate(Engine& backend, const Type& task, slimmable_model& of, std::span<const channel_configuration> which,
               const typename Type::samples& images, const normalisation& scale, const calibration& how = {},
               const progress_sink& progress = {}) {
  using parameter = parameter_of<typename Engine::scalar>;
  if (how.batches < 1 || how.batch < 1)
    throw error("a calibration over " + std::to_string(how.batches) + " batches of " + std::to_string(how.batch) +
                " images was asked for; give at least one of each");
  for (const channel_configuration& each : which) check(each, of.family.groups());
  task.check(images, of.family.layers());
  const int batch =
      static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(how.batch), std::max<std::size_t>(images.size(), 1)));
  parameters<parameter> shared(of.shared);
  slimmable_network<Engine> network(backend, of.family.layers(), batch, shared, {.forward_only = true});
  typename Type::template feed<typename Engine::scalar> feed(network.device(), images, scale, batch, read_order::training, how.seed,
                                                             how.augment);
  remaining_time left;
  for (std::size_t i = 0; i < which.size(); ++i) {
    feed.seek({0, 0});
    network.select(which[i], of.norms_of(which[i]));
    aligned_vector<parameter> found(layout_of(of.family.layers_at(which[i])).statistics_size);
    std::vector<double> sums(found.size());
    for (int done = 0; done < how.batches; ++done) {
      feed.next(network.input());
      network.forward(false);
      network.statistics(found);
      for (std::size_t s = 0; s < sums.size(); ++s) sums[s] += static_cast<double>(found[s]);
      if (progress) {
        const double fraction = (static_cast<double>(i) + (done + 1.0) / how.batches) / static_cast<double>(which.size());
        progress({fraction, "calibrating " + std::to_string(i + 1) + " of " + std::to_string(which.size()) + " configurations",
                  left(fraction)});
      }
    }
    std::vector<float>& kept = of.statistics[which[i]];
    kept.resize(sums.size());
    std::transform(sums.begin(), sums.end(), kept.begin(), [&](double sum) { return static_cast<float>(sum / how.batches); });
  }
}

/// How good the configuration that is selected is with the statistics of each batch: one epoch of `feed`, with the network's batch.
/// Where there is batch norm it must be in training order, since a batch of one class has statistics of its own.
template <Backend Engine, Task<typename Engine::scalar> Type, class Feed>
evaluation evaluate_by_batch(const Type& task, slimmable_network<Engine>& network, Feed& feed, const normalisation& scale) {
  using scalar = typename Engine::scalar;
  const auto outputs = network_outputs<scalar>::of(network);
  answer_reader<scalar> reader(network.device());
  auto found = task.tally(scale);
  for (std::uint64_t i = 0; i < feed.batches_per_epoch(); ++i) {
    const int count = feed.next(network.input());
    network.forward(false);
    found.add(reader.read(outputs, network.batch(), count), feed.targets());
  }
  return found.result();
}

/// A slimmable network in use: set a width, calibrate it, evaluate it, take it out. The backend and the samples must outlive it.
/// Example: examples/09_slimmable.cpp.
template <Backend Engine, Task<typename Engine::scalar> Type = classification>
class slimmable {
 public:
  /// Calibrates on the training samples of `data`: those that the network was trained on.
  slimmable(Engine& backend, slimmable_model trained, const training_data<Type>& data, calibration how = {})
      : backend_(&backend),
        model_(std::move(trained)),
        data_(data),
        how_(how),
        at_(model_.family.full()) {}

  /// A width in thousandths, the same for all channel groups.
  void set_width(int thousandths) { at_ = model_.family.at(thousandths); }
  void set(const channel_configuration& at) {
    check(at, model_.family.groups());
    at_ = at;
  }
  const channel_configuration& configuration() const { return at_; }
  /// Where the statistics are not there yet.
  void calibrate(const progress_sink& progress = {}) {
    if (!model_.has_statistics(at_)) hasse::calibrate(*backend_, data_.task, model_, {&at_, 1}, *data_.train, data_.scale, how_, progress);
  }
  /// The task's metric and loss over a set; refused without statistics.
  evaluation evaluate(const typename Type::samples& set, int batch = 128) const {
    const model narrow = extract();
    using parameter = parameter_of<typename Engine::scalar>;
    return hasse::evaluate(*backend_, data_.task, narrow.layers, parameters<parameter>(narrow.weights), set, data_.scale, batch);
  }
  /// The plain network of this width: to be run, measured, exported.
  model extract() const { return model_.extract(at_); }
  const slimmable_model& network() const { return model_; }

 private:
  Engine* backend_;
  slimmable_model model_;
  training_data<Type> data_;
  calibration how_;
  channel_configuration at_;
};

namespace detail {

HASSE_BODY tensor_file file_of(const slimmable_model& of, std::map<std::string, std::string> metadata = {});

HASSE_BODY slimmable_model slimmable_of(const tensor_file& file, const std::string& where, std::string name,
                                    const width_family& family);
}  // namespace detail

/// Writes weights and statistics as one safetensors file. `metadata` may say more; it must be UTF-8.
HASSE_BODY void write_slimmable(const std::filesystem::path& path, const slimmable_model& of,
                            std::map<std::string, std::string> metadata = {});

/// Reads what `write_slimmable` wrote, for the same network; refuses another one's and a damaged file.
inline slimmable_model read_slimmable(const std::filesystem::path& path, std::string name, const width_family& family) {
  return detail::slimmable_of(read_safetensors(path), path.string(), std::move(name), family);
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/slimmable_model.inl>
#endif
