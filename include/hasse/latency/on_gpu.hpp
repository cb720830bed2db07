// The device policies of an NVIDIA GPU: the cuda backend, and a clock on its stream.
// Used by programs as on_cpu.hpp is; they link hasse::cuda. How a part is measured there: docs/explanation/latency.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include <hasse/kernel/cuda.hpp>
#include <hasse/kernel/cuda/card.hpp>
#include <hasse/kernel/cuda/timing.hpp>
#include <hasse/latency/device.hpp>

namespace hasse {

/// Events on the stream of a backend. A run in which the card brakes for heat or power as it did not at first is disturbed.
class gpu_stopwatch {
 public:
  /// The stream outlives it.
  gpu_stopwatch(cuda_stream& stream, std::size_t flushed_bytes, detail::gpu::card_monitor card)
      : events_(stream), flushed_(flushed_bytes), card_(std::move(card)), usual_(card_.brakes()) {}

  void start() { events_.start(); }
  void lap() { events_.lap(); }
  std::int64_t nanoseconds(std::size_t lap) const { return events_.nanoseconds(lap); }
  bool disturbed() const { return (card_.brakes() & ~usual_) != 0; }
  std::size_t flushed_bytes() const { return flushed_; }

 private:
  detail::gpu::event_stopwatch events_;
  std::size_t flushed_;
  detail::gpu::card_monitor card_;
  std::uint64_t usual_;
};

/// One GPU, as `cuda_options` choose it. *Hot*: a network runs again and again, as a server would run it. *Cold*: between two runs
/// something else used the caches.
template <class Scalar>
struct basic_on_gpu {
  int device = 0;
  bool tf32 = false;
  bool cold = false;
  plan_policy plans = plan_policy::by_measurement;

  device_facts facts() const {
    const cuda_device card = cuda_device_at(device);
    return facts_of(card, detail::gpu::card_monitor(card.bus));
  }
  /// The same of a card that is described.
  device_facts facts_of(const cuda_device& card, const detail::gpu::card_monitor& monitor) const {
    const std::string driver = monitor.version();
    std::string architecture = card.architecture;
    std::erase(architecture, '.');
    device_facts facts;
    facts.name = card.name;
    facts.features = "sm_" + architecture + (tf32 ? ", tf32" : "") + (cold ? ", cold" : ", hot") +
                     (plans == plan_policy::by_measurement ? ", measured plans" : ", first plans");
    facts.backend = basic_cuda<Scalar, cuda_backend_stream>::name;
    facts.library = cuda_library() + ", CUDA " + card.runtime + ", driver " + (driver.empty() ? "for CUDA " + card.driver : driver);
    facts.compiler = "nvcc of CUDA " + card.runtime;
    facts.cores = card.processors, facts.threads = 1;
    facts.scalar = scalar_name<Scalar>;
    facts.notes =
        monitor.knows()
            ? "clock at most " + std::to_string(monitor.fastest_clock()) + " MHz and " + std::to_string(monitor.clock()) +
                  " MHz before, power limit " + std::to_string(monitor.power_limit()) + " W" +
                  (monitor.brakes() ? ", slowed down by heat or power" : "")
            : std::string("clocks, power limit and slowdowns not known without ") + detail::gpu::card_monitor::usual_library;
    return facts;
  }

  basic_cuda<Scalar, cuda_backend_stream> make_backend() const {
    return basic_cuda<Scalar, cuda_backend_stream>(cuda_options{.device = device, .tf32 = tf32, .plans = plans});
  }
  gpu_stopwatch make_stopwatch(basic_cuda<Scalar, cuda_backend_stream>& backend) const {
    const cuda_device card = cuda_device_at(device);
    return {backend.stream(), cold ? 2 * card.cache : 0, detail::gpu::card_monitor(card.bus)};
  }
};

using on_gpu = basic_on_gpu<float>;
/// The same with activations of two bytes, for tables of their own.
using on_gpu_bf16 = basic_on_gpu<bfloat16>;
using on_gpu_fp16 = basic_on_gpu<float16>;

static_assert(DevicePolicy<on_gpu> && DevicePolicy<on_gpu_bf16> && DevicePolicy<on_gpu_fp16>);

}  // namespace hasse
