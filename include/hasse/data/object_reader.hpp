// Batches of pictures with their objects or labels for a network: threads of its own vary, resize and normalise the next batches while the current
// one is used. The bytes depend on the set, the seed and the position alone: not on threads, batch size, timing or where reading began.
// Used by the feeds of tasks of detection and segmentation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/batch_reader.hpp>
#include <hasse/data/detection_set.hpp>
#include <hasse/data/image_set.hpp>
#include <hasse/data/objects.hpp>
#include <hasse/data/picture_sampler.hpp>

namespace hasse {

/// What a network is shown of one picture: which of the set it is, where it lies, and what is in it, in the network's pixels.
struct sampled_picture {
  std::size_t index = 0;
  picture_placement placement{};
  std::vector<labelled_object> objects{};
  std::vector<std::uint8_t> labels{};  ///< of the network's pixels, where the pixels of the set have classes
  bool operator==(const sampled_picture&) const = default;
};

/// Mirrored where things and joints bear it, and cut by SSD's rule.
HASSE_BODY picture_variation usual_variation(const detection_set& set);

/// Which picture stands where in an epoch, by seed alone. The set must outlive it.
class picture_order {
 public:
  picture_order(const detection_set& set, read_order order, std::uint64_t seed, double repeated);

  /// How many pictures an epoch has: those of the set, or more where rare classes are repeated.
  std::size_t length() const { return length_; }
  std::size_t at(std::uint64_t epoch, std::size_t place);
  bool is_varied() const { return order_ == read_order::training; }
  /// What the picture there is varied by.
  std::uint64_t seed_at(std::uint64_t epoch, std::size_t place) const;

 private:
  const detection_set& set_;
  read_order order_;
  std::uint64_t seed_;
  std::size_t size_, length_;
  std::vector<double> shares_;  ///< how often each picture comes in an epoch, on average; empty: once
  std::vector<std::uint32_t> order_of_epoch_;
  std::uint64_t epoch_ = ~std::uint64_t{0};
};

/// Endless batches of one set, which must outlive the reader. Training order: permuted anew every epoch, varied as `set.varied` says,
/// only full batches. Evaluation order: as stored, as they are, the last batch part-filled.
class object_reader {
 public:
  object_reader(const detection_set& set, const normalisation& scale, int batch, read_order order, std::uint64_t seed = 1, int threads = 1);
  object_reader(const object_reader&) = delete;
  object_reader& operator=(const object_reader&) = delete;
  ~object_reader();

  int batch() const { return batch_; }
  std::uint64_t batches_per_epoch() const { return batches_; }
  const detection_set& pictures() const { return set_; }

  /// Writes the next batch: normalised N, H, W, RGB, and into `samples` what is in each of the real pictures. Returns how many are real:
  /// all in training order; at the end of an evaluation epoch maybe fewer, and the rest is zero.
  int next(float* images, std::vector<sampled_picture>& samples);

  /// Where the batch that `next` returns lies.
  read_position position() const;

  /// Goes on from there: the batches that follow are those of a reader which came there without a break.
  void seek(read_position to);

 private:
  struct slot {
    std::vector<float> images;
    std::vector<sampled_picture> samples;
    bool ready = false, busy = false;
  };

  void advance(read_position& position) const {
    if (++position.batch == batches_) ++position.epoch, position.batch = 0;
  }
  void work(picture_order order, picture_sampler sampler);
  void fill(slot& to, read_position position, picture_order& order, picture_sampler& sampler) const;
  void stop();

  const detection_set& set_;
  int batch_;
  std::size_t image_floats_;
  std::uint64_t batches_ = 0;

  std::vector<slot> slots_;
  read_position consumed_, claimed_;
  std::uint64_t read_ = 0, begun_ = 0, seeks_ = 0;  ///< batches that were read and begun since the last seek
  bool stopping_ = false;
  std::exception_ptr trouble_;
  struct crew;  ///< the threads, and what they and the caller wait by
  std::unique_ptr<crew> crew_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/object_reader.inl>
#endif
