// How long a stream of the GPU takes for what it is given, by the GPU's own clock.
// Used by kernel/cuda/library.hpp to measure plans.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <memory>
#include <type_traits>

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

/// A group_timer: events around the replay of what was recorded, so that the time that the processor takes for launches is not in
/// it. The stream outlives what this makes.
class event_timer {
 public:
  explicit event_timer(cuda_stream& stream) : stream_(&stream) {}

  std::function<double()> operator()(const std::function<void()>& run, int count) const {
    std::shared_ptr<recording> group = stream_->record([&] {
      for (int i = 0; i < count; ++i) run();
    });
    std::shared_ptr<std::remove_pointer_t<cudaEvent_t>> begin = made_event(), end = made_event();
    return [=, stream = stream_] {
      require(cudaEventRecord(begin.get(), stream->handle()), "take an event");
      group->replay();
      require(cudaEventRecord(end.get(), stream->handle()), "take an event");
      require(cudaEventSynchronize(end.get()), "finish what was queued");
      float milliseconds = 0;
      require(cudaEventElapsedTime(&milliseconds, begin.get(), end.get()), "tell the time between two events");
      return 1e6 * static_cast<double>(milliseconds);
    };
  }

 private:
  cuda_stream* stream_;
};

}  // namespace hasse::detail::gpu
