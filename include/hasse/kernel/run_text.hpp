// What a run of folded layers is called where its time or its kernel is remembered.
// Used by backend cpu, whose choices are kept under it, and by latency, whose tables are.
#pragma once

#include <span>
#include <string>

#include <hasse/kernel/detail/describe.hpp>

namespace hasse {

/// "convolution 1x1 stride 1 pad 0, 8x8x8 to 8x8x32, bias, relu > convolution 3x3 ...": everything that decides how long the run
/// takes on a device.
inline std::string text_of_run(std::span<const layer> run, bool residual) {
  std::string text;
  for (const layer& item : run) text += (text.empty() ? "" : " > ") + detail::describe(item);
  return text + (residual ? ", residual" : "");
}

}  // namespace hasse
