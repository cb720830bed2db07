// The softmax cross-entropy of a network's answers where a device has them, by a program of its own.
// Used by task/classification.hpp, and a model for other tasks that shall not bring their answers to the processor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <hasse/core/shape.hpp>
#include <hasse/kernel/accelerator.hpp>
#include <hasse/task/loss.hpp>

namespace hasse {

/// Softmax cross-entropy of one network's batches: the labels go to the device first, queue() only queues, as a recording needs, and
/// result() waits.
template <class Scalar>
class answer_loss {
 public:
  template <class Task>
  answer_loss(const Task& task, accelerator<Scalar>* device, int batch, std::span<const feature_shape> shapes)
      : device_(device), batch_(batch), classes_(static_cast<int>(shapes[0].size())), smoothing_(task.label_smoothing) {
    const auto images = static_cast<std::size_t>(batch);
    placed_ = backend_array<int>(device, images);
    losses_ = backend_array<float>(device, images);
    correct_ = backend_array<std::uint8_t>(device, images);
    total_ = backend_array<detail::gpu::loss_total>(device, 1);
  }

  /// One label per image of the batches that follow; they stay where they are until those are done.
  void expect(std::span<const int> labels) { device_->write(placed_.data(), labels.data(), placed_.size() * sizeof(int)); }
  /// What gradients are multiplied by, in the device's memory; null: 1.
  void scale_by(const float* loss_scale) { scale_ = loss_scale; }
  /// `gradient[0]` (null: not wanted) as in task/loss.hpp.
  void queue(std::span<const Scalar* const> logits, std::span<Scalar* const> gradient) {
    device_->softmax_cross_entropy({.logits = logits[0],
                                    .labels = placed_.data(),
                                    .batch = batch_,
                                    .classes = classes_,
                                    .smoothing = smoothing_,
                                    .gradient = gradient.empty() ? nullptr : gradient[0],
                                    .loss_scale = scale_,
                                    .losses = losses_.data(),
                                    .correct = correct_.data(),
                                    .total = total_.data()});
  }
  batch_loss result() {
    detail::gpu::loss_total found;
    device_->read(&found, total_.data(), sizeof found);
    return {found.loss / batch_, found.correct};
  }

 private:
  accelerator<Scalar>* device_;
  int batch_, classes_;
  double smoothing_;
  const float* scale_ = nullptr;
  backend_array<int> placed_;
  backend_array<float> losses_;
  backend_array<std::uint8_t> correct_;
  backend_array<detail::gpu::loss_total> total_;
};

}  // namespace hasse
