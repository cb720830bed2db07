// The CUDA devices of this machine, by name, memory and driver.
// Used by the cuda backend and by programs that let a person choose a device.
#pragma once

#include <cuda_runtime_api.h>

#include <cstddef>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cuda/language.hpp>

namespace hasse {

namespace detail::gpu {
/// Throws when a call of the runtime did not succeed.
inline void require(cudaError_t state, const std::string& tried) {
  if (state == cudaSuccess) return;
  cudaGetLastError();  // it has been told, and must not be told again
  throw error("the GPU did not " + tried + " (" + cudaGetErrorString(state) +
              "); look at it with nvidia-smi, or use the cpu backend");
}
}  // namespace detail::gpu

/// One GPU as the CUDA runtime describes it; `id` is what cudaSetDevice takes.
struct cuda_device {
  int id = 0;
  std::string name;
  std::size_t memory = 0;    // bytes
  std::string architecture;  // "9.0" for sm_90
  std::string driver;        // newest CUDA version that the driver runs, "13.0"
  std::string runtime;       // CUDA version that this program was built with
  int processors = 0;        // streaming multiprocessors
  std::size_t cache = 0;     // bytes of the second level
  std::string bus;           // "00000000:1B:00.0", its place
};

/// Every CUDA device of this machine, never empty; throws hasse::error where there is none.
inline std::vector<cuda_device> cuda_devices() {
  const auto version = [](int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); };
  int count = 0;
  const cudaError_t state = cudaGetDeviceCount(&count);
  if (state != cudaSuccess || count == 0)
    throw error(std::string("no CUDA device answers (") + cudaGetErrorString(state == cudaSuccess ? cudaErrorNoDevice : state) +
                "): the cuda backend needs an NVIDIA GPU whose driver runs CUDA " + version(CUDART_VERSION) +
                "; use the cpu backend on this machine");
  int driver = 0;
  if (cudaDriverGetVersion(&driver) != cudaSuccess) throw error("the CUDA driver does not tell its version; reinstall the driver");
  std::vector<cuda_device> found;
  for (int id = 0; id < count; ++id) {
    cudaDeviceProp properties{};
    if (cudaGetDeviceProperties(&properties, id) != cudaSuccess)
      throw error("CUDA device " + std::to_string(id) + " does not describe itself; look at it with nvidia-smi");
    char bus[32] = "";
    if (cudaDeviceGetPCIBusId(bus, sizeof bus, id) != cudaSuccess) bus[0] = '\0';
    found.push_back({.id = id,
                     .name = properties.name,
                     .memory = properties.totalGlobalMem,
                     .architecture = std::to_string(properties.major) + "." + std::to_string(properties.minor),
                     .driver = version(driver),
                     .runtime = version(CUDART_VERSION),
                     .processors = properties.multiProcessorCount,
                     .cache = static_cast<std::size_t>(properties.l2CacheSize),
                     .bus = bus});
  }
  return found;
}

/// The one with this number; throws where there is none.
inline cuda_device cuda_device_at(int id) {
  const std::vector<cuda_device> found = cuda_devices();
  if (id < 0 || id >= static_cast<int>(found.size()))
    throw error("CUDA device " + std::to_string(id) + " was asked for and this machine has " + std::to_string(found.size()) +
                "; they are counted from 0");
  return found[static_cast<std::size_t>(id)];
}

}  // namespace hasse
