// What the parts of hasse_bench share: how runs are timed, the settings of a process, and one function per kind of measurement.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <hasse/file/json.hpp>
#include <hasse/kernel/cpu/choice.hpp>
#include <hasse/space/layer_list.hpp>

namespace bench {

using hasse::json;

struct settings {
  std::filesystem::path folder;  ///< where export_networks wrote
  int threads = 1;
  hasse::kernel_policy kernels = hasse::kernel_policy::by_measurement;
  bool bf16 = false;  ///< networks and training: activations and the weights that meet them
};

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

/// Numbers in [-1, 1); the Python workers draw the same.
inline float drawn(std::uint32_t index) { return static_cast<float>(static_cast<double>(index * 2654435761u) / 0x1p31 - 1); }

/// A published network, or a member of df_small that the tables show.
hasse::layer_list network_named(const std::string& name);
/// What can be measured.
std::vector<std::string> network_names();
std::vector<std::string> kernel_names();
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
std::unique_ptr<measurement> load_block(const settings& how, const std::string& name);
/// The roofs of this machine: GFLOP/s of multiply-adds, GB/s of reads.
std::unique_ptr<measurement> load_machine(const settings& how);

}  // namespace bench
