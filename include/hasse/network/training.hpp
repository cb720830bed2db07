// A network that trains: forward and backward over layers bound once to one arena. Neither half allocates.
// Used by train, which owns the loss before and the optimiser after.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include <hasse/core/limits.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/kernel/memory.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/origin.hpp>
#include <hasse/network/plan.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

namespace detail {
/// The layers that run in a training, and the memory that they work in.
template <Backend Engine>
class training_memory {
 public:
  using scalar = typename Engine::scalar;

  training_memory() = default;
  /// `room(i)` is how many bytes fused layer i keeps from forward to backward.
  template <class Room>
  training_memory(Engine& backend, const layer_list& layers, int batch, const training_options& options, Room&& room) {
    fused<layer_list> made = fuse_for_training(layers);
    if (options.recompute == recompute::nothing && !options.forward_only)
      bodies_ = stretches_with_body(backend, layers, made, fusion::training);
    plan(backend, std::move(made), batch, options, room, {}, bodies_);
  }

  /// Plans another list in the memory at hand, which grows where it has to.
  template <class Room>
  void plan(Engine& backend, fused<layer_list> fusion, int batch, const training_options& options, Room&& room,
            std::span<const backward_stop> stops = {}, std::span<const stretch> bodies = {}) {
    fusion_ = std::move(fusion);
    std::vector<backward_needs> needs;
    for (const layer& item : list()) needs.push_back({room(item), backend.backward_reads(item)});
    plan_ = plan_training(list(), batch, sizeof(scalar), needs, options, stops, bodies);
    if (arena_.size() < plan_.arena_bytes) {
      arena_ = {};  // before the larger one is there
      // Where memory is promised and not there, the system ends the process instead of refusing.
      if (!memory_of(backend))
        require_memory(plan_.arena_bytes, "the tensors of a training", "make the batch, the images or the network smaller");
      arena_ = backend_array<std::byte>(memory_of(backend), plan_.arena_bytes);
    }
  }

  const layer_list& list() const { return fusion_.layers; }
  /// The stretches of the list for which the engine has a body.
  std::span<const stretch> bodies() const { return bodies_; }
  const fused_origin& origin(int index) const { return fusion_.origins[at(index)]; }
  std::span<const training_plan::backward_step> backward() const { return plan_.backward; }
  std::size_t bytes() const { return arena_.size(); }
  std::size_t planned_bytes() const { return plan_.arena_bytes; }
  std::byte* stop(int index) { return memory(plan_.stops[at(index)]); }
  const scalar* gradient(value_id id) const { return place(plan_.gradients[at(id)]); }

  scalar* value(value_id id) { return place(plan_.values[at(id)]); }
  const scalar* output(int index) const { return place(plan_.values[at(list().output(index))]); }
  scalar* output_gradient(int index) { return place(plan_.gradients[at(list().output(index))]); }
  const scalar* input_gradient() const { return place(plan_.gradients.front()); }

  /// Those of fused layer `index`, apart from its parameters.
  training_operands<scalar> operands(int index) {
    const layer& item = list().items[at(index)];
    training_operands<scalar> made;
    made.src = value(item.input);
    made.dst = value(index + 1);
    made.d_dst = place(plan_.gradients[at(index) + 1]);
    made.d_src = place(plan_.gradients[at(item.input)]);
    made.accumulate_d_src = plan_.adds[at(index)].input;
    if (item.other != no_value) {
      made.other = value(item.other);
      made.d_other = place(plan_.gradients[at(item.other)]);
      made.accumulate_d_other = plan_.adds[at(index)].other;
    }
    made.saved = memory(plan_.saved[at(index)]);
    return made;
  }

 private:
  std::byte* memory(std::size_t offset) { return offset == training_plan::none ? nullptr : arena_.data() + offset; }
  scalar* place(std::size_t offset) { return reinterpret_cast<scalar*>(memory(offset)); }
  const scalar* place(std::size_t offset) const {
    return offset == training_plan::none ? nullptr : reinterpret_cast<const scalar*>(arena_.data() + offset);
  }

  fused<layer_list> fusion_;
  std::vector<stretch> bodies_;
  training_plan plan_;
  backend_array<std::byte> arena_;
};

/// Runs the backward pass of steps in the order of a plan.
template <class Steps>
void run_backward(std::span<const training_plan::backward_step> order, Steps&& step_of) {
  for (const auto& [layer, recomputes] : order) {
    if (recomputes)
      step_of(layer).recompute();
    else
      step_of(layer).backward();
  }
}
}  // namespace detail

/// Write input(), forward(), write the output_gradient() of every output from what is in output(), backward(), then gradients() is d loss / d parameters.
/// It reads `values` where they lie and forward() updates their running statistics: change them in place between steps, or, where a
/// device computes, change trainable() in its memory, or the copy here between pull() and push().
/// Backend and parameters must outlive it.
template <Backend Engine>
class training_network {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// `layers` is unfused and `values` has its layout.
  training_network(Engine& backend, const layer_list& layers, int batch, parameters<parameter>& values,
                   const training_options& options = {})
      : batch_(batch),
        layers_(layers),
        device_(accelerator_of(backend)),
        values_(device_, values.values),
        statistics_(device_, values.statistics),
        gradients_(device_, options.forward_only ? 0 : values.values.size()),
        memory_(backend, checked(backend, layers, batch), batch, options,
                [&](const layer& item) { return backend.saved_bytes(item, batch); }) {
    if (values.layout != layout_of(layers))
      throw error(
          "the parameters belong to another layer list than the one that is to be trained; make them with parameters(layers)");
    const layer_list& list = memory_.list();
    std::vector<training_operands<scalar>> all;
    for (int i = 0; i < static_cast<int>(list.size()); ++i) {
      const layer& item = list.items[detail::at(i)];
      const int owner = memory_.origin(i).weights;
      const bool norm = item.kind == layer_kind::batch_norm;
      const auto tensor_of = [&](parameter_role role) -> parameter* {
        const parameter_tensor* tensor = values.layout.find(owner, role);
        return tensor ? (is_statistic(role) ? statistics_ : values_).data() + tensor->offset : nullptr;
      };
      const auto slope = [&](parameter_role role) {
        const parameter_tensor* tensor = options.forward_only ? nullptr : values.layout.find(owner, role);
        return tensor ? gradients_.data() + tensor->offset : nullptr;
      };
      training_operands<scalar> operands = memory_.operands(i);
      operands.weights = tensor_of(norm ? parameter_role::scale : parameter_role::weight);
      operands.bias = tensor_of(norm ? parameter_role::shift : parameter_role::bias);
      operands.d_weights = slope(norm ? parameter_role::scale : parameter_role::weight);
      operands.d_bias = slope(norm ? parameter_role::shift : parameter_role::bias);
      operands.running_mean = tensor_of(parameter_role::running_mean);
      operands.running_variance = tensor_of(parameter_role::running_variance);
      all.push_back(operands);
    }
    const std::span<const training_operands<scalar>> operands(all);
    step_of_.assign(list.size(), -1);
    const std::span<const stretch> bodies = memory_.bodies();
    for (int i = 0; i < static_cast<int>(list.size());) {
      const auto own = std::find_if(bodies.begin(), bodies.end(), [&](const stretch& each) { return each.first == i; });
      if (own != bodies.end()) {
        const auto count = detail::at(own->count);
        if (auto step = detail::make_training_body(backend, *body_for(detail::body_mark_of(backend), *own, fusion::training), std::span<const layer>(list.items).subspan(detail::at(i), count), batch,
                                                   operands.subspan(detail::at(i), count))) {
          i += own->count;
          step_of_[detail::at(i) - 1] = static_cast<int>(steps_.size());
          steps_.push_back(std::move(*step));
          continue;
        }
      }
      step_of_[detail::at(i)] = static_cast<int>(steps_.size());
      steps_.push_back(backend.make_training(list.items[detail::at(i)], batch, operands[detail::at(i)]));
      ++i;
    }
  }

  /// N x H x W x C in the backend's memory, as all that follows; stays as it is.
  scalar* input() { return memory_.value(0); }
  /// Of output `index`, in the order of layers().outputs, from 0. What takes no number means the only output and is refused where
  /// there are several.
  const scalar* output(int index) const { return memory_.output(checked_output(layers_, index)); }
  const scalar* output() const { return memory_.output(only_output(layers_)); }
  /// To be written after forward(), zeros where the loss does not look; backward() adds to it where layers read the output, and may
  /// overwrite it.
  scalar* output_gradient(int index) { return memory_.output_gradient(checked_output(layers_, index)); }
  scalar* output_gradient() { return memory_.output_gradient(only_output(layers_)); }
  /// Null unless asked for.
  const scalar* input_gradient() const { return memory_.input_gradient(); }
  /// In the layout of the trainable parameters; overwritten by backward(), zero between tensors.
  parameter* gradients() { return gradients_.data(); }
  const parameter* gradients() const { return gradients_.data(); }
  /// The trainable parameters, where it reads them.
  parameter* trainable() { return values_.data(); }
  /// Null where the processor computes.
  accelerator<scalar>* device() const { return device_; }
  /// The parameters that it was made with go to the device, or come back from it with their statistics; nothing to do elsewhere.
  void push() { values_.push(), statistics_.push(); }
  void pull() const { values_.pull(), statistics_.pull(); }

  void forward() {
    for (auto& step : steps_) step.forward();
  }
  void backward() {
    for (const auto& [layer, recomputes] : memory_.backward()) {
      const int step = step_of_[detail::at(layer)];
      if (step < 0) continue;  // inside a body, whose backward runs where that of its last layer would
      if (recomputes)
        steps_[detail::at(step)].recompute();
      else
        steps_[detail::at(step)].backward();
    }
  }

  int batch() const { return batch_; }
  /// Unfused.
  const layer_list& layers() const { return layers_; }
  feature_shape input_shape() const { return layers_.input; }
  int output_count() const { return layers_.output_count(); }
  feature_shape output_shape(int index) const { return layers_.output_shape(checked_output(layers_, index)); }
  feature_shape output_shape() const { return layers_.output_shape(only_output(layers_)); }
  /// Peak memory of a step apart from parameters, their gradients and the backend's own scratch.
  std::size_t arena_bytes() const { return memory_.bytes(); }

 private:
  using step_type = decltype(std::declval<Engine&>().make_training(layer{}, 1, training_operands<scalar>{}));
  static const layer_list& checked(Engine& backend, const layer_list& layers, int batch) {
    check(layers, batch, backend);
    return layers;
  }

  int batch_;
  layer_list layers_;
  accelerator<scalar>* device_;
  mirrored<parameter> values_, statistics_;
  backend_array<parameter> gradients_;
  detail::training_memory<Engine> memory_;
  std::vector<step_type> steps_;
  std::vector<int> step_of_;  // by layer
};

}  // namespace hasse
