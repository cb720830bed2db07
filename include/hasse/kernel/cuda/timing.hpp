// How long a stream of the GPU takes for what it is given, by the GPU's own clock.
// Used by kernel/cuda/library.hpp to measure plans, and by latency/on_gpu.hpp.
#pragma once

#include <cuda_runtime_api.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <type_traits>
#include <vector>

#include <hasse/kernel/cuda/stream.hpp>

namespace hasse::detail::gpu {

struct event_deleter {
  void operator()(cudaEvent_t event) const { cudaEventDestroy(event); }
};
using held_event = std::unique_ptr<std::remove_pointer_t<cudaEvent_t>, event_deleter>;

inline held_event made_event() {
  cudaEvent_t made = nullptr;
  require(cudaEventCreate(&made), "make an event");
  return held_event(made);
}

/// A stopwatch of what a stream is given: an event at the start and after each lap. The stream outlives it.
class event_stopwatch {
 public:
  explicit event_stopwatch(cuda_stream& stream) : stream_(&stream) {}

  void start() {
    stream_->use();
    used_ = 0;
    lap();
  }
  void lap() {
    if (used_ == events_.size()) events_.push_back(made_event());
    require(cudaEventRecord(events_[used_++].get(), stream_->handle()), "take an event");
  }
  /// Returns when that lap is over.
  std::int64_t nanoseconds(std::size_t lap) const {
    require(cudaEventSynchronize(events_[lap + 1].get()), "finish what was queued");
    float milliseconds = 0;
    require(cudaEventElapsedTime(&milliseconds, events_[lap].get(), events_[lap + 1].get()), "tell the time between two events");
    return std::llround(1e6 * static_cast<double>(milliseconds));
  }

 private:
  cuda_stream* stream_;
  std::vector<held_event> events_;
  std::size_t used_ = 0;
};

/// A group_timer: events around the replay of what was recorded, so that the time that the processor takes for launches is not in
/// it. The stream outlives what this makes.
class event_timer {
 public:
  explicit event_timer(cuda_stream& stream) : stream_(&stream) {}

  std::function<double()> operator()(const std::function<void()>& run, int count) const {
    std::shared_ptr<recording> group = stream_->record([&] {
      for (int i = 0; i < count; ++i) run();
    });
    return [group, watch = std::make_shared<event_stopwatch>(*stream_)] {
      watch->start();
      group->replay();
      watch->lap();
      return static_cast<double>(watch->nanoseconds(0));
    };
  }

 private:
  cuda_stream* stream_;
};

}  // namespace hasse::detail::gpu
