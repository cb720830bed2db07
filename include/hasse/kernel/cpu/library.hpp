// Whose code multiplies where no kernel of ours is taken: oneDNN's, or, in a program that is compiled with HASSE_WITHOUT_ONEDNN, ours
// for any window. Used by kernel/cpu.hpp and what it chooses from; nothing else asks which of the two it is.
#pragma once

#if defined(HASSE_WITHOUT_ONEDNN)
#include <hasse/kernel/cpu/gathered.hpp>
#else
#include <hasse/kernel/cpu/products.hpp>
#endif

namespace hasse::detail {

#if defined(HASSE_WITHOUT_ONEDNN)
namespace library = without_onednn;
#else
namespace library = onednn;
#endif

constexpr bool is_product(const layer& item) { return item.kind == layer_kind::convolution || item.kind == layer_kind::linear; }

}  // namespace hasse::detail
