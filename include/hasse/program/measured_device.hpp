// The device whose latency counts, as a command line names it: one that this program runs layers on, or a command that times whole networks.
// Used by programs.
#pragma once

#include <filesystem>
#include <utility>
#include <variant>

#include <hasse/core/progress.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/program/devices.hpp>
#include <hasse/program/on_command.hpp>

namespace hasse {

/// One of the two; `visit(call)` hands the one that it is to `call`.
class measured_device {
 public:
  explicit measured_device(const device_name& name, int threads = 1, int command_seconds = 120, bool command_beats = false)
      : held_(name.command.empty() ? held(device_of(name, threads))
                                   : held(on_command{.command = name.command, .threads = threads, .seconds = command_seconds, .beats = command_beats})),
        facts_(std::visit([](const auto& device) { return device.facts(); }, held_)) {}

  /// Asked once.
  const device_facts& facts() const { return facts_; }
  bool is_command() const { return held_.index() == 1; }
  /// Refuses a command that answers no latencies, after two calls: for programs whose long work begins before it is asked.
  void require_latencies() const {
    if (is_command()) hasse::require_latencies(std::get<on_command>(held_));
  }

  template <class Call>
  decltype(auto) visit(Call&& call) const {
    return std::visit(std::forward<Call>(call), held_);
  }

 private:
  using held = std::variant<any_device, on_command>;
  held held_;
  device_facts facts_;
};

/// The table of a space on it, by its usual protocol.
template <class Space>
latency_table<Space> load_or_measure(const std::filesystem::path& path, const measured_device& device, const progress_sink& progress = {}, const space_at<Space>& space = {}) {
  return device.visit([&]<class Device>(const Device& it) {
    return latency_table<Space>::load_or_measure(path, it, usual_protocol<Device>, progress, space);
  });
}

}  // namespace hasse
