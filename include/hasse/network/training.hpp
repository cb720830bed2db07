// A network that trains: forward and backward over layers bound once to one arena. Neither half allocates.
// Used by train, which owns the loss before and the optimiser after.
#pragma once

#include <span>
#include <utility>
#include <vector>

#include <hasse/kernel/backend.hpp>
#include <hasse/network/aligned.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/memory.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// Write input(), forward(), write output_gradient() from output(), backward(), then gradients() is d loss / d parameters.
/// It reads `values` where they lie and forward() updates their running statistics: change them in place between steps.
/// Backend and parameters must outlive it.
template <Backend Engine>
class training_network {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// `layers` is unfused and `values` has its layout.
  training_network(Engine& backend, const layer_list& layers, int batch, parameters<parameter>& values,
                   const training_options& options = {})
      : batch_(batch), input_shape_(layers.input), gradients_(values.values.size()) {
    check(layers, batch, backend);
    if (values.layout != layout_of(layers))
      throw error(
          "the parameters belong to another layer list than the one that is to be trained; make them with parameters(layers)");
    const fused<layer_list> fusion = fuse_for_training(layers);
    const layer_list& list = fusion.layers;
    output_shape_ = list.items.back().out;
    std::vector<backward_needs> needs;
    for (const layer& item : list) needs.push_back({backend.saved_bytes(item, batch), backend.backward_reads(item)});
    const training_plan plan = plan_training(list, batch, sizeof(scalar), needs, options);
    arena_.resize(plan.arena_bytes);
    order_ = plan.backward;

    const auto memory = [&](std::size_t offset) { return offset == training_plan::none ? nullptr : arena_.data() + offset; };
    const auto value = [&](value_id id) { return reinterpret_cast<scalar*>(memory(plan.values[detail::at(id)])); };
    const auto gradient = [&](value_id id) { return reinterpret_cast<scalar*>(memory(plan.gradients[detail::at(id)])); };
    steps_.reserve(list.size());
    for (int i = 0; i < static_cast<int>(list.size()); ++i) {
      const layer& item = list.items[detail::at(i)];
      const int owner = fusion.origins[detail::at(i)].weights;
      const bool norm = item.kind == layer_kind::batch_norm;
      const auto tensor_of = [&](parameter_role role) {
        const auto tensor = values.of(owner, role);
        return tensor.empty() ? nullptr : tensor.data();
      };
      const auto slope = [&](parameter_role role) {
        const parameter_tensor* tensor = values.layout.find(owner, role);
        return tensor ? gradients_.data() + tensor->offset : nullptr;
      };
      training_operands<scalar> operands;
      operands.src = value(item.input);
      operands.dst = value(i + 1);
      operands.d_dst = gradient(i + 1);
      operands.d_src = gradient(item.input);
      operands.accumulate_d_src = plan.adds[detail::at(i)].input;
      if (item.other != no_value) {
        operands.other = value(item.other);
        operands.d_other = gradient(item.other);
        operands.accumulate_d_other = plan.adds[detail::at(i)].other;
      }
      operands.weights = tensor_of(norm ? parameter_role::scale : parameter_role::weight);
      operands.bias = tensor_of(norm ? parameter_role::shift : parameter_role::bias);
      operands.d_weights = slope(norm ? parameter_role::scale : parameter_role::weight);
      operands.d_bias = slope(norm ? parameter_role::shift : parameter_role::bias);
      operands.running_mean = tensor_of(parameter_role::running_mean);
      operands.running_variance = tensor_of(parameter_role::running_variance);
      operands.saved = memory(plan.saved[detail::at(i)]);
      steps_.push_back(backend.make_training(item, batch, operands));
    }
    const value_id last = static_cast<value_id>(list.size());
    input_ = value(0), output_ = value(last), input_gradient_ = gradient(0), output_gradient_ = gradient(last);
  }

  /// N x H x W x C; stays as it is.
  scalar* input() { return input_; }
  const scalar* output() const { return output_; }
  /// To be written after forward(); backward() may overwrite it.
  scalar* output_gradient() { return output_gradient_; }
  /// Null unless asked for.
  const scalar* input_gradient() const { return input_gradient_; }
  /// In the layout of the trainable parameters; overwritten by backward(), zero between tensors.
  parameter* gradients() { return gradients_.data(); }
  const parameter* gradients() const { return gradients_.data(); }

  void forward() {
    for (auto& step : steps_) step.forward();
  }
  void backward() {
    for (const auto& [layer, recomputes] : order_) {
      step_type& step = steps_[detail::at(layer)];
      if (recomputes)
        step.recompute();
      else
        step.backward();
    }
  }

  int batch() const { return batch_; }
  feature_shape input_shape() const { return input_shape_; }
  feature_shape output_shape() const { return output_shape_; }
  /// Peak memory of a step apart from parameters, their gradients and the backend's own scratch.
  std::size_t arena_bytes() const { return arena_.size(); }

 private:
  using step_type = decltype(std::declval<Engine&>().make_training(layer{}, 1, training_operands<scalar>{}));
  int batch_;
  feature_shape input_shape_, output_shape_;
  aligned_vector<parameter> gradients_;
  aligned_vector<std::byte> arena_;
  std::vector<step_type> steps_;
  std::vector<training_plan::backward_step> order_;
  scalar *input_ = nullptr, *output_ = nullptr, *input_gradient_ = nullptr, *output_gradient_ = nullptr;
};

}  // namespace hasse
