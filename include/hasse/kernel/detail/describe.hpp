// What a layer looks like in a sentence, and why one cannot run at all.
// Used by the backends for their refusals and by the kernel tests for their reports.
#pragma once

#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/space/layer.hpp>

namespace hasse::detail {

inline std::string describe(feature_shape shape) {
  return std::to_string(shape.h) + "x" + std::to_string(shape.w) + "x" + std::to_string(shape.c);
}

/// "convolution 3x3 stride 2 pad 1 groups 4, 9x7x8 to 5x4x12, bias, relu".
HASSE_BODY std::string describe(const layer& item);

/// Why no backend can run this layer: a fragment that follows the layer's description, or "".
HASSE_BODY std::string problem_of(const layer& item);

/// Throws the sentence when `problem` is not empty or the batch is not positive.
HASSE_BODY void require_runnable(const char* backend, const layer& item, int batch, const std::string& problem);

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/kernel/detail/describe.inl>
#endif
