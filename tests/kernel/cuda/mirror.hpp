// Buffers of the host beside copies on the GPU.
// Used by the tests that need one; `has_device` says whether there is any.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include <hasse/kernel/cuda/stream.hpp>

#include "skip.hpp"

inline bool has_device() {
  int count = 0;
  return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
}

/// Copies buffers to the GPU, and all of them back when they are fetched.
class mirror {
 public:
  template <class Buffer>
  auto* moved(Buffer& host) {
    using value = typename Buffer::value_type;
    if (host.empty()) return static_cast<value*>(nullptr);
    auto memory = std::make_shared<hasse::device_array<value>>(std::span<const value>(host));
    fetch_.push_back([memory, &host] { memory->download(host); });
    return memory->data();
  }
  void fetch() {
    for (const auto& each : fetch_) each();
  }

 private:
  std::vector<std::function<void()>> fetch_;
};
