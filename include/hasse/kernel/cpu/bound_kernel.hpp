// A code bound to its operands: what the steps of the CPU backend are made of.
// Used by kernel/cpu.hpp and the makers of such kernels beside this file.
#pragma once

#include <cstddef>
#include <functional>
#include <string>

namespace hasse::detail {

struct cpu_context;  // kernel/cpu/context.hpp

/// Runs one pass of one layer, or of several joined ones, without allocating.
struct bound_kernel {
  std::string implementation;  ///< the library's name for its code, or ours
  std::function<void(cpu_context&)> run;
  std::size_t weight_bytes = 0;  ///< of the packed weights that a run reads
};

}  // namespace hasse::detail
