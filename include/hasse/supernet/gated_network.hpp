// A supernet of which one path runs and trains at a time, each candidate on weights of its own; on the way back it can ask what the
// other candidates would have answered. Used by train, whose search learns the gates from that (ProxylessNAS).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/backend.hpp>
#include <hasse/network/aligned.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/network/plan.hpp>
#include <hasse/network/training.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/supernet/gated.hpp>

namespace hasse {

/// All layers and named outputs of all candidates in a row, block by block. Not a network: it gives every one its place among the
/// parameters.
HASSE_BODY layer_list gated_layers(const gated_list& gates);
/// Where the parameters of every candidate lie: layer numbers count as in gated_layers.
inline parameter_layout gated_layout(const gated_list& gates) { return layout_of(gated_layers(gates).items); }

namespace detail {
/// Which layer of gated_layers a layer of a path is.
class gated_places {
 public:
  explicit gated_places(const gated_list& gates) {
    int next = 0;
    for (const gated_block& block : gates.blocks) {
      first_.emplace_back();
      for (const gated_candidate& each : block.candidates) first_.back().push_back(next), next += static_cast<int>(each.layers.size());
    }
  }
  int of(const gated_origin& origin) const { return first_[at(origin.block)][at(origin.candidate)] + origin.layer; }

 private:
  std::vector<std::vector<int>> first_;  // of each candidate
};

/// Every candidate in a network: visit(path, origins, block, candidate), where other blocks take their first one.
template <class Visit>
void for_each_candidate(const gated_list& gates, Visit visit) {
  std::vector<int> choice(gates.blocks.size(), 0);
  for (int block = 0; block < gates.size(); ++block) {
    int& here = choice[at(block)];
    for (here = 0; here < gates.block(block).count(); ++here) visit(gates.path(choice), gates.origins(choice), block, here);
    here = 0;
  }
}
}  // namespace detail

/// What a pass over a path is for.
enum class gated_pass : std::uint8_t {
  weights,  ///< gradients of the path's weights; its batch norms move their running statistics
  gates,    ///< no gradients of weights, and no statistics change: the way back ends at the first block that is asked
  forward   ///< no way back at all; statistics of the batch, which change nothing
};

/// select() a path, write input(), forward(), write output_gradient(), backward(). Memory is that of one path, and of one candidate
/// more where the pass asks for others' answers. Backend, gates and parameters must outlive it.
template <Backend Engine>
class gated_network {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// `values` has the layout of gated_layout(gates).
  gated_network(Engine& backend, const gated_list& gates, int batch, parameters<parameter>& values)
      : backend_(&backend),
        device_(accelerator_of(backend)),
        gates_(&gates),
        places_(gates),
        batch_(batch),
        values_(&values),
        trainable_(device_, values.values),
        running_(device_, values.statistics) {
    gates.check();
    some_path_ = gates.path(std::vector<int>(gates.blocks.size(), 0));
    if (values.layout != gated_layout(gates))
      throw error(
          "the parameters belong to another supernet than the one that is to be searched; make them with gated_layout(gates)");
    std::size_t widest = 1;
    for (const gated_block& block : gates.blocks)
      for (const gated_candidate& each : block.candidates)
        for (const layer& item : each.layers) {
          widest = std::max(widest, detail::at(item.out.c));
          if (const std::string fault = backend.supports(item); !fault.empty())
            throw error(block.name + ", candidate " + each.text + ": on backend " + std::string(name_of(backend)) + " a " +
                        std::string(name_of(item.kind)) + " " + fault + "; change the candidate or use another backend");
        }
    statistics_ = backend_array<parameter>(device_, 2 * round_up(widest, 16));
  }
  gated_network(const gated_network&) = delete;
  gated_network& operator=(const gated_network&) = delete;

  /// The next passes run along `choice`, one candidate per block. `others[b]` are the candidates of block b whose answers
  /// backward() is asked for; none where it is empty or shorter.
  void select(std::span<const int> choice, gated_pass purpose = gated_pass::weights,
              std::span<const std::vector<int>> others = {}) {
    const layer_list path = gates_->path(choice);
    hasse::check(path, batch_, *backend_);
    const std::vector<gated_origin> origins = gates_->origins(choice);
    fused<layer_list> fusion = fuse_for_training(path);
    probes_.clear();
    std::vector<backward_stop> stops;
    int done = 0;  // layers of the path up to this block
    value_id before = 0;
    for (int block = 0; block < gates_->size(); ++block) {
      const int index = choice[detail::at(block)];
      const gated_candidate& taken = gates_->candidate(block, index);
      done += static_cast<int>(taken.layers.size());
      const value_id after = taken.is_zero() ? before : value_behind(fusion, done, block);
      if (detail::at(block) < others.size() && !others[detail::at(block)].empty()) ask(block, index, before, after, others, stops);
      before = after;
    }
    const training_options options{.forward_only = purpose == gated_pass::forward};
    memory_.plan(
        *backend_, std::move(fusion), batch_, options,
        [&](const layer& item) { return static_cast<std::size_t>(backend_->saved_bytes(item, batch_)); }, stops);
    ends_early_ = purpose == gated_pass::gates;
    bind(path, origins, purpose);
    for (probe& each : probes_) bind_probe(each, memory_.stop(each.place));
  }

  /// N x H x W x C; another select() may move it, so write it anew then.
  scalar* input() { return memory_.value(0); }
  /// As those of a training_network; every path has the same outputs.
  const scalar* output(int index) const { return memory_.output(checked_output(memory_.list(), index)); }
  const scalar* output() const { return memory_.output(only_output(memory_.list())); }
  scalar* output_gradient(int index) { return memory_.output_gradient(checked_output(memory_.list(), index)); }
  scalar* output_gradient() { return memory_.output_gradient(only_output(memory_.list())); }
  /// Those of the path alone, in the layout of its plain network: what belongs to active(), one range behind another.
  parameter* gradients() { return gradients_.data(); }
  /// The trainable parameters of all candidates, where they are read; push() and pull() as training_network's.
  parameter* trainable() { return trainable_.data(); }
  accelerator<scalar>* device() const { return device_; }
  void push() { trainable_.push(), running_.push(); }
  void pull() const { trainable_.pull(), running_.pull(); }
  /// The trainable parameters of the path, ascending and apart.
  std::span<const parameter_range> active() const { return active_; }

  void forward() {
    for (step_type& step : steps_) step.forward();
  }
  void backward() {
    backward([](int, int, double) {});
  }
  /// `hear(block, candidate, gate)`: d loss / d gate of a candidate that was asked for and of the chosen one, <dL/dy, o(x)> with
  /// the shortcut left out where the block has one, so that zero's is 0 (spec 2.3).
  template <class Hear>
  void backward(Hear&& hear) {
    std::size_t next = probes_.size();
    for (const auto& [layer, recomputes] : memory_.backward()) {
      for (; next > 0 && probes_[next - 1].stop.layer == layer; --next) answer(probes_[next - 1], hear);
      if (ends_early_ && next == 0) return;
      if (recomputes)
        steps_[detail::at(layer)].recompute();
      else
        steps_[detail::at(layer)].backward();
    }
  }

  int batch() const { return batch_; }
  const gated_list& gates() const { return *gates_; }
  feature_shape input_shape() const { return gates_->input; }
  int output_count() const { return some_path_.output_count(); }
  feature_shape output_shape(int index) const { return some_path_.output_shape(checked_output(some_path_, index)); }
  feature_shape output_shape() const { return some_path_.output_shape(only_output(some_path_)); }
  /// What the pass that is selected needs, apart from parameters, their gradients and the backend's own scratch.
  std::size_t arena_bytes() const { return memory_.planned_bytes(); }
  /// The parameters of the plain network of a choice, copied out.
  parameters<parameter> cut_out(std::span<const int> choice) const {
    pull();
    parameters<parameter> made(gates_->path(choice));
    const std::vector<gated_origin> origins = gates_->origins(choice);
    for (const auto* tensors : {&made.layout.trainable, &made.layout.statistics})
      for (const parameter_tensor& tensor : *tensors) {
        const auto from = values_->of(owner_of(origins[detail::at(tensor.layer)]), tensor.role);
        std::copy(from.begin(), from.end(), made.of(tensor).begin());
      }
    return made;
  }

 private:
  using step_type = decltype(std::declval<Engine&>().make_training(layer{}, 1, training_operands<scalar>{}));
  /// One candidate that is asked for an answer, forward only, in the memory of a stop.
  struct asked {
    int candidate = 0;
    fused<layer_list> fusion;
    training_plan plan;
    std::vector<step_type> steps;
    const scalar* output = nullptr;
  };
  struct probe {
    int block = 0, chosen = 0, place = 0;  ///< `place`: which stop, shared by blocks behind which nothing was done
    backward_stop stop;
    std::vector<asked> candidates;
  };

  int owner_of(const gated_origin& origin) const { return places_.of(origin); }

  /// The fused list's value behind the first `done` layers of the path.
  value_id value_behind(const fused<layer_list>& fusion, int done, int block) const {
    if (done == 0) return 0;
    for (std::size_t i = 0; i < fusion.layers.size(); ++i)
      if (fusion.origins[i].last == done - 1) return static_cast<value_id>(i) + 1;
    throw error(gates_->block(block).name +
                " ends in a layer that the next block's first one joins; end it with an activation, or begin the next otherwise");
  }

  void ask(int block, int chosen, value_id before, value_id after, std::span<const std::vector<int>> others,
           std::vector<backward_stop>& stops) {
    if (before == 0)
      throw error(gates_->block(block).name + " is searched and reads the image itself; put a fixed layer in front of it");
    probe made{block, chosen, 0, {.layer = after - 1, .bytes = 0, .first = before, .second = after}, {}};
    for (const int other : others[detail::at(block)]) {
      if (other < 0 || other >= gates_->block(block).count() || other == chosen)
        throw error("candidate " + std::to_string(other) + " of " + gates_->block(block).name +
                    " was asked for; ask for those that are not on the path");
      const gated_candidate& candidate = gates_->candidate(block, other);
      asked one{other, {}, {}, {}, nullptr};
      if (!candidate.is_zero()) {
        layer_list layers = candidate.layers;
        one.fusion = fuse_for_training(layers);
        one.fusion.layers.input = {};  // it lies in the path
        std::vector<backward_needs> needs;
        for (const layer& item : one.fusion.layers)
          needs.push_back({static_cast<std::size_t>(backend_->saved_bytes(item, batch_)), backend_->backward_reads(item)});
        one.plan = plan_training(one.fusion.layers, batch_, sizeof(scalar), needs, {.forward_only = true});
        made.stop.bytes = std::max(made.stop.bytes, one.plan.arena_bytes);
      }
      made.candidates.push_back(std::move(one));
    }
    if (!stops.empty() && stops.back().layer == made.stop.layer)
      stops.back().bytes = std::max(stops.back().bytes, made.stop.bytes);
    else
      stops.push_back(made.stop);
    made.place = static_cast<int>(stops.size()) - 1;
    probes_.push_back(std::move(made));
  }

  void bind_parameters(training_operands<scalar>& to, const layer& item, int owner, bool moves) {
    const bool norm = item.kind == layer_kind::batch_norm;
    const auto tensor_of = [&](parameter_role role) -> parameter* {
      const parameter_tensor* tensor = values_->layout.find(owner, role);
      return tensor ? (is_statistic(role) ? running_ : trainable_).data() + tensor->offset : nullptr;
    };
    to.weights = tensor_of(norm ? parameter_role::scale : parameter_role::weight);
    to.bias = tensor_of(norm ? parameter_role::shift : parameter_role::bias);
    if (!norm) return;
    to.running_mean = moves ? tensor_of(parameter_role::running_mean) : statistics_.data();
    to.running_variance = moves ? tensor_of(parameter_role::running_variance) : statistics_.data() + statistics_.size() / 2;
  }

  void bind(const layer_list& path, const std::vector<gated_origin>& origins, gated_pass purpose) {
    const bool learns = purpose == gated_pass::weights;
    const parameter_layout layout = layout_of(path.items);
    make_room_for_gradients(layout);
    steps_.clear();
    const layer_list& list = memory_.list();
    for (int i = 0; i < static_cast<int>(list.size()); ++i) {
      const layer& item = list.items[detail::at(i)];
      const int from = memory_.origin(i).weights;
      const bool norm = item.kind == layer_kind::batch_norm;
      const auto slope = [&](parameter_role role) {
        const parameter_tensor* tensor = learns ? layout.find(from, role) : nullptr;
        return tensor ? gradients_.data() + tensor->offset : nullptr;
      };
      training_operands<scalar> operands = memory_.operands(i);
      bind_parameters(operands, item, owner_of(origins[detail::at(from)]), learns);
      operands.d_weights = slope(norm ? parameter_role::scale : parameter_role::weight);
      operands.d_bias = slope(norm ? parameter_role::shift : parameter_role::bias);
      steps_.push_back(backend_->make_training(item, batch_, operands));
    }
    active_.clear();
    for (const parameter_tensor& tensor : layout.trainable) {
      const std::size_t begin = values_->layout.find(owner_of(origins[detail::at(tensor.layer)]), tensor.role)->offset,
                        end = begin + round_up(tensor.size, 16);
      if (!active_.empty() && active_.back().end == begin)
        active_.back().end = end;
      else
        active_.push_back({begin, end});
    }
  }

  /// Zero between tensors, wherever those of the path before were.
  void make_room_for_gradients(const parameter_layout& layout) {
    if (gradients_.size() < layout.trainable_size) {
      gradients_ = {};  // before the larger one is there
      gradients_ = backend_array<parameter>(device_, layout.trainable_size);
    } else if (device_) {
      device_->clear(gradients_.data(), layout.trainable_size * sizeof(parameter));
    } else {
      for (const parameter_tensor& tensor : layout.trainable)
        std::fill(gradients_.data() + tensor.offset + tensor.size, gradients_.data() + tensor.offset + round_up(tensor.size, 16),
                  parameter{});
    }
  }

  void bind_probe(probe& at, std::byte* room) {
    for (asked& one : at.candidates) {
      if (gates_->candidate(at.block, one.candidate).is_zero()) continue;
      const auto value = [&](value_id id) {
        return id == 0 ? memory_.value(at.stop.first) : reinterpret_cast<scalar*>(room + one.plan.values[detail::at(id)]);
      };
      const layer_list& list = one.fusion.layers;
      for (int i = 0; i < static_cast<int>(list.size()); ++i) {
        const layer& item = list.items[detail::at(i)];
        training_operands<scalar> operands;
        operands.src = value(item.input);
        if (item.other != no_value) operands.other = value(item.other);
        operands.dst = value(i + 1);
        if (one.plan.saved[detail::at(i)] != training_plan::none) operands.saved = room + one.plan.saved[detail::at(i)];
        const int owner = owner_of({at.block, one.candidate, one.fusion.origins[detail::at(i)].weights});
        bind_parameters(operands, item, owner, false);
        one.steps.push_back(backend_->make_training(item, batch_, operands));
      }
      one.output = value(static_cast<value_id>(list.size()));
    }
  }

  template <class Hear>
  void answer(probe& at, Hear& hear) {
    const gated_block& block = gates_->block(at.block);
    const scalar* const slope = memory_.gradient(at.stop.second);
    const scalar* const shortcut =
        std::any_of(block.candidates.begin(), block.candidates.end(), [](const auto& each) { return each.is_zero(); })
            ? memory_.value(at.stop.first)
            : nullptr;
    const std::size_t count = static_cast<std::size_t>(gates_->out_of(at.block).size() * batch_);
    const auto gate_of = [&](const scalar* output) {
      if (device_) return device_->dot(slope, output, shortcut, count);
      double sum = 0;
      for (std::size_t i = 0; i < count; ++i)
        sum +=
            static_cast<double>(slope[i]) * (static_cast<double>(output[i]) - (shortcut ? static_cast<double>(shortcut[i]) : 0.0));
      return sum;
    };
    hear(at.block, at.chosen, block.candidates[detail::at(at.chosen)].is_zero() ? 0.0 : gate_of(memory_.value(at.stop.second)));
    for (asked& one : at.candidates) {
      for (step_type& step : one.steps) step.forward();
      hear(at.block, one.candidate, one.output ? gate_of(one.output) : 0.0);
    }
  }

  Engine* backend_;
  accelerator<scalar>* device_;
  const gated_list* gates_;
  detail::gated_places places_;
  layer_list some_path_;  // its outputs are those of all paths
  int batch_;
  parameters<parameter>* values_;
  mirrored<parameter> trainable_, running_;
  backend_array<parameter> gradients_;
  backend_array<parameter> statistics_;        // of batch norms whose own stay as they are
  detail::training_memory<Engine> memory_;
  std::vector<step_type> steps_;
  std::vector<probe> probes_;  // front to back
  std::vector<parameter_range> active_;
  bool ends_early_ = false;  // in front of the first block that is asked
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/gated_network.inl>
#endif
