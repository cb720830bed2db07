// The bodies of data/object_reader.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <condition_variable>
#include <exception>
#include <memory>
#include <mutex>
#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/object_reader.hpp>

namespace hasse {

namespace detail {
enum picture_purpose : std::uint64_t { permute_pictures = 1, vary_picture, repeat_pictures };
}

HASSE_BODY picture_variation usual_variation(const detection_set& set) { return {.mirrored = set.mirrored_alike, .crop = picture_crop::by_overlap}; }

HASSE_BODY picture_order::picture_order(const detection_set& set, read_order order, std::uint64_t seed, double repeated)
    : set_(set), order_(order), seed_(seed), size_(set.size()), length_(set.size()) {
  if (!(repeated >= 0 && repeated <= 1)) throw error("pictures of rare classes cannot be repeated below a share of " + std::to_string(repeated) + "; choose 0 to 1");
  if (order != read_order::training || repeated == 0) return;
  std::vector<double> with(set.classes.size());
  const auto kinds_of = [](const labelled_picture& picture) {
    std::set<int> kinds;
    for (const labelled_object& object : picture.objects)
      if (!object.ignored()) kinds.insert(object.kind);
    return kinds;
  };
  for (const labelled_picture& picture : set.pictures)
    for (const int kind : kinds_of(picture)) ++with[static_cast<std::size_t>(kind)];
  double sum = 0;
  for (const labelled_picture& picture : set.pictures) {
    double share = 1;
    for (const int kind : kinds_of(picture)) share = std::max(share, std::sqrt(repeated * static_cast<double>(set.size()) / with[static_cast<std::size_t>(kind)]));
    shares_.push_back(share);
    sum += share;
  }
  length_ = static_cast<std::size_t>(sum);
}

HASSE_BODY std::size_t picture_order::at(std::uint64_t epoch, std::size_t place) {
  if (set_.size() != size_)
    throw error("the set '" + set_.name + "' has " + std::to_string(set_.size()) + " pictures and had " + std::to_string(size_) +
                " when its reader was made; leave it as it is while it is read");
  if (order_ != read_order::training) return place;
  if (epoch != epoch_) {
    order_of_epoch_.clear();
    if (shares_.empty()) {
      order_of_epoch_.resize(set_.size());
      std::iota(order_of_epoch_.begin(), order_of_epoch_.end(), 0u);
    } else {
      // One draw an epoch: as often as each begins anew on a ruler of whole numbers, so that all add up.
      double end = random_source(derive(derive(seed_, detail::repeat_pictures), epoch)).uniform();
      for (std::size_t i = 0; i < shares_.size(); ++i) {
        const double begin = std::floor(end);
        end += shares_[i];
        order_of_epoch_.insert(order_of_epoch_.end(), static_cast<std::size_t>(std::floor(end) - begin), static_cast<std::uint32_t>(i));
      }
      // Rounding may leave one too few.
      while (order_of_epoch_.size() < length_) order_of_epoch_.push_back(static_cast<std::uint32_t>(shares_.size() - 1));
    }
    random_source random(derive(derive(seed_, detail::permute_pictures), epoch));
    shuffle(order_of_epoch_.begin(), order_of_epoch_.end(), random);
    epoch_ = epoch;
  }
  return order_of_epoch_[place];
}

HASSE_BODY std::uint64_t picture_order::seed_at(std::uint64_t epoch, std::size_t place) const {
  return derive(derive(derive(seed_, detail::vary_picture), epoch), place);
}

struct object_reader::crew {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::thread> workers;
};

HASSE_BODY object_reader::object_reader(const detection_set& set, const normalisation& scale, int batch, read_order order, std::uint64_t seed, int threads)
    : set_(set), batch_(batch), image_floats_(static_cast<std::size_t>(set.height) * static_cast<std::size_t>(set.width) * 3), crew_(std::make_unique<crew>()) {
  if (batch < 1) throw error("a batch of " + std::to_string(batch) + " pictures cannot be read; choose 1 or more");
  if (threads < 1 || threads > 256) throw error("pictures cannot be read by " + std::to_string(threads) + " threads; choose 1 to 256");
  if ((set.varied.mirrored || set.varied.upside_down) && order == read_order::training)
    for (const labelled_picture& picture : set.pictures)
      for (const labelled_object& object : picture.objects)
        if (!object.joints.empty() && object.joints.size() != set.mirrored_joints.size())
          throw error("the set '" + set.name + "' has objects with " + std::to_string(object.joints.size()) + " joints and says of " + std::to_string(set.mirrored_joints.size()) +
                      " what they become in a mirror; give mirrored_joints, or do not mirror it");
  if (order == read_order::training && set.varied.crop == picture_crop::by_scale) {
    if (!(set.varied.least_scale > 0 && set.varied.least_scale <= set.varied.most_scale && set.varied.most_scale <= 64))
      throw error("the set '" + set.name + "' cannot be cut at scales of " + std::to_string(set.varied.least_scale) + " to " + std::to_string(set.varied.most_scale) +
                  "; choose the smaller one first, above 0, and 64 at most");
    for (const labelled_picture& picture : set.pictures)
      if (picture.labels.empty())
        throw error("the set '" + set.name + "' has no labels of pixels in " + picture.name + " and cannot be cut by scale; cut pictures with boxes by overlap or by share");
  }
  const picture_order pictures(set, order, seed, set.varied.repeated);
  const picture_sampler sampler(set, scale);
  const auto size = static_cast<std::size_t>(batch);
  batches_ = order == read_order::training ? pictures.length() / size : (pictures.length() + size - 1) / size;
  if (batches_ == 0)
    throw error("the set '" + set.name + "' has " + std::to_string(set.size()) + " pictures and cannot fill a batch of " + std::to_string(batch) +
                "; choose a smaller batch or more pictures");
  slots_.resize(static_cast<std::size_t>(threads) + 1);
  for (slot& each : slots_) each.images.resize(size * image_floats_);
  try {
    for (int i = 0; i < threads; ++i) crew_->workers.emplace_back([this, pictures, sampler] { work(pictures, sampler); });
  } catch (...) {
    stop();
    throw;
  }
}

HASSE_BODY object_reader::~object_reader() { stop(); }

HASSE_BODY void object_reader::stop() {
  {
    const std::lock_guard lock(crew_->mutex);
    stopping_ = true;
  }
  crew_->changed.notify_all();
  for (std::thread& worker : crew_->workers) worker.join();
}

HASSE_BODY int object_reader::next(float* images, std::vector<sampled_picture>& samples) {
  std::unique_lock lock(crew_->mutex);
  slot& from = slots_[read_ % slots_.size()];
  crew_->changed.wait(lock, [&] { return from.ready || trouble_; });
  if (!from.ready) std::rethrow_exception(trouble_);
  std::copy(from.images.begin(), from.images.end(), images);
  samples.swap(from.samples);
  from.ready = false;
  ++read_;
  advance(consumed_);
  lock.unlock();
  crew_->changed.notify_all();
  return static_cast<int>(samples.size());
}

HASSE_BODY read_position object_reader::position() const {
  const std::lock_guard lock(crew_->mutex);
  return consumed_;
}

HASSE_BODY void object_reader::seek(read_position to) {
  if (to.batch >= batches_)
    throw error("batch " + std::to_string(to.batch) + " does not exist in epochs of " + std::to_string(batches_) + " batches; go on with the data and batch size of the earlier run");
  {
    const std::lock_guard lock(crew_->mutex);
    consumed_ = claimed_ = to;
    for (slot& each : slots_) each.ready = false;
    read_ = begun_ = 0;
    ++seeks_;
  }
  crew_->changed.notify_all();
}

HASSE_BODY void object_reader::work(picture_order order, picture_sampler sampler) {
  std::unique_lock lock(crew_->mutex);
  for (;;) {
    // The next slot may still be filled for a reader that has gone elsewhere.
    crew_->changed.wait(lock, [&] { return stopping_ || trouble_ || (begun_ < read_ + slots_.size() && !slots_[begun_ % slots_.size()].busy); });
    if (stopping_ || trouble_) return;
    slot& to = slots_[begun_++ % slots_.size()];
    const read_position position = claimed_;
    const std::uint64_t seeks = seeks_;
    advance(claimed_);
    to.busy = true;
    lock.unlock();
    std::exception_ptr trouble;  // which the caller of next() hears of, not the end of the process
    try {
      fill(to, position, order, sampler);
    } catch (...) {
      trouble = std::current_exception();
    }
    lock.lock();
    to.busy = false;
    if (trouble)
      trouble_ = trouble;
    else
      to.ready = seeks == seeks_;
    crew_->changed.notify_all();
  }
}

HASSE_BODY void object_reader::fill(slot& to, read_position position, picture_order& order, picture_sampler& sampler) const {
  const std::size_t first = position.batch * static_cast<std::size_t>(batch_), count = std::min(static_cast<std::size_t>(batch_), order.length() - first);
  to.samples.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    sampled_picture& made = to.samples[i];
    made.index = order.at(position.epoch, first + i);
    const labelled_picture& picture = set_.pictures[made.index];
    float* image = to.images.data() + i * image_floats_;
    const auto sample = [&](auto& what) {
      random_source random(order.seed_at(position.epoch, first + i));
      made.placement = order.is_varied() ? sampler.varied(picture, set_.varied, random, image, what) : sampler.whole(picture, image, what);
    };
    if (picture.labels.empty())
      sample(made.objects);
    else
      sample(made.labels);
  }
  std::fill(to.images.begin() + static_cast<std::ptrdiff_t>(count * image_floats_), to.images.end(), 0.0f);
}

}  // namespace hasse
