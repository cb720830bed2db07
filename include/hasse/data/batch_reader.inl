// The bodies of data/batch_reader.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/data/image_set.hpp>

namespace hasse {

HASSE_BODY augmentation usual_augmentation(const image_set& set) { return {std::min(set.height, set.width) / 8, set.mirrored_alike}; }

HASSE_BODY std::vector<float> levels_of(const image_set& set, const normalisation& scale) {
  const auto channels = static_cast<std::size_t>(set.channels);
  if (scale.mean.size() != channels || scale.deviation.size() != channels)
    throw error("the normalisation has " + std::to_string(scale.mean.size()) + " channels and the image set '" + set.name +
                "' has " + std::to_string(channels) + "; measure it on the training split of the same data");
  std::vector<float> levels(channels * 256);
  for (std::size_t c = 0; c < channels; ++c)
    for (std::size_t v = 0; v < 256; ++v)
      levels[c * 256 + v] = (static_cast<float>(v) / 255.0f - scale.mean[c]) / scale.deviation[c];
  return levels;
}

HASSE_BODY batch_order::batch_order(const image_set& set, int batch, read_order order, std::uint64_t seed, augmentation varied)
    : set_(set), batch_(batch), order_(order), seed_(seed), varied_(varied), permutation_(set.size()) {
  if (batch < 1) throw error("a batch of " + std::to_string(batch) + " images cannot be read; choose 1 or more");
  if (varied.pad < 0 || varied.pad > std::min(set.height, set.width))
    throw error("a crop border of " + std::to_string(varied.pad) + " pixels does not suit images of " +
                std::to_string(set.height) + " x " + std::to_string(set.width) + "; choose 0 up to the shorter side");
  const std::size_t size = static_cast<std::size_t>(batch);
  batches_ = order == read_order::training ? set.size() / size : (set.size() + size - 1) / size;
  if (batches_ == 0)
    throw error("the image set '" + set.name + "' has " + std::to_string(set.size()) + " images and cannot fill a batch of " +
                std::to_string(batch) + "; choose a smaller batch or more images");
}

HASSE_BODY void batch_order::check(read_position to) const {
  if (to.batch >= batches_)
    throw error("batch " + std::to_string(to.batch) + " does not exist in epochs of " + std::to_string(batches_) +
                " batches; go on with the data and batch size of the earlier run");
}

HASSE_BODY void batch_order::draw(read_position position, std::vector<image_draw>& to) {
  if (set_.size() != permutation_.size())
    throw error("the image set '" + set_.name + "' has " + std::to_string(set_.size()) + " images and had " +
                std::to_string(permutation_.size()) + " when its reader was made; leave it as it is while it is read");
  if (position.epoch != permuted_epoch_) {
    std::iota(permutation_.begin(), permutation_.end(), 0u);
    random_source random(derive(derive(seed_, 0), position.epoch));
    if (order_ == read_order::training) shuffle(permutation_.begin(), permutation_.end(), random);
    permuted_epoch_ = position.epoch;
  }
  const std::size_t first = position.batch * static_cast<std::size_t>(batch_);
  to.resize(std::min(static_cast<std::size_t>(batch_), set_.size() - first));
  for (std::size_t i = 0; i < to.size(); ++i) to[i] = varied(permutation_[first + i], position.epoch);
}

HASSE_BODY image_draw batch_order::varied(std::uint32_t index, std::uint64_t epoch) const {
  image_draw made{.index = index};
  if (order_ == read_order::training && (varied_.pad > 0 || varied_.flip)) {
    random_source random(derive(derive(derive(seed_, 1), epoch), index));
    const auto shifts = static_cast<std::uint64_t>(2 * varied_.pad + 1);
    made.down = static_cast<int>(random.below(shifts)) - varied_.pad;
    made.right = static_cast<int>(random.below(shifts)) - varied_.pad;
    made.mirrored = varied_.flip && (random() >> 63) != 0;
  }
  return made;
}

struct batch_reader::crew {
  std::mutex mutex;
  std::condition_variable changed;
  std::thread worker;
};

HASSE_BODY batch_reader::batch_reader(const image_set& set, normalisation scale, int batch, read_order order, std::uint64_t seed,
             augmentation varied)
    : order_(set, batch, order, seed, varied), levels_(levels_of(set, scale)), crew_(std::make_unique<crew>()) {
  draws_.reserve(static_cast<std::size_t>(batch));
  for (slot& each : slots_)
    each.images.resize(static_cast<std::size_t>(batch) * set.image_bytes()), each.labels.resize(static_cast<std::size_t>(batch));
  crew_->worker = std::thread([this] { work(); });
}

HASSE_BODY batch_reader::~batch_reader() {
  {
    const std::lock_guard lock(crew_->mutex);
    stopping_ = true;
  }
  crew_->changed.notify_all();
  crew_->worker.join();
}

HASSE_BODY int batch_reader::next(float* images, int* labels) {
  std::unique_lock lock(crew_->mutex);
  slot& from = slots_[reading_];
  crew_->changed.wait(lock, [&] { return from.ready || trouble_; });
  if (!from.ready) std::rethrow_exception(trouble_);
  std::copy(from.images.begin(), from.images.end(), images);
  std::copy(from.labels.begin(), from.labels.end(), labels);
  const int count = from.count;
  from.ready = false;
  reading_ ^= 1;
  order_.advance(consumed_);
  lock.unlock();
  crew_->changed.notify_all();
  return count;
}

HASSE_BODY read_position batch_reader::position() const {
  const std::lock_guard lock(crew_->mutex);
  return consumed_;
}

HASSE_BODY void batch_reader::seek(read_position to) {
  order_.check(to);
  {
    const std::lock_guard lock(crew_->mutex);
    consumed_ = produced_ = to;
    for (slot& each : slots_) each.ready = false;
    reading_ = writing_ = 0;
    ++seeks_;
  }
  crew_->changed.notify_all();
}

HASSE_BODY void batch_reader::work() {
  std::unique_lock lock(crew_->mutex);
  for (;;) {
    crew_->changed.wait(lock, [&] { return stopping_ || !slots_[writing_].ready; });
    if (stopping_) return;
    const read_position position = produced_;
    const std::uint64_t seeks = seeks_;
    slot& to = slots_[writing_];
    lock.unlock();
    std::exception_ptr trouble;  // which the caller of next() hears of, not the end of the process
    try {
      fill(to, position);
    } catch (...) {
      trouble = std::current_exception();
    }
    lock.lock();
    if (trouble) {
      trouble_ = trouble;
      crew_->changed.notify_all();
      return;
    }
    if (seeks != seeks_) continue;  // someone went elsewhere meanwhile
    to.ready = true;
    writing_ ^= 1;
    order_.advance(produced_);
    crew_->changed.notify_all();
  }
}

HASSE_BODY void batch_reader::fill(slot& to, read_position position) {
  order_.draw(position, draws_);
  const image_set& set = order_.images();
  for (std::size_t i = 0; i < draws_.size(); ++i) {
    write_image(draws_[i], to.images.data() + i * set.image_bytes());
    to.labels[i] = set.labels[draws_[i].index];
  }
  std::fill(to.images.begin() + static_cast<std::ptrdiff_t>(draws_.size() * set.image_bytes()), to.images.end(), 0.0f);
  std::fill(to.labels.begin() + static_cast<std::ptrdiff_t>(draws_.size()), to.labels.end(), 0);
  to.count = static_cast<int>(draws_.size());
}

}  // namespace hasse

namespace hasse {

HASSE_BODY void batch_reader::write_image(const image_draw& drawn, float* to) const {
  const image_set& set = order_.images();
  const std::uint8_t* image = set.image(drawn.index).data();
  const int channels = set.channels;
  for (int y = 0; y < set.height; ++y)
    for (int x = 0; x < set.width; ++x) {
      const int from_y = y + drawn.down, from_x = (drawn.mirrored ? set.width - 1 - x : x) + drawn.right;
      const bool inside = from_y >= 0 && from_y < set.height && from_x >= 0 && from_x < set.width;
      const std::uint8_t* pixel =
          inside ? image + (static_cast<std::ptrdiff_t>(from_y) * set.width + from_x) * channels : nullptr;
      for (int c = 0; c < channels; ++c) *to++ = inside ? levels_[static_cast<std::size_t>(c) * 256 + pixel[c]] : 0.0f;
    }
}

}  // namespace hasse
