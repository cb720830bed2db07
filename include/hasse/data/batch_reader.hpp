// Batches for a network: a thread of its own permutes, augments and normalises the next batch while the current one is used.
// Used by train. The sequence depends on the seed and the position alone, never on timing, so that it can be resumed exactly.
#pragma once

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <numeric>
#include <string>
#include <thread>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/image_set.hpp>

namespace hasse {

/// How a training image varies: cropped from a border of `pad` mean-coloured pixels, and mirrored half of the time.
struct augmentation {
  int pad = 0;
  bool flip = false;
};

/// An eighth of the side to crop from, and mirroring where the classes bear it.
inline augmentation usual_augmentation(const image_set& set) { return {std::min(set.height, set.width) / 8, set.mirrored_alike}; }

/// Where the next batch lies; a checkpoint stores it and `batch_reader::seek` puts it back.
struct read_position {
  std::uint64_t epoch = 0, batch = 0;
  friend bool operator==(const read_position&, const read_position&) = default;
};

/// Training order: permuted anew every epoch, only full batches. Evaluation order: as stored, every image, last batch part-filled.
enum class read_order { training, evaluation };

/// One image of a batch: which of its set it is, how far its window moves, and whether it is mirrored.
struct image_draw {
  std::uint32_t index = 0;
  int down = 0, right = 0;
  bool mirrored = false;
};

/// What each of the 256 values of a byte means to a network, channel by channel.
inline std::vector<float> levels_of(const image_set& set, const normalisation& scale) {
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

/// Which images a batch has and how they vary, by seed and position alone. The set must outlive it.
class batch_order {
 public:
  batch_order(const image_set& set, int batch, read_order order, std::uint64_t seed, augmentation varied)
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

  int batch() const { return batch_; }
  std::uint64_t batches_per_epoch() const { return batches_; }
  const image_set& images() const { return set_; }
  void advance(read_position& position) const {
    if (++position.batch == batches_) ++position.epoch, position.batch = 0;
  }
  void check(read_position to) const {
    if (to.batch >= batches_)
      throw error("batch " + std::to_string(to.batch) + " does not exist in epochs of " + std::to_string(batches_) +
                  " batches; go on with the data and batch size of the earlier run");
  }

  /// The images of that batch: all of them in training order, maybe fewer at the end of an evaluation epoch.
  void draw(read_position position, std::vector<image_draw>& to) {
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

 private:
  /// The draws depend on seed, epoch and image alone.
  image_draw varied(std::uint32_t index, std::uint64_t epoch) const {
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

  const image_set& set_;
  int batch_;
  read_order order_;
  std::uint64_t seed_, batches_ = 0;
  augmentation varied_;
  std::vector<std::uint32_t> permutation_;
  std::uint64_t permuted_epoch_ = ~std::uint64_t{0};
};

/// Endless batches of one image set, which must outlive the reader. After construction nothing is allocated.
class batch_reader {
 public:
  batch_reader(const image_set& set, normalisation scale, int batch, read_order order, std::uint64_t seed = 1,
               augmentation varied = {})
      : order_(set, batch, order, seed, varied), levels_(levels_of(set, scale)) {
    draws_.reserve(static_cast<std::size_t>(batch));
    for (slot& each : slots_)
      each.images.resize(static_cast<std::size_t>(batch) * set.image_bytes()), each.labels.resize(static_cast<std::size_t>(batch));
    worker_ = std::thread([this] { work(); });
  }
  batch_reader(const batch_reader&) = delete;
  batch_reader& operator=(const batch_reader&) = delete;
  ~batch_reader() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    worker_.join();
  }

  int batch() const { return order_.batch(); }
  std::uint64_t batches_per_epoch() const { return order_.batches_per_epoch(); }
  const image_set& images() const { return order_.images(); }

  /// Writes the next batch: normalised N, H, W, C and N labels. Returns how many images are real: all of them in training order;
  /// at the end of an evaluation epoch maybe fewer, and the rest is zero with label 0.
  int next(float* images, int* labels) {
    std::unique_lock lock(mutex_);
    slot& from = slots_[reading_];
    changed_.wait(lock, [&] { return from.ready || trouble_; });
    if (!from.ready) std::rethrow_exception(trouble_);
    std::copy(from.images.begin(), from.images.end(), images);
    std::copy(from.labels.begin(), from.labels.end(), labels);
    const int count = from.count;
    from.ready = false;
    reading_ ^= 1;
    order_.advance(consumed_);
    lock.unlock();
    changed_.notify_all();
    return count;
  }

  /// Where the batch that `next` returns lies.
  read_position position() const {
    const std::lock_guard lock(mutex_);
    return consumed_;
  }

  /// Goes on from there: the batches that follow are those of a reader which came there without a break.
  void seek(read_position to) {
    order_.check(to);
    {
      const std::lock_guard lock(mutex_);
      consumed_ = produced_ = to;
      for (slot& each : slots_) each.ready = false;
      reading_ = writing_ = 0;
      ++seeks_;
    }
    changed_.notify_all();
  }

 private:
  struct slot {
    std::vector<float> images;
    std::vector<int> labels;
    int count = 0;
    bool ready = false;
  };

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] { return stopping_ || !slots_[writing_].ready; });
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
        changed_.notify_all();
        return;
      }
      if (seeks != seeks_) continue;  // someone went elsewhere meanwhile
      to.ready = true;
      writing_ ^= 1;
      order_.advance(produced_);
      changed_.notify_all();
    }
  }

  void fill(slot& to, read_position position) {
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

  /// A border pixel is 0, the mean.
  void write_image(const image_draw& drawn, float* to) const {
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

  batch_order order_;
  std::vector<float> levels_;
  std::vector<image_draw> draws_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::array<slot, 2> slots_;
  read_position consumed_, produced_;
  std::size_t reading_ = 0, writing_ = 0;
  std::uint64_t seeks_ = 0;
  bool stopping_ = false;
  std::exception_ptr trouble_;
  std::thread worker_;
};

}  // namespace hasse
