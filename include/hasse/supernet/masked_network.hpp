// A network that runs and trains any code of a masked space on one set of parameters: what is active is computed on the leading
// channels of each, alone. Used by the search through masks, which trains one code a step.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/aligned.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/network/training.hpp>
#include <hasse/supernet/gathered_parameters.hpp>
#include <hasse/supernet/masked_layers.hpp>
#include <hasse/supernet/slices.hpp>

namespace hasse {

/// What a pass over a code is for.
enum class masked_pass : std::uint8_t {
  weights,  ///< gradients of what the code uses
  forward   ///< no way back
};

/// select() a code, write input(), forward(), write output_gradient(), backward(). Batch norms take the statistics of the batch and
/// keep none. Memory is that of the code that is selected, and the parameters of one layer, gathered. Backend, space and parameters
/// must outlive it.
template <Backend Engine>
class masked_network {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// `values` has the layout masked_shared(space).layout().
  masked_network(Engine& backend, const masked_space& space, int batch, parameters<parameter>& values)
      : backend_(&backend),
        device_(accelerator_of(backend)),
        space_(&space),
        shared_(space),
        widest_(layers_of(space, widest_code(space)).layers),
        batch_(batch),
        values_(&values),
        trainable_(device_, values.values),
        gathered_(device_) {
    if (values.layout != shared_.layout())
      throw error("the parameters belong to another space than the one that is to be searched; make them with parameters(masked_shared(space).layout())");
    int channels = 1;
    for (const layer& item : shared_.layers()) channels = std::max(channels, item.out.c);
    statistics_ = backend_array<parameter>(device_, 2 * round_up(detail::at(channels), 16));
  }
  masked_network(const masked_network&) = delete;
  masked_network& operator=(const masked_network&) = delete;

  /// The next passes run this code.
  void select(std::span<const int> code, masked_pass purpose = masked_pass::weights) {
    masked_layers next = layers_of(*space_, code);
    check(next.layers, batch_, *backend_);
    for (int i = 0; i < widest_.output_count(); ++i)
      if (next.layers.output_shape(i) != widest_.output_shape(i))
        throw error("output \"" + std::string(widest_.output_name(i)) + "\" has another shape in " + space_->text(code) +
                    " than in the widest network; let the head end in layers whose outputs are the same at every width");
    memory_.plan(*backend_, fuse_for_training(next.layers), batch_, {.forward_only = purpose == masked_pass::forward},
                 [&](const layer& item) { return static_cast<std::size_t>(backend_->saved_bytes(item, batch_)); });
    bind(next, purpose == masked_pass::weights);
  }

  /// N x H x W x C; another select() may move it, so write it anew then.
  scalar* input() { return memory_.value(0); }
  /// As those of a training_network; every code has the same outputs.
  const scalar* output(int index) const { return memory_.output(checked_output(widest_, index)); }
  const scalar* output() const { return memory_.output(only_output(widest_)); }
  scalar* output_gradient(int index) { return memory_.output_gradient(checked_output(widest_, index)); }
  scalar* output_gradient() { return memory_.output_gradient(only_output(widest_)); }
  /// Of the parameters in active(), one range behind another; zero where the code is narrower than they are.
  parameter* gradients() { return gradients_.data(); }
  /// The parameters that the code uses a part of, ascending and apart.
  std::span<const parameter_range> active() const { return active_; }
  /// All shared parameters, where they are read; push() and pull() as training_network's.
  parameter* trainable() { return trainable_.data(); }
  accelerator<scalar>* device() const { return device_; }
  void push() { trainable_.push(); }
  void pull() const { trainable_.pull(); }

  void forward() {
    for (bound_step& each : steps_) gathered_.forward(each, trainable_.data());
  }
  void backward() {
    gathered_.backward(memory_.backward(), trainable_.data(), gradients_.data(), [this](int index) -> bound_step& { return steps_[detail::at(index)]; });
  }

  int batch() const { return batch_; }
  const masked_space& space() const { return *space_; }
  const masked_shared& shared() const { return shared_; }
  feature_shape input_shape() const { return widest_.input; }
  int output_count() const { return widest_.output_count(); }
  feature_shape output_shape(int index) const { return widest_.output_shape(checked_output(widest_, index)); }
  feature_shape output_shape() const { return widest_.output_shape(only_output(widest_)); }
  /// What the pass that is selected needs, apart from parameters, their gradients and the backend's own scratch.
  std::size_t arena_bytes() const { return memory_.planned_bytes(); }
  /// What sharing adds to that: the parameters of one layer and their gradients, gathered.
  std::size_t slice_bytes() const { return gathered_.bytes(); }
  /// The parameters of the plain network of a code, copied out.
  parameters<parameter> cut_out(std::span<const int> code) const {
    pull();
    return hasse::cut_out(layers_of(*space_, code), shared_, *values_);
  }

 private:
  using bound_step = typename detail::gathered_parameters<Engine>::bound_step;

  static std::vector<int> widest_code(const masked_space& space) {
    std::vector<int> code = space.everything();
    for (int& each : code) each = each == all_options ? 0 : each;
    // What does not count beside the first options is 0 already.
    return code;
  }

  void bind(const masked_layers& code, bool learns) {
    const layer_list& list = memory_.list();
    const auto owner_of = [&](int index) { return memory_.origin(index).weights; };
    // What the code uses, where the gradients of it lie, and how large a layer gets that has to be gathered.
    std::vector<const parameter_tensor*> used;
    std::size_t constants = 0, most_weights = 0, most_biases = 0;
    const auto roles_of = [&](const layer& item) {
      const bool norm = item.kind == layer_kind::batch_norm;
      return std::pair{norm ? parameter_role::scale : parameter_role::weight, norm ? parameter_role::shift : parameter_role::bias};
    };
    const auto slice = [&](int place, const layer& item, parameter_role role) {
      return detail::leading_slice(shared_.layers().items[detail::at(place)], item, role);
    };
    std::vector<int> places(list.size(), -1);
    for (int i = 0; i < static_cast<int>(list.size()); ++i) {
      const int owner = owner_of(i);
      const layer& item = code.layers.items[detail::at(owner)];
      const int place = places[detail::at(i)] = shared_.place_of(code, owner);
      constants += round_up(code.origins[detail::at(owner)].constant.size(), 16);
      if (place < 0) continue;
      const auto [first, second] = roles_of(item);
      for (const parameter_role role : {first, second})
        if (const parameter_tensor* tensor = values_->layout.find(place, role)) {
          used.push_back(tensor);
          if (const detail::tensor_slice part = slice(place, item, role); !part.leads_whole_rows())
            (role == first ? most_weights : most_biases) = std::max(role == first ? most_weights : most_biases, round_up(part.size(), 16));
        }
    }
    std::sort(used.begin(), used.end(), [](const auto* left, const auto* right) { return left->offset < right->offset; });
    active_.clear();
    std::size_t end = 0;
    std::vector<std::pair<std::size_t, std::size_t>> gradient_of;  // of the offset of a tensor, ascending
    for (const parameter_tensor* tensor : used) {
      const std::size_t size = round_up(tensor->size, 16);
      gradient_of.emplace_back(tensor->offset, end);
      if (!active_.empty() && active_.back().end == tensor->offset)
        active_.back().end += size;
      else
        active_.push_back({tensor->offset, tensor->offset + size});
      end += size;
    }
    const auto grow = [&](backend_array<parameter>& room, std::size_t size) {
      if (room.size() >= size) return;
      room = {};  // before the larger one is there
      room = backend_array<parameter>(device_, size);
    };
    gathered_.reserve(most_weights, most_biases, learns);
    grow(constants_, constants);
    if (learns) {
      grow(gradients_, end);
      clear_at(device_, gradients_.data(), end);
    }

    steps_.clear();
    std::size_t next_constant = 0;
    for (int i = 0; i < static_cast<int>(list.size()); ++i) {
      const layer& item = list.items[detail::at(i)];
      const int owner = owner_of(i), place = places[detail::at(i)];
      training_operands<scalar> operands = memory_.operands(i);
      bound_step made;
      if (const std::vector<double>& constant = code.origins[detail::at(owner)].constant; !constant.empty()) {
        std::vector<parameter> values(constant.size());
        std::transform(constant.begin(), constant.end(), values.begin(), [](double each) { return static_cast<parameter>(each); });
        copy_in(device_, constants_.data() + next_constant, std::span<const parameter>(values));
        operands.weights = constants_.data() + next_constant;
        next_constant += round_up(constant.size(), 16);
      }
      const auto bring = [&](parameter_role role, auto& tensor, parameter* room, parameter* slopes, const parameter*& values, parameter*& d_values) {
        const parameter_tensor* whole = place < 0 ? nullptr : values_->layout.find(place, role);
        if (!whole) return;
        const std::size_t gradient = std::lower_bound(gradient_of.begin(), gradient_of.end(), std::pair{whole->offset, std::size_t{0}})->second;
        detail::tensor_slice part = slice(place, code.layers.items[detail::at(owner)], role);
        if (part.leads_whole_rows()) {
          values = trainable_.data() + whole->offset;
          d_values = learns ? gradients_.data() + gradient : nullptr;
          return;
        }
        values = room;
        d_values = learns ? slopes : nullptr;
        tensor.emplace(typename detail::gathered_parameters<Engine>::part{whole->offset, gradient, {device_, std::move(part)}});
      };
      const auto [first, second] = roles_of(item);
      bring(first, made.weight, gathered_.weights(), gathered_.weight_gradients(), operands.weights, operands.d_weights);
      bring(second, made.bias, gathered_.biases(), gathered_.bias_gradients(), operands.bias, operands.d_bias);
      if (item.kind == layer_kind::batch_norm)
        operands.running_mean = statistics_.data(), operands.running_variance = statistics_.data() + statistics_.size() / 2;
      made.step.emplace(backend_->make_training(item, batch_, operands));
      steps_.push_back(std::move(made));
    }
  }

  Engine* backend_;
  accelerator<scalar>* device_;
  const masked_space* space_;
  masked_shared shared_;
  layer_list widest_;  // its outputs are those of all codes
  int batch_;
  parameters<parameter>* values_;
  mirrored<parameter> trainable_;
  backend_array<parameter> gradients_, constants_;
  detail::gathered_parameters<Engine> gathered_;
  backend_array<parameter> statistics_;  // nobody reads them
  detail::training_memory<Engine> memory_;
  std::vector<bound_step> steps_;
  std::vector<parameter_range> active_;
};

}  // namespace hasse
