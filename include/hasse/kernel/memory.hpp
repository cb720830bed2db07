// Where the operands of a backend lie: in the processor's memory, or in a device's that the processor cannot look into.
// Used by network and train, which keep arenas, parameters and gradients there without asking which of the two it is. The types told apart: docs/explanation/memory.md.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

namespace hasse {

/// Steps that a device was given once, to be given again in one call.
class recording {
 public:
  virtual ~recording() = default;
  /// False when the memory that the steps share has moved: record them again.
  virtual bool holds() const = 0;
  virtual void replay() = 0;
};

/// The memory of a device, and the queue that its steps wait in. What is asked for here happens in the order of that queue.
class device_memory {
 public:
  virtual ~device_memory() = default;
  /// All bytes zero, aligned to 256. Throws where there is not so much.
  virtual std::byte* allocate(std::size_t bytes) = 0;
  virtual void release(std::byte* memory) noexcept = 0;
  /// From the processor's memory, which may change as soon as this returns.
  virtual void write(void* to, const void* from, std::size_t bytes) = 0;
  /// To the processor's memory; returns when it is there.
  virtual void read(void* to, const void* from, std::size_t bytes) = 0;
  /// From one place of the device to another that it does not overlap.
  virtual void copy(void* to, const void* from, std::size_t bytes) = 0;
  /// Zero in all bytes.
  virtual void clear(void* at, std::size_t bytes) = 0;
  /// Returns when everything is done.
  virtual void wait() = 0;
  /// Calls `queue`, maybe twice, which puts steps on the queue and does nothing else; they run once, and are remembered. Operands
  /// stay where they are as long as the recording is used.
  virtual std::unique_ptr<recording> record(const std::function<void()>& queue) = 0;
};

/// The memory that a backend's operands lie in; null: the processor's.
template <class Engine>
auto* memory_of(Engine& backend) {
  if constexpr (requires { backend.memory(); })
    return backend.memory();
  else
    return static_cast<device_memory*>(nullptr);
}

/// Copies values into such a memory, and out of it.
template <class Item>
void copy_in(device_memory* where, Item* to, std::span<const Item> from) {
  if (where)
    where->write(to, from.data(), from.size_bytes());
  else
    std::copy(from.begin(), from.end(), to);
}
template <class Item>
void copy_out(device_memory* where, std::span<Item> to, const Item* from) {
  if (where)
    where->read(to.data(), from, to.size_bytes());
  else
    std::copy_n(from, to.size(), to.data());
}

/// From one place of such a memory to another; zeros to a place.
template <class Item>
void copy_within(device_memory* where, Item* to, const Item* from, std::size_t count) {
  if (where)
    where->copy(to, from, count * sizeof(Item));
  else
    std::copy_n(from, count, to);
}

template <class Item>
void clear_at(device_memory* where, Item* at, std::size_t count) {
  if (where)
    where->clear(at, count * sizeof(Item));
  else
    std::fill_n(at, count, Item{});
}

/// An array in such a memory, zero at first, aligned for every tensor. Moves, does not copy.
template <class Item>
class backend_array {
  static_assert(std::is_trivially_copyable_v<Item>);

 public:
  backend_array() = default;
  backend_array(device_memory* where, std::size_t size) : where_(where), size_(size) {
    if (size == 0) return;
    if (where) {
      data_ = reinterpret_cast<Item*>(where->allocate(size * sizeof(Item)));
    } else {
      data_ = static_cast<Item*>(::operator new(size * sizeof(Item), alignment));
      std::uninitialized_value_construct_n(data_, size);
    }
  }
  backend_array(backend_array&& other) noexcept { swap(other); }
  backend_array& operator=(backend_array&& other) noexcept {
    backend_array old(std::move(other));
    swap(old);
    return *this;
  }
  ~backend_array() {
    if (!data_) return;
    if (where_)
      where_->release(reinterpret_cast<std::byte*>(data_));
    else
      ::operator delete(data_, alignment);
  }

  Item* data() { return data_; }
  const Item* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::align_val_t alignment{64};
  void swap(backend_array& other) noexcept {
    std::swap(where_, other.where_), std::swap(data_, other.data_), std::swap(size_, other.size_);
  }

  device_memory* where_ = nullptr;
  Item* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Values of the processor that a backend works on: in their place, or as a copy in its memory. Whoever changes one side brings the
/// other up to date; where both are one, that costs nothing. pull() writes the processor's values, also for those who see them as
/// constants, and loses what was changed there since the last push(). The values outlive it and stay where they are.
template <class Item>
class mirrored {
 public:
  mirrored() = default;
  mirrored(device_memory* where, std::span<Item> values) : where_(where), values_(values), copy_(where, where ? values.size() : 0) {
    push();
  }

  Item* data() { return where_ ? copy_.data() : values_.data(); }
  /// The processor's values go to the backend.
  void push() {
    if (where_ && !values_.empty()) where_->write(copy_.data(), values_.data(), values_.size_bytes());
  }
  /// And back.
  void pull() const {
    if (where_ && !values_.empty()) where_->read(values_.data(), copy_.data(), values_.size_bytes());
  }

 private:
  device_memory* where_ = nullptr;
  std::span<Item> values_;
  backend_array<Item> copy_;
};

/// What a backend's memory holds, for the processor to read or to fill: the place itself, or a copy that is kept here.
template <class Item>
class staged {
 public:
  explicit staged(device_memory* where = nullptr) : where_(where) {}

  /// `count` values from `at`, good until the next call.
  const Item* read(const Item* at, std::size_t count) {
    if (!where_) return at;
    room_.resize(std::max(room_.size(), count));
    where_->read(room_.data(), at, count * sizeof(Item));
    return room_.data();
  }
  /// `fill(place)` writes `count` values that come to `at`.
  template <class Fill>
  void write(Item* at, std::size_t count, Fill&& fill) {
    if (!where_) return fill(at);
    room_.resize(std::max(room_.size(), count));
    fill(room_.data());
    where_->write(at, room_.data(), count * sizeof(Item));
  }

 private:
  device_memory* where_;
  std::vector<Item> room_;
};

/// Steps of fixed operands that are run again and again: recorded the first time where a device can, run each time elsewhere.
class repeated {
 public:
  template <class Queue>
  void run(device_memory* where, Queue&& queue) {
    if (!where) return queue();
    if (made_ && made_->holds()) return made_->replay();
    made_ = nullptr;
    made_ = where->record(std::ref(queue));
  }
  /// The steps have changed.
  void forget() { made_ = nullptr; }

 private:
  std::unique_ptr<recording> made_;
};

}  // namespace hasse
