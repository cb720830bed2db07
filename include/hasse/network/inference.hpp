// A network ready to run: batch norm folded, every layer bound once to one arena planned ahead. run() neither allocates nor
// creates. Used by latency (what is measured), train (evaluation) and result.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
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
/// The steps of a folded list on a backend, and the memory that they work in: the road that run-time and static networks share.
template <Backend Engine>
class bound_inference {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  bound_inference(Engine& backend, std::size_t arena_bytes)
      : backend_(&backend), memory_(memory_of(backend)), arena_(memory_, arena_bytes) {}

  /// Binds (again) with these weights. `offsets` are those of the values in the arena, `runs` the layers that may be one step, `bodies` the
  /// stretches for which the engine has a body.
  template <class List>
  void bind(const List& list, std::span<const std::size_t> offsets, std::span<const int> runs, std::span<const stretch> bodies, int batch,
            folded_weights<parameter> weights) {
    const std::span<const layer> folded(list.data(), list.size());
    sequence_.forget();
    steps_.clear();
    steps_.reserve(folded.size());
    ends_.clear();
    weights_ = std::move(weights);
    placed_ = mirrored<parameter>(memory_, weights_.values);
    const auto value = [&](value_id id) { return reinterpret_cast<scalar*>(arena_.data() + offsets[at(id)]); };
    std::vector<inference_operands<scalar>> all(folded.size());
    for (int i = 0; i < static_cast<int>(folded.size()); ++i) {
      const layer& item = folded[at(i)];
      const auto data_or_null = [&](std::span<const parameter> tensor) -> const parameter* {
        return tensor.empty() ? nullptr : placed_.data() + (tensor.data() - weights_.values.data());
      };
      inference_operands<scalar>& operands = all[at(i)];
      operands.src = value(item.input);
      operands.other = item.other == no_value ? nullptr : value(item.other);
      operands.dst = value(i + 1);
      operands.weights = data_or_null(weights_.weights(i));
      operands.bias = data_or_null(weights_.bias(i));
    }
    const std::span<const inference_operands<scalar>> operands(all);
    for (int first = 0; first < static_cast<int>(folded.size());) {
      const auto own = std::find_if(bodies.begin(), bodies.end(), [&](const stretch& each) { return each.first == first; });
      if (own != bodies.end())
        if (auto step = make_inference_body(*backend_, *body_for(body_mark_of(*backend_), *own, fusion::inference), folded.subspan(at(first), at(own->count)), batch,
                                            operands.subspan(at(first), at(own->count)))) {
          steps_.push_back(std::move(*step));
          ends_.push_back(first += own->count);
          continue;
        }
      const auto length = at(runs[at(first)]);
      bool joined = false;
      if constexpr (JoinsLayers<Engine>)
        if (length > 1)
          if (auto step = backend_->make_joined(folded.subspan(at(first), length), batch, operands.subspan(at(first), length))) {
            steps_.push_back(std::move(*step));
            ends_.push_back(first + static_cast<int>(length));
            joined = true;
          }
      for (std::size_t i = at(first); !joined && i < at(first) + length; ++i) {
        steps_.push_back(backend_->make_inference(folded[i], batch, operands[i]));
        ends_.push_back(static_cast<int>(i) + 1);
      }
      first += static_cast<int>(length);
    }
    input_ = value(0);
    outputs_.clear();
    for (int i = 0; i < list.output_count(); ++i) outputs_.push_back(value(list.output(i)));
  }

  scalar* input() { return input_; }
  const scalar* output(int index) const { return outputs_[at(index)]; }
  void run() {
    sequence_.run(memory_, [this] {
      for (auto& step : steps_) step.run();
    });
  }
  device_memory* memory() const { return memory_; }
  void write(std::span<const scalar> images, std::int64_t size) {
    demand(images.size(), size);
    copy_in(memory_, input_, images);
  }
  void read(int index, std::span<scalar> answers, std::int64_t size) const {
    demand(answers.size(), size);
    copy_out(memory_, answers, output(index));
  }
  std::size_t arena_bytes() const { return arena_.size(); }
  std::size_t weight_bytes() const { return weights_.values.size() * sizeof(parameter); }
  auto& steps() { return steps_; }
  std::span<const int> step_ends() const { return ends_; }

 private:
  using step_type = decltype(std::declval<Engine&>().make_inference(layer{}, 1, inference_operands<scalar>{}));
  static void demand(std::size_t given, std::int64_t needed) {
    if (given != static_cast<std::size_t>(needed))
      throw error("a batch of this network has " + std::to_string(needed) + " values and room for " + std::to_string(given) +
                  " was given; give all of them");
  }

  Engine* backend_;
  device_memory* memory_;
  backend_array<std::byte> arena_;
  folded_weights<parameter> weights_;
  mirrored<parameter> placed_;
  std::vector<step_type> steps_;
  repeated sequence_;
  std::vector<int> ends_;
  scalar* input_ = nullptr;
  std::vector<const scalar*> outputs_;
};
}  // namespace detail

/// A network known at run time, for a fixed batch. The backend must outlive it. Example: examples/03_network.cpp.
template <Backend Engine>
class inference_network {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  /// `layers` is unfused; `source` has its layout.
  inference_network(Engine& backend, const layer_list& layers, int batch, const parameters<parameter>& source)
      : unfused_(checked(backend, layers, batch)),
        folded_(fold_for_inference(unfused_)),
        bodies_(stretches_with_body(backend, unfused_, folded_, fusion::inference)),
        plan_(plan_inference(folded_.layers, batch, sizeof(scalar), bodies_)),
        batch_(batch),
        bound_(backend, plan_.arena_bytes) {
    load(source);
  }

  /// N x H x W x C in the backend's memory, to be written before run(); stays as it is.
  scalar* input() { return bound_.input(); }
  /// Of output `index`, in the order of layers().outputs, from 0. What takes no number means the only output and is refused where
  /// there are several.
  const scalar* output(int index) const { return bound_.output(checked_output(unfused_, index)); }
  const scalar* output() const { return bound_.output(only_output(unfused_)); }
  /// Where a device computes, these bring images there and answers back; elsewhere they copy to input() and from output().
  void write_input(std::span<const scalar> images) { bound_.write(images, batch_ * input_shape().size()); }
  void read_output(int index, std::span<scalar> answers) const { bound_.read(checked_output(unfused_, index), answers, batch_ * output_shape(index).size()); }
  void read_output(std::span<scalar> answers) const { read_output(only_output(unfused_), answers); }
  void run() { bound_.run(); }
  /// That of the device; null where the processor computes.
  device_memory* memory() const { return bound_.memory(); }

  /// Takes other parameters of the same layout. Steps are made again, since a backend may pack weights: not for a timed path.
  void load(const parameters<parameter>& source) {
    bound_.bind(folded_.layers, plan_.offsets, plan_.runs, bodies_, batch_,
                fold_weights<parameter>(unfused_, folded_.layers, folded_.origins, source));
  }

  int batch() const { return batch_; }
  feature_shape input_shape() const { return unfused_.input; }
  int output_count() const { return unfused_.output_count(); }
  feature_shape output_shape(int index) const { return unfused_.output_shape(checked_output(unfused_, index)); }
  feature_shape output_shape() const { return unfused_.output_shape(only_output(unfused_)); }
  const layer_list& layers() const { return unfused_; }
  /// The layers that run.
  const layer_list& folded_layers() const { return folded_.layers; }
  auto& steps() { return bound_.steps(); }
  /// Per step, the number of folded layers that are done after it: a step runs one layer, or several that the backend joined.
  std::span<const int> step_ends() const { return bound_.step_ends(); }
  /// How many steps it takes until the first `count` layers of layers() are done.
  int steps_until(int count) const {
    int step = 0;
    for (const int end : step_ends()) {
      if (folded_.origins[static_cast<std::size_t>(end) - 1].last >= count) break;
      ++step;
    }
    return step;
  }
  /// Peak memory of run() apart from weights and the backend's own scratch.
  std::size_t arena_bytes() const { return bound_.arena_bytes(); }
  std::size_t weight_bytes() const { return bound_.weight_bytes(); }

 private:
  static const layer_list& checked(Engine& backend, const layer_list& layers, int batch) {
    check(layers, batch, backend);
    return layers;
  }

  layer_list unfused_;
  fused<layer_list> folded_;
  std::vector<stretch> bodies_;
  inference_plan<layer_list> plan_;
  int batch_;
  detail::bound_inference<Engine> bound_;
};

}  // namespace hasse
