// What the parts of hasse_bench share: how runs are timed, the settings of a process, and one function per kind of measurement.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <hasse/file/json.hpp>
#include <hasse/kernel/cpu/policy.hpp>
#include <hasse/kernel/memory.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/space/layer_list.hpp>

namespace bench {

using hasse::json;

/// What activations are stored in; tf32 is float whose operands a GPU rounds before it multiplies.
enum class number { float32, tf32, bf16, fp16 };

/// Of a layer.
enum class pass { forward, backward_data, backward_weights };

struct settings {
  std::filesystem::path folder;  ///< where export_networks wrote
  hasse::device_name device;
  number numbers = number::float32;
  int threads = 1;  ///< of the processor
  int batch = 256;  ///< of kernels on a device
  hasse::kernel_policy kernels = hasse::kernel_policy::by_measurement;
};

constexpr std::int64_t group_nanoseconds = 5'000'000, most_queued = 100;
constexpr const char* device_timing = "wall clock around groups of runs that take 5 ms, one wait at the end of each group";

/// Nanoseconds of each run: three at least, then until the time is over.
template <class Run>
std::vector<std::int64_t> timed(Run&& run, double milliseconds) {
  using clock = std::chrono::steady_clock;
  std::vector<std::int64_t> samples;
  const auto end = clock::now() + std::chrono::duration<double, std::milli>(milliseconds);
  while (samples.size() < 3 || clock::now() < end) {
    const auto begin = clock::now();
    run();
    samples.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(clock::now() - begin).count());
  }
  return samples;
}

/// The same of runs that a device only queues: one sample is the share of a run in a group that is waited for at its end. Groups
/// are so long that the wait hardly counts.
template <class Run>
std::vector<std::int64_t> timed(Run&& run, double milliseconds, hasse::device_memory* where) {
  if (!where) return timed(run, milliseconds);
  const auto group = [&](std::int64_t runs) {
    for (std::int64_t i = 0; i < runs; ++i) run();
    where->wait();
  };
  where->wait();
  const std::int64_t once = std::max<std::int64_t>(1, timed([&] { group(1); }, 0).back());
  const std::int64_t runs = std::clamp<std::int64_t>(group_nanoseconds / once, 1, most_queued);
  std::vector<std::int64_t> samples = timed([&] { group(runs); }, milliseconds);
  for (std::int64_t& each : samples) each = (each + runs / 2) / runs;
  return samples;
}

/// Nanoseconds of a run that is short beside a launch: where a device can, as many copies as take a millisecond are one recording.
template <class Run>
std::vector<std::int64_t> timed_copies(Run&& run, double milliseconds, hasse::device_memory* where) {
  if (!where) return timed(run, milliseconds);
  const auto recorded = [&](std::int64_t copies) {
    return where->record([&] {
      for (std::int64_t i = 0; i < copies; ++i) run();
    });
  };
  auto replays = recorded(1);
  const auto times = [&](double spent) { return timed([&] { replays->replay(); }, spent, where); };
  const std::int64_t copies = std::clamp<std::int64_t>(1'000'000 / std::max<std::int64_t>(1, times(0).back()), 1, most_queued);
  if (copies > 1) replays = recorded(copies);
  std::vector<std::int64_t> samples = times(milliseconds);
  for (std::int64_t& each : samples) each = (each + copies / 2) / copies;
  return samples;
}

/// Numbers in [-1, 1); the Python workers draw the same.
inline float drawn(std::uint32_t index) { return static_cast<float>(static_cast<double>(index * 2654435761u) / 0x1p31 - 1); }

/// A published network, or a member of df_small that the tables show.
hasse::layer_list network_named(const std::string& name);
/// What can be measured.
std::vector<std::string> network_names();
std::vector<std::string> kernel_names(const settings& how);
std::vector<std::string> block_names();

/// N x H x W x C to N x C x H x W, one image.
std::vector<float> by_channel(hasse::feature_shape shape, std::span<const float> values);

/// Writes NAME.onnx, .json (unfolded layers), .weights, .input and .output (by backend reference in double) for each name.
void export_networks(const std::filesystem::path& folder, const std::vector<std::string>& names);

/// A measurement that stays loaded: the first visit prepares it and says more than the times.
class measurement {
 public:
  virtual ~measurement() = default;
  /// {"ns": {contestant: [...]}}, and facts.
  virtual json visit(double milliseconds) = 0;
};

std::unique_ptr<measurement> load_network(const settings& how, const std::string& name);
std::unique_ptr<measurement> load_steps(const settings& how, const std::string& name);
std::unique_ptr<measurement> load_training(const settings& how, const std::string& name, int batch);
std::unique_ptr<measurement> load_kernel(const settings& how, const std::string& name);
/// The kernels of a device, which are others than the processor's.
std::vector<std::string> device_kernel_names(const settings& how);
std::unique_ptr<measurement> load_device_kernel(const settings& how, const std::string& name);
std::unique_ptr<measurement> load_block(const settings& how, const std::string& name);
/// The roofs of this machine: GFLOP/s of multiply-adds, GB/s of reads; of a device, of a large product and of a copy.
std::unique_ptr<measurement> load_machine(const settings& how);

}  // namespace bench
