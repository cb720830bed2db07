// Any device, any runtime: a command that is given a network as ONNX and answers how long it takes there.
// Used by programs (--device command:'...'), and beside on_cpu by yours: docs/how-to/device-behind-a-command.md.
#pragma once

#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/latency/network_timer.hpp>

namespace hasse {

/// Models NetworkTimer. In `command`, {onnx} stands for the path of a file, {threads} for `threads`; the shell runs it. {folder} in the place of
/// {onnx} stands for a folder of several files, all of which are answered in one call. With --describe
/// instead of a file it may tell what the device is, as a JSON object of texts: name, library, features, notes.
struct on_command {
  std::string command;
  int threads = 1;
  int seconds = 120;   ///< that one network may take
  bool beats = false;  ///< a network of known work is asked for beside the others, since the speed of the device wanders

  bool takes_folders() const { return command.find("{folder}") != std::string::npos; }
  int batch() const { return takes_folders() ? 16 : 1; }

  /// Refuses what could never work.
  void check() const;

  device_facts facts() const;

  timed_answer time(const layer_list& layers, const std::string& name) const;

  /// Of several only where it takes folders.
  std::vector<timed_answer> time_all(const std::vector<layer_list>& networks, const std::vector<std::string>& names) const;

 private:
  std::string line(const std::string& file) const;
};
static_assert(TimesBatches<on_command>);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/program/on_command.inl>
#endif
