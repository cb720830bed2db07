// The device that a latency belongs to: what it is, in words that a file keeps, and how to get a backend and a clock on it.
// Used by probe and table; on_cpu.hpp is the policy for this machine's processor, another device is one more struct like it.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/bfloat16.hpp>
#include <hasse/core/build.hpp>
#include <hasse/core/float16.hpp>
#include <hasse/core/limits.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/kernel/backend.hpp>

namespace hasse {

/// What activations may be stored in, as device_facts and tables name it.
template <class Scalar>
inline constexpr const char* scalar_name = std::is_same_v<Scalar, bfloat16>  ? "bfloat16"
                                           : std::is_same_v<Scalar, float16> ? "float16"
                                           : sizeof(Scalar) == 4             ? "float32"
                                                                             : "float64";

/// What decides how long a network takes. Two tables may be compared when everything but `notes` is equal.
struct device_facts {
  std::string name;      ///< processor or accelerator
  std::string features;  ///< the instruction sets that matter
  std::string backend;   ///< "cpu"
  std::string library;   ///< with its version: "oneDNN 2.6.3"
  std::string compiler;  ///< of what measures and of our own kernels, with optimisation and vector instructions: core/build.hpp
  int cores = 0, threads = 0;
  std::string notes;                        ///< operating system, clock governor: for the reader, not compared
  std::string scalar = scalar_name<float>;  ///< of the activations

  friend bool operator==(const device_facts&, const device_facts&) = default;
};

/// "AMD EPYC ..., 4 thread(s)"; a GPU by its name.
inline std::string text_of(const device_facts& facts) {
  return facts.name + (facts.backend.starts_with("cpu") ? ", " + std::to_string(facts.threads) + " thread(s)" : "");
}

/// What a network is measured in, as reports say it: "fp32"; "tf32" where a GPU rounds what it multiplies to 10 bits of mantissa.
HASSE_BODY std::string number_text(const device_facts& facts);

/// The first difference that forbids using a table of `measured` on `here`, as a fragment; "" when there is none.
HASSE_BODY std::string difference(const device_facts& measured, const device_facts& here);

/// Adds what another part of the program was compiled with (HASSE_BUILD_TEXT), unless the facts say so already.
inline void add_build(device_facts& facts, const std::string& build) {
  if (facts.compiler.find(build) == std::string::npos) facts.compiler += "; " + build;
}

/// What to tell whoever measures with code that was compiled without optimisation; "" where all was optimised.
HASSE_BODY std::string unoptimised_warning(const device_facts& facts);
/// What to tell whoever measures where the system takes processors away or threads spin, as sentences; "": nothing.
HASSE_BODY std::string measuring_caution(const device_facts& facts, const processor_limit& limit, std::string_view wait_policy);
/// Prints both on stderr, once. Whatever measures calls it first.
HASSE_BODY void warn_before_measuring(const device_facts& facts);

/// Measures the stretches of one run: `start()`, then `lap()` after each; `nanoseconds(i)` may wait for the device. A stopwatch may
/// have two more members, which the two functions below ask for.
template <class Type>
concept Stopwatch = requires(Type& watch, std::size_t lap) {
  watch.start();
  watch.lap();
  { watch.nanoseconds(lap) } -> std::convertible_to<std::int64_t>;
};

/// Asks `watch.disturbed()`, after the laps were read: true when the device slowed itself down in this run.
template <Stopwatch Watch>
bool is_disturbed(Watch& watch) {
  if constexpr (requires { watch.disturbed(); })
    return watch.disturbed();
  else
    return false;
}

/// Asks `watch.flushed_bytes()`: how many bytes to write before each copy of a network on a device with memory of its own, so that
/// it finds nothing in the caches; 0: copies run back to back.
template <Stopwatch Watch>
std::size_t flushed_bytes(const Watch& watch) {
  if constexpr (requires { watch.flushed_bytes(); })
    return watch.flushed_bytes();
  else
    return 0;
}

/// The backend that a device policy makes.
template <class Type>
using backend_on = decltype(std::declval<const Type&>().make_backend());

/// A device policy: its facts, a backend on it, and a clock for that backend, which the clock does not outlive.
template <class Type>
concept DevicePolicy = requires(const Type& device, backend_on<Type>& backend) {
  { device.facts() } -> std::same_as<device_facts>;
  { device.make_backend() } -> Backend;
  { device.make_stopwatch(backend) } -> Stopwatch;
};
/// The clock that it makes.
template <DevicePolicy Type>
using stopwatch_on = decltype(std::declval<const Type&>().make_stopwatch(std::declval<backend_on<Type>&>()));

/// The stopwatch of a backend that computes in the calling thread.
class steady_stopwatch {
 public:
  void start();
  void lap() { marks_.push_back(std::chrono::steady_clock::now()); }
  std::int64_t nanoseconds(std::size_t lap) const {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(marks_[lap + 1] - marks_[lap]).count();
  }

 private:
  std::vector<std::chrono::steady_clock::time_point> marks_;
};

namespace detail {
/// The rest of the first line of `path` that begins with `key`, behind its colon; the whole first line for an empty key.
HASSE_BODY std::string line_of(const char* path, const std::string& key);
/// Name and features from files such as Linux's /proc/cpuinfo and /proc/device-tree/model.
HASSE_BODY void describe_processor(device_facts& facts, const char* processor, const char* board);
}  // namespace detail

/// The facts of this machine; the policy adds backend, library and threads.
HASSE_BODY device_facts host_facts();

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/device.inl>
#endif
