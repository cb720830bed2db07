// The loss of a task at the outputs of one network, wherever they lie: where the processor computes, in place; on a device by the
// task's own program, or brought to the processor and back. Used by everything that trains.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include <hasse/kernel/accelerator.hpp>
#include <hasse/kernel/memory.hpp>
#include <hasse/task/task.hpp>

namespace hasse {

/// A network's outputs: where they lie, and what their gradients are written to.
template <class Scalar>
struct network_outputs {
  std::vector<const Scalar*> values;
  std::vector<Scalar*> gradients;      ///< empty: of a network that does not train
  std::vector<feature_shape> shapes{};  ///< of one sample

  template <class Network>
  static network_outputs of(Network& network) {
    network_outputs made;
    for (int i = 0; i < network.output_count(); ++i) {
      made.values.push_back(network.output(i)), made.shapes.push_back(network.output_shape(i));
      if constexpr (requires { network.output_gradient(i); }) made.gradients.push_back(network.output_gradient(i));
    }
    return made;
  }
};

/// Of every output of a network, also of one that is not ready to run.
template <class Network>
std::vector<feature_shape> shapes_of(const Network& network) {
  std::vector<feature_shape> shapes;
  for (int i = 0; i < network.output_count(); ++i) shapes.push_back(network.output_shape(i));
  return shapes;
}

/// Brings answers to the processor where they are not there.
template <class Scalar>
class answer_reader {
 public:
  explicit answer_reader(device_memory* where = nullptr) : where_(where) {}

  /// The first `count` of `batch` samples; good until the next call.
  answers<Scalar> read(const network_outputs<Scalar>& from, int batch, int count) {
    while (staged_.size() < from.values.size()) staged_.emplace_back(where_);
    read_.resize(from.values.size());
    for (std::size_t i = 0; i < read_.size(); ++i) {
      const auto values = static_cast<std::size_t>(batch * from.shapes[i].size());
      read_[i] = {staged_[i].read(from.values[i], values), count, from.shapes[i]};
    }
    return read_;
  }

 private:
  device_memory* where_;
  std::vector<staged<Scalar>> staged_;
  std::vector<tensor_batch<const Scalar>> read_;
};

/// The loss of batches of one size at the outputs of one network. The task must outlive it.
template <class Type, class Scalar>
  requires Task<Type, Scalar>
class bound_loss {
  template <class Of>
  struct own_program {
    struct type {};
  };
  template <class Of>
    requires requires { typename Of::template device_loss<Scalar>; }
  struct own_program<Of> {
    using type = typename Of::template device_loss<Scalar>;
  };
  using program = typename own_program<Type>::type;
  static constexpr bool has_program = !std::is_empty_v<program>;

 public:
  bound_loss(const Type& task, accelerator<Scalar>* device, int batch, std::span<const feature_shape> shapes)
      : task_(task), device_(device), batch_(batch), reader_(device) {
    if constexpr (has_program)
      if (device) program_.emplace(task_, device, batch, shapes);
  }
  bound_loss(const bound_loss&) = delete;
  bound_loss& operator=(const bound_loss&) = delete;

  const Type& task() const { return task_; }
  /// True where queue() may be recorded and run again without this program (kernel/memory.hpp).
  bool can_be_recorded() const { return !device_ || program_.has_value(); }
  /// What gradients are multiplied by, in the device's memory; null: 1. Only a program of the task's own can.
  void scale_by(const float* loss_scale) {
    if constexpr (has_program) {
      if (program_) return program_->scale_by(loss_scale);
    }
    if (loss_scale)
      throw error(
          "this training takes part of its loss on the processor and cannot be done in half precision; take bfloat16 or float");
  }

  /// The targets of the batch that follows; they must stay until result().
  void expect(targets_of<Type, Scalar> wanted) {
    wanted_.emplace(wanted);
    if constexpr (has_program)
      if (program_) program_->expect(wanted);
  }
  /// The loss at `of`, and into its gradients (`with_gradient`: if wanted) its slopes.
  void queue(const network_outputs<Scalar>& of, bool with_gradient = true) {
    if constexpr (has_program)
      if (program_) return program_->queue(of.values, with_gradient ? std::span<Scalar* const>(of.gradients) : std::span<Scalar* const>{});
    result_ = on_processor(of, with_gradient, [&](answers<Scalar> found, slopes<Scalar> gradient) { return batch_loss(task_.loss(found, *wanted_, gradient)); });
  }
  batch_loss result() {
    if constexpr (has_program)
      if (program_) return program_->result();
    return result_;
  }
  /// All three at once.
  batch_loss operator()(const network_outputs<Scalar>& of, targets_of<Type, Scalar> wanted, bool with_gradient = true) {
    expect(wanted), queue(of, with_gradient);
    return result();
  }

  /// What the answers to the batch that was expected last teach others, and the loss of others' answers by it, with its slopes.
  template <class Lesson>
  void remember(const network_outputs<Scalar>& of, Lesson& lesson) {
    task_.remember(reader_.read(of, batch_, batch_), *wanted_, lesson);
  }
  template <class Lesson>
  double taught(const network_outputs<Scalar>& of, const Lesson& lesson) {
    return on_processor(of, true, [&](answers<Scalar> found, slopes<Scalar> gradient) { return double(task_.loss(found, lesson, gradient)); });
  }

 private:
  /// `measure(found, gradient)` with both in the processor's memory.
  template <class Measure>
  auto on_processor(const network_outputs<Scalar>& of, bool with_gradient, const Measure& measure) {
    const answers<Scalar> found = reader_.read(of, batch_, batch_);
    slopes_.resize(with_gradient ? of.gradients.size() : 0);
    rooms_.resize(device_ ? slopes_.size() : 0);
    for (std::size_t i = 0; i < slopes_.size(); ++i) {
      const auto values = static_cast<std::size_t>(batch_ * of.shapes[i].size());
      if (device_) rooms_[i].resize(values);
      slopes_[i] = {device_ ? rooms_[i].data() : of.gradients[i], batch_, of.shapes[i]};
    }
    const auto result = measure(found, slopes<Scalar>(slopes_));
    for (std::size_t i = 0; i < rooms_.size(); ++i) device_->write(of.gradients[i], rooms_[i].data(), rooms_[i].size() * sizeof(Scalar));
    return result;
  }

  Type task_;
  accelerator<Scalar>* device_;
  int batch_;
  answer_reader<Scalar> reader_;
  std::optional<std::remove_cvref_t<targets_of<Type, Scalar>>> wanted_;
  std::optional<program> program_;
  std::vector<tensor_batch<Scalar>> slopes_;
  std::vector<std::vector<Scalar>> rooms_;
  batch_loss result_;
};

}  // namespace hasse
