// How it is decided which of several codes runs a layer: by a rule that looks at the layer alone, or by measuring each.
// Used by kernel/cpu.hpp, and by latency, whose tables remember what was measured.
#pragma once

#include <cstdint>
#include <string_view>

namespace hasse {

/// How the CPU backend chooses among the codes that it has for a layer. Only inference is ever measured: a training must give
/// the same bits wherever it is resumed.
enum class kernel_policy : std::uint8_t {
  library,        ///< oneDNN wherever it has the layer
  by_rule,        ///< the code that is usually fastest for such a layer; the same on every run
  by_measurement  ///< each is timed when a layer is first seen, and what is faster than the rule's by more than noise is remembered, else the rule's
};
constexpr std::string_view name_of(kernel_policy policy) {
  constexpr std::string_view names[] = {"of the library", "by rule", "by measurement"};
  return names[static_cast<int>(policy)];
}

}  // namespace hasse
