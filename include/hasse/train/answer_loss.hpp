// The loss of a network's answers where they are: on the processor by train/loss.hpp, on a device by its own program.
// Used by everything that trains classifiers.
#pragma once

#include <cstddef>
#include <cstdint>

#include <hasse/kernel/accelerator.hpp>
#include <hasse/train/loss.hpp>

namespace hasse {

/// Softmax cross-entropy of one network's batches. On a device the labels go there first, queue() only queues, as a recording
/// needs, and result() waits.
template <class Scalar>
class answer_loss {
 public:
  answer_loss(accelerator<Scalar>* device, int batch, int classes) : device_(device), batch_(batch), classes_(classes) {
    if (!device) return;
    const auto images = static_cast<std::size_t>(batch);
    placed_ = backend_array<int>(device, images);
    losses_ = backend_array<float>(device, images);
    correct_ = backend_array<std::uint8_t>(device, images);
    total_ = backend_array<detail::gpu::loss_total>(device, 1);
  }

  /// One per image of the batches that follow; they stay where they are until those are done.
  void set_labels(const int* labels) {
    labels_ = labels;
    if (device_) device_->write(placed_.data(), labels, placed_.size() * sizeof(int));
  }
  /// What gradients are multiplied by, in the device's memory; null: 1.
  void scale_by(const float* loss_scale) { scale_ = loss_scale; }
  /// `gradient` as in train/loss.hpp.
  void queue(const Scalar* logits, double smoothing, Scalar* gradient) {
    if (device_)
      device_->softmax_cross_entropy({.logits = logits,
                                      .labels = placed_.data(),
                                      .batch = batch_,
                                      .classes = classes_,
                                      .smoothing = smoothing,
                                      .gradient = gradient,
                                      .loss_scale = scale_,
                                      .losses = losses_.data(),
                                      .correct = correct_.data(),
                                      .total = total_.data()});
    else
      result_ = softmax_cross_entropy(logits, labels_, batch_, classes_, smoothing, gradient);
  }
  batch_loss result() {
    if (!device_) return result_;
    detail::gpu::loss_total found;
    device_->read(&found, total_.data(), sizeof found);
    return {found.loss / batch_, found.correct};
  }
  batch_loss operator()(const Scalar* logits, const int* labels, double smoothing, Scalar* gradient) {
    set_labels(labels);
    queue(logits, smoothing, gradient);
    return result();
  }

 private:
  accelerator<Scalar>* device_;
  int batch_, classes_;
  const int* labels_ = nullptr;
  const float* scale_ = nullptr;
  batch_loss result_;
  backend_array<int> placed_;
  backend_array<float> losses_;
  backend_array<std::uint8_t> correct_;
  backend_array<detail::gpu::loss_total> total_;
};

}  // namespace hasse
