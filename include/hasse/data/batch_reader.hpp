// Batches for a network: a thread of its own permutes, augments and normalises the next batch while the current one is used.
// Used by train. The sequence depends on the seed and the position alone, never on timing, so that it can be resumed exactly.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/image_set.hpp>

namespace hasse {

/// How a training image varies: cropped from a border of `pad` mean-coloured pixels, and mirrored half of the time.
struct augmentation {
  int pad = 0;
  bool flip = false;
};

/// An eighth of the side to crop from, and mirroring where the classes bear it.
HASSE_BODY augmentation usual_augmentation(const image_set& set);

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
HASSE_BODY std::vector<float> levels_of(const image_set& set, const normalisation& scale);

/// Which images a batch has and how they vary, by seed and position alone. The set must outlive it.
class batch_order {
 public:
  batch_order(const image_set& set, int batch, read_order order, std::uint64_t seed, augmentation varied);

  int batch() const { return batch_; }
  std::uint64_t batches_per_epoch() const { return batches_; }
  const image_set& images() const { return set_; }
  void advance(read_position& position) const {
    if (++position.batch == batches_) ++position.epoch, position.batch = 0;
  }
  void check(read_position to) const;

  /// The images of that batch: all of them in training order, maybe fewer at the end of an evaluation epoch.
  void draw(read_position position, std::vector<image_draw>& to);

 private:
  /// The draws depend on seed, epoch and image alone.
  image_draw varied(std::uint32_t index, std::uint64_t epoch) const;

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
               augmentation varied = {});
  batch_reader(const batch_reader&) = delete;
  batch_reader& operator=(const batch_reader&) = delete;
  ~batch_reader();

  int batch() const { return order_.batch(); }
  std::uint64_t batches_per_epoch() const { return order_.batches_per_epoch(); }
  const image_set& images() const { return order_.images(); }

  /// Writes the next batch: normalised N, H, W, C and N labels. Returns how many images are real: all of them in training order;
  /// at the end of an evaluation epoch maybe fewer, and the rest is zero with label 0.
  int next(float* images, int* labels);

  /// Where the batch that `next` returns lies.
  read_position position() const;

  /// Goes on from there: the batches that follow are those of a reader which came there without a break.
  void seek(read_position to);

 private:
  struct slot {
    std::vector<float> images;
    std::vector<int> labels;
    int count = 0;
    bool ready = false;
  };

  void work();

  void fill(slot& to, read_position position);

  /// A border pixel is 0, the mean.
  void write_image(const image_draw& drawn, float* to) const;

  batch_order order_;
  std::vector<float> levels_;
  std::vector<image_draw> draws_;

  std::array<slot, 2> slots_;
  read_position consumed_, produced_;
  std::size_t reading_ = 0, writing_ = 0;
  std::uint64_t seeks_ = 0;
  bool stopping_ = false;
  std::exception_ptr trouble_;
  struct crew;  ///< the thread, and what it and the caller wait by
  std::unique_ptr<crew> crew_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/batch_reader.inl>
#endif
