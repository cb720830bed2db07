// What the driver tells of a card: clocks, power, and why it slows itself down. Its library (NVML) is opened at run time, not
// linked. Used by latency/on_gpu.hpp. Where the library is missing nothing is known of a card, and nothing fails.
#pragma once

#include <dlfcn.h>

#include <cstdint>
#include <memory>
#include <string>

namespace hasse::detail::gpu {

/// One card, found by its place on the bus ("00000000:1B:00.0").
class card_monitor {
 public:
  static constexpr const char* usual_library = "libnvidia-ml.so.1";

  explicit card_monitor(const std::string& bus, const char* library = usual_library)
      : library_(dlopen(library, RTLD_NOW | RTLD_LOCAL)) {
    if (!asked("nvmlInit_v2")) return;
    started_.reset(library_.get());
    if (!asked("nvmlDeviceGetHandleByPciBusId_v2", bus.c_str(), &card_)) card_ = nullptr;
  }

  bool knows() const { return card_ != nullptr; }
  /// Of the driver, "580.82.07"; "" when it is not known, as 0 in the others.
  std::string version() const {
    char text[96] = "";
    return asked("nvmlSystemGetDriverVersion", &text[0], static_cast<unsigned>(sizeof text)) ? text : "";
  }
  /// Of the multiprocessors, in MHz: now, and at most.
  unsigned clock() const { return clock("nvmlDeviceGetClockInfo"); }
  unsigned fastest_clock() const { return clock("nvmlDeviceGetMaxClockInfo"); }
  /// In watts.
  unsigned power_limit() const {
    unsigned milliwatts = 0;
    return knows() && asked("nvmlDeviceGetEnforcedPowerLimit", card_, &milliwatts) ? milliwatts / 1000 : 0;
  }
  /// One bit for each reason of heat or power that clocks are lowered for now.
  std::uint64_t brakes() const {
    unsigned long long reasons = 0;
    if (!knows() || !(asked("nvmlDeviceGetCurrentClocksEventReasons", card_, &reasons) ||
                      asked("nvmlDeviceGetCurrentClocksThrottleReasons", card_, &reasons)))  // its name before CUDA 12.2
      return 0;
    return reasons & (power_cap | hardware_slowdown | software_heat | hardware_heat | power_brake);
  }

 private:
  // As nvml.h, which not every toolkit brings, has them.
  static constexpr std::uint64_t power_cap = 0x4, hardware_slowdown = 0x8, software_heat = 0x20, hardware_heat = 0x40,
                                 power_brake = 0x80;
  static constexpr unsigned multiprocessors = 1;

  struct closer {
    void operator()(void* library) const { dlclose(library); }
  };
  struct stopper {
    void operator()(void* library) const {
      if (const auto stop = reinterpret_cast<int (*)()>(dlsym(library, "nvmlShutdown"))) stop();
    }
  };

  /// True when the library has the function and that succeeds.
  template <class... Arguments>
  bool asked(const char* function, Arguments... arguments) const {
    const auto found = library_ ? reinterpret_cast<int (*)(Arguments...)>(dlsym(library_.get(), function)) : nullptr;
    return found && found(arguments...) == 0;
  }
  unsigned clock(const char* function) const {
    unsigned megahertz = 0;
    return knows() && asked(function, card_, multiprocessors, &megahertz) ? megahertz : 0;
  }

  std::unique_ptr<void, closer> library_;
  std::unique_ptr<void, stopper> started_;
  void* card_ = nullptr;
};

}  // namespace hasse::detail::gpu
