// What a backend has measured of the codes that it could run a layer with, in words that a file keeps.
// Used by kernel/cpu.hpp and the streams of kernel/cuda that have libraries, and by latency, whose tables remember it.
#pragma once

#include <map>
#include <string>

namespace hasse {

/// The name of the fastest code by the text of what it computes ("convolution 3x3 stride 1 pad 1, ...; batch 1, 1 thread" on the
/// processor, "output bf16 32x56x56x64 to ..." on a GPU). A name that the backend does not know is measured again.
using kernel_choices = std::map<std::string, std::string>;

}  // namespace hasse
