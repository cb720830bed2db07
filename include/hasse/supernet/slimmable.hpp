// A network that runs and trains at every width on one set of weights: a configuration uses the leading channels of each group.
// Used by train, whose slimmable trainer visits several widths per iteration, and by the search that slims greedily.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/aligned.hpp>
#include <hasse/network/channel_groups.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/network/plan.hpp>
#include <hasse/network/training.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/supernet/gathered_parameters.hpp>
#include <hasse/supernet/slices.hpp>

namespace hasse {

/// The parameters of a slimmable list. `norms` = 0: batch norms exist once and keep no statistics, those of the batch or of a
/// calibration count (US-Nets §3.4). Else they exist `norms` times, with running statistics (switchable batch norm, Slimmable
/// Networks §3.1): the further sets stand behind the list's own, under layer numbers that go on counting.
HASSE_BODY parameter_layout slimmable_layout(const layer_list& layers, int norms = 0);

/// The narrow network's own parameters, copied out. `norms` is the set of batch norms that it takes; statistics are 0 and 1 where
/// the shared parameters have none.
template <class Scalar>
parameters<Scalar> cut_out(const layer_list& layers, const channel_groups<layer_list>& groups, const parameters<Scalar>& shared,
                           const channel_configuration& at, int norms = 0) {
  check(at, groups);
  parameters<Scalar> made(with_channels(layers, groups, at.counts));
  for (const parameter_tensor& tensor : made.layout.trainable) {
    const bool norm = tensor.role == parameter_role::scale || tensor.role == parameter_role::shift;
    const auto from = shared.of(norm ? tensor.layer + norms * static_cast<int>(layers.size()) : tensor.layer, tensor.role);
    if (from.empty())
      throw error("the shared parameters lack \"" + tensor.name + "\"; make them with slimmable_layout(layers, norms)");
    detail::slice_of(layers, groups, tensor.layer, tensor.role, at.counts).gather(from.data(), made.of(tensor).data());
  }
  for (const parameter_tensor& tensor : made.layout.statistics) {
    const auto from = shared.of(tensor.layer + norms * static_cast<int>(layers.size()), tensor.role);
    if (from.empty())
      std::fill_n(made.of(tensor).data(), tensor.size,
                  static_cast<Scalar>(tensor.role == parameter_role::running_variance ? 1 : 0));
    else
      detail::slice_of(layers, groups, tensor.layer, tensor.role, at.counts).gather(from.data(), made.of(tensor).data());
  }
  return made;
}

/// Like a training_network whose width can be changed between passes: select(), write input(), forward(), write output_gradient(),
/// backward(). Gradients of all passes add up in gradients(). Batch norm takes the statistics of the batch, leaves them in
/// statistics() and moves the running ones of its set towards them, where there are some. Memory is that of the full width, planned
/// once. A layer keeps the steps of the `most_steps` shapes that it had last: one of those is made no second time, and nothing is
/// allocated for it. Backend and parameters must outlive it.
template <Backend Engine>
class slimmable_network {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;
  /// Of each layer: uniform widths of a layer of 384 channels, or a third of what a width per group can ask of a pair of groups.
  static constexpr std::size_t most_steps = 48;

  /// `layers` is unfused, at full width; `values` has the layout slimmable_layout(layers, norms).
  slimmable_network(Engine& backend, const layer_list& layers, int batch, parameters<parameter>& values,
                    const training_options& options = {})
      : backend_(&backend),
        device_(accelerator_of(backend)),
        layers_(layers),
        groups_(channel_groups_of(layers_)),
        batch_(batch),
        values_(&values),
        trainable_(device_, values.values),
        running_(device_, values.statistics),
        options_(options),
        memory_(backend, checked(backend, layers_, batch), batch, options, [&](const layer& item) { return room_of(item); }),
        gradients_(device_, options.forward_only ? 0 : values.values.size()),
        gathered_(device_),
        statistics_layout_(layout_of(layers_)),
        statistics_(device_, statistics_layout_.statistics_size),
        found_(device_),
        steps_(memory_.list().size()),
        selected_(memory_.list().size()) {
    const parameter_layout own = slimmable_layout(layers_);
    if (!std::equal(own.trainable.begin(), own.trainable.end(), values.layout.trainable.begin(),
                    values.layout.trainable.begin() +
                        static_cast<std::ptrdiff_t>(std::min(own.trainable.size(), values.layout.trainable.size()))))
      throw error(
          "the parameters belong to another layer list than the one that is to be slimmed; make them with "
          "parameters(slimmable_layout(layers))");
    std::size_t most_weights = 0, most_biases = 0;
    for (const parameter_tensor& tensor : own.trainable) {
      const bool second = tensor.role == parameter_role::bias || tensor.role == parameter_role::shift;
      std::size_t& most = second ? most_biases : most_weights;
      most = std::max(most, round_up(tensor.size, 16));
    }
    gathered_.reserve(most_weights, most_biases, !options.forward_only);
    select(full());
  }
  slimmable_network(const slimmable_network&) = delete;
  slimmable_network& operator=(const slimmable_network&) = delete;

  /// Unfused, at full width.
  const layer_list& layers() const { return layers_; }
  const channel_groups<layer_list>& groups() const { return groups_; }
  channel_configuration full() const { return uniform_width(layers_, groups_, 1000); }
  const channel_configuration& configuration() const { return at_; }

  /// The next passes run at this configuration, with this set of batch norms.
  void select(const channel_configuration& to, int norms = 0) {
    check(to, groups_);
    if (norms < 0 || (norms > 0 && !has_norms(norms)))
      throw error("batch norms of set " + std::to_string(norms) + " were asked for; the parameters have no such set");
    at_ = to;
    norms_ = norms;
    ++selections_;
    for (int i = 0; i < static_cast<int>(memory_.list().size()); ++i) {
      key_.clear();
      const layer& item = memory_.list().items[detail::at(i)];
      const fused_origin& origin = memory_.origin(i);
      const layer& first = layers_.items[detail::at(origin.weights)];
      key_.push_back(norms_of(item));
      for (const value_id value : {first.input, static_cast<value_id>(origin.last + 1)})
        groups_.for_each_run(value, [&](int group, int, int) {
          if (group >= 0) key_.push_back(at_[detail::at(group)]);
        });
      auto& known = steps_[detail::at(i)];
      auto found = known.find(key_);
      if (found == known.end()) {
        if (known.size() >= most_steps)
          known.erase(std::min_element(known.begin(), known.end(),
                                       [](const auto& left, const auto& right) { return left.second.used < right.second.used; }));
        found = known.emplace(key_, make(i)).first;
      }
      found->second.used = selections_;
      selected_[detail::at(i)] = &found->second;
    }
  }

  /// N x H x W x C; stays as it is, from one width to the next.
  scalar* input() { return memory_.value(0); }
  /// As those of a training_network.
  const scalar* output(int index) const { return memory_.output(checked_output(layers_, index)); }
  const scalar* output() const { return memory_.output(only_output(layers_)); }
  scalar* output_gradient(int index) { return memory_.output_gradient(checked_output(layers_, index)); }
  scalar* output_gradient() { return memory_.output_gradient(only_output(layers_)); }
  /// In the layout of the parameters.
  parameter* gradients() { return gradients_.data(); }
  void clear_gradients() { clear_at(device_, gradients_.data(), gradients_.size()); }
  /// The trainable parameters, where they are read; push() and pull() as training_network's.
  parameter* trainable() { return trainable_.data(); }
  accelerator<scalar>* device() const { return device_; }
  void push() { trainable_.push(), running_.push(); }
  void pull() const { trainable_.pull(), running_.pull(); }

  /// `moves_running`: running statistics, where there are some, move towards those of this batch.
  void forward(bool moves_running = true) {
    for (bound_step* each : selected_) {
      gathered_.forward(*each, trainable_.data());
      if (!moves_running) continue;
      for (const running_tensor& tensor : each->running)
        tensor.slice.mix_into(running_.data() + tensor.offset, statistics_.data() + tensor.from,
                              static_cast<parameter>(each->keep));
    }
  }
  void backward() {
    gathered_.backward(memory_.backward(), trainable_.data(), gradients_.data(), [this](int index) -> bound_step& { return *selected_[detail::at(index)]; });
  }

  /// Mean and unbiased variance of the last forward()'s batch in every batch norm, in the layout of the narrow network's statistics
  /// (that of `cut_out`), which `to` has.
  void statistics(std::span<parameter> to) {
    const parameter_layout narrow = layout_of(with_channels(layers_, groups_, at_.counts));
    const parameter* const all = found_.read(statistics_.data(), statistics_.size());
    for (std::size_t i = 0; i < narrow.statistics.size(); ++i)
      std::copy_n(all + statistics_layout_.statistics[i].offset, narrow.statistics[i].size,
                  to.data() + narrow.statistics[i].offset);
  }

  int batch() const { return batch_; }
  feature_shape input_shape() const { return layers_.input; }
  int output_count() const { return layers_.output_count(); }
  /// The same at every width.
  feature_shape output_shape(int index) const { return layers_.output_shape(checked_output(layers_, index)); }
  feature_shape output_shape() const { return layers_.output_shape(only_output(layers_)); }
  /// Peak memory of a step apart from parameters, their gradients and the backend's own scratch: that of the full width.
  std::size_t arena_bytes() const { return memory_.bytes(); }
  /// What slimming adds to that and to the gradients: the parameters of one layer, gathered.
  std::size_t slice_bytes() const { return gathered_.bytes(); }
  /// How many steps are kept: one per layer and shape.
  std::size_t step_count() const {
    std::size_t sum = 0;
    for (const auto& each : steps_) sum += each.size();
    return sum;
  }

 private:
  using shared_part = typename detail::gathered_parameters<Engine>::part;
  struct running_tensor {
    std::size_t offset, from;  ///< of the full tensor; of that of the batch
    detail::placed_slice slice;
  };
  struct bound_step : detail::gathered_parameters<Engine>::bound_step {
    std::vector<running_tensor> running;
    double keep = 0;
    std::uint64_t used = 0;  ///< by which selection last
  };

  static const layer_list& checked(Engine& backend, const layer_list& layers, int batch) {
    check(layers, batch, backend);
    return layers;
  }
  /// The most that a layer keeps at any width: a backend may need more for fewer channels.
  std::size_t room_of(const layer& item) const {
    std::size_t most = backend_->saved_bytes(item, batch_);
    if (most == 0) return 0;
    layer narrow = item;
    while (narrow.out.c > 1) {
      narrow.in.c = --narrow.out.c;
      most = std::max(most, static_cast<std::size_t>(backend_->saved_bytes(narrow, batch_)));
    }
    return most;
  }

  bool has_norms(int set) const {
    for (int i = 0; i < static_cast<int>(layers_.size()); ++i)
      if (layers_.items[detail::at(i)].kind == layer_kind::batch_norm)
        return values_->layout.find(i + set * static_cast<int>(layers_.size()), parameter_role::scale) != nullptr;
    return false;
  }
  int norms_of(const layer& item) const { return item.kind == layer_kind::batch_norm ? norms_ : 0; }

  std::optional<shared_part> tensor_of(int owner, parameter_role role, int norms) const {
    const parameter_tensor* tensor = values_->layout.find(owner + norms * static_cast<int>(layers_.size()), role);
    if (!tensor) return std::nullopt;
    return shared_part{tensor->offset, tensor->offset, {device_, detail::slice_of(layers_, groups_, owner, role, at_.counts)}};
  }

  bound_step make(int index) {
    layer item = memory_.list().items[detail::at(index)];
    const fused_origin& origin = memory_.origin(index);
    const int owner = origin.weights;
    const bool norm = item.kind == layer_kind::batch_norm, depthwise = item.groups > 1 && item.groups == item.in.c;
    item.in.c = groups_.channels_of(layers_.items[detail::at(owner)].input, at_.counts);
    item.out.c = groups_.channels_of(origin.last + 1, at_.counts);
    if (depthwise) item.groups = item.in.c;
    bound_step made;
    made.weight = tensor_of(owner, norm ? parameter_role::scale : parameter_role::weight, norms_of(item));
    made.bias = tensor_of(owner, norm ? parameter_role::shift : parameter_role::bias, norms_of(item));
    training_operands<scalar> operands = memory_.operands(index);
    const auto bind = [&](const std::optional<shared_part>& tensor, parameter* room, parameter* gradient, const parameter*& values, parameter*& slopes) {
      if (!tensor) return;
      values = tensor->slice.leads_whole_rows() ? trainable_.data() + tensor->offset : room;
      slopes = options_.forward_only ? nullptr : gradient;
    };
    bind(made.weight, gathered_.weights(), gathered_.weight_gradients(), operands.weights, operands.d_weights);
    bind(made.bias, gathered_.biases(), gathered_.bias_gradients(), operands.bias, operands.d_bias);
    const auto statistic = [&](parameter_role role) {
      const parameter_tensor* tensor = statistics_layout_.find(owner, role);
      return tensor ? statistics_.data() + tensor->offset : nullptr;
    };
    operands.running_mean = statistic(parameter_role::running_mean);
    operands.running_variance = statistic(parameter_role::running_variance);
    for (const parameter_role role : {parameter_role::running_mean, parameter_role::running_variance})
      if (const parameter_tensor* tensor = values_->layout.find(owner + norms_ * static_cast<int>(layers_.size()), role);
          norm && tensor)
        made.running.push_back({tensor->offset, statistics_layout_.find(owner, role)->offset,
                                {device_, detail::slice_of(layers_, groups_, owner, role, at_.counts)}});
    made.keep = item.norm.keep_percent * 0.01;
    item.norm.keep_percent = 0;  // the step leaves the statistics of its batch
    made.step.emplace(backend_->make_training(item, batch_, operands));
    return made;
  }

  Engine* backend_;
  accelerator<scalar>* device_;
  layer_list layers_;
  channel_groups<layer_list> groups_;
  int batch_, norms_ = 0;
  parameters<parameter>* values_;
  mirrored<parameter> trainable_, running_;
  training_options options_;
  detail::training_memory<Engine> memory_;
  backend_array<parameter> gradients_;
  detail::gathered_parameters<Engine> gathered_;
  parameter_layout statistics_layout_;
  backend_array<parameter> statistics_;
  staged<parameter> found_;
  std::vector<std::map<std::vector<int>, bound_step>> steps_;  // of each layer, by the channels that it sees
  std::vector<bound_step*> selected_;
  std::vector<int> key_;
  channel_configuration at_;
  std::uint64_t selections_ = 0;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/slimmable.inl>
#endif
