// Batches where a network reads them: from a reader on the processor, or cut on the device from images that lie there as bytes.
// Used by tasks on images with labels; the sequence is that of data/batch_reader.hpp either way.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <vector>

#include <hasse/data/batch_reader.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/kernel/accelerator.hpp>

namespace hasse {

/// Endless batches of one image set, which must outlive the feed. A device keeps all of its images.
template <class Scalar>
class batch_feed {
 public:
  /// `device` is the one whose memory next() writes to; null: the processor's.
  batch_feed(accelerator<Scalar>* device, const image_set& set, const normalisation& scale, int batch, read_order order,
             std::uint64_t seed = 1, augmentation varied = {})
      : device_(device), labels_(static_cast<std::size_t>(std::max(batch, 0))), order_(set, batch, order, seed, varied) {
    if (!device) {
      reader_.emplace(set, scale, batch, order, seed, varied);
      return;
    }
    const std::vector<float> levels = levels_of(set, scale);
    levels_ = backend_array<float>(device, levels.size());
    device->write(levels_.data(), levels.data(), levels.size() * sizeof(float));
    pixels_ = backend_array<std::uint8_t>(device, set.pixels.size());
    device->write(pixels_.data(), set.pixels.data(), set.pixels.size());
    drawn_.resize(static_cast<std::size_t>(batch));
    placed_ = backend_array<detail::gpu::drawn_image>(device, drawn_.size());
  }

  int batch() const { return order_.batch(); }
  std::uint64_t batches_per_epoch() const { return order_.batches_per_epoch(); }

  /// Writes the next batch, N x H x W x C, and its labels, which go to the processor. Returns how many images are real; the rest is
  /// zero with label 0.
  int next(Scalar* images, int* labels) {
    if (device_) return cut(images, labels);
    read_ = reader_->position();
    if constexpr (std::is_same_v<Scalar, float>) {
      return reader_->next(images, labels);
    } else {
      staged_.resize(static_cast<std::size_t>(reader_->batch()) * reader_->images().image_bytes());
      const int count = reader_->next(staged_.data(), labels);
      std::transform(staged_.begin(), staged_.end(), images, [](float value) { return static_cast<Scalar>(value); });
      return count;
    }
  }

  /// The same; the labels are kept.
  int next(Scalar* images) { return next(images, labels_.data()); }
  /// Those of the batch that was read last.
  std::span<const int> targets() const { return labels_; }

  /// Which images of the set those of the batch that was read last are, and how they vary: for targets that are more than a label.
  /// Pixel (y, x) of the batch's image is pixel (y + down, x + right) of the set's, where mirrored (y + down, width - 1 - x + right).
  std::span<const image_draw> draws() {
    if (!device_) order_.draw(read_, draws_);
    return draws_;
  }

  /// Goes on from there.
  void seek(read_position to) {
    if (!device_) return reader_->seek(to);
    order_.check(to);
    at_ = to;
  }

 private:
  int cut(Scalar* images, int* labels) {
    order_.draw(at_, draws_);
    order_.advance(at_);
    const image_set& set = order_.images();
    for (std::size_t i = 0; i < drawn_.size(); ++i) {
      const bool real = i < draws_.size();
      labels[i] = real ? set.labels[draws_[i].index] : 0;
      drawn_[i] =
          real ? detail::gpu::drawn_image{static_cast<int>(draws_[i].index), draws_[i].down, draws_[i].right, draws_[i].mirrored}
               : detail::gpu::drawn_image{.index = -1};
    }
    device_->write(placed_.data(), drawn_.data(), drawn_.size() * sizeof drawn_[0]);
    device_->augment(
        {set.height, set.width, set.channels, order_.batch(), placed_.data(), pixels_.data(), levels_.data(), images});
    return static_cast<int>(draws_.size());
  }

  accelerator<Scalar>* device_;
  std::vector<int> labels_;
  batch_order order_;
  std::optional<batch_reader> reader_;
  std::vector<float> staged_;
  read_position at_, read_;  // the next batch on a device; the last one of the reader
  std::vector<image_draw> draws_;
  std::vector<detail::gpu::drawn_image> drawn_;
  backend_array<detail::gpu::drawn_image> placed_;
  backend_array<std::uint8_t> pixels_;
  backend_array<float> levels_;
};

}  // namespace hasse
