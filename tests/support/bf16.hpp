// What a test of bfloat16 checks on a processor that cannot multiply it: that the backend says so.
// Used by the tests of kernel, network, latency and train.
#pragma once

#include <dnnl.h>

#include <hasse/core/error.hpp>
#include <hasse/kernel/cpu.hpp>

#include "catch.hpp"

namespace hasse::testing {

/// Whether cpu_bf16 is refused here. Then the refusal is checked: only where oneDNN has no AVX-512, with a sentence that says what to
/// use instead, and the output says that this is what was tested. It is all that there is to test:
/// `if (testing::bf16_is_refused()) return;`
inline bool bf16_is_refused() {
  try {
    cpu_bf16();
    return false;
  } catch (const error& refusal) {
    WARN("checked the refusal of bfloat16, not its numbers: " << refusal.what());
    CHECK_THAT(refusal.what(), ContainsSubstring("cpu bf16: this processor lacks") && ContainsSubstring("use cpu"));
    constexpr auto needed = static_cast<unsigned>(dnnl_cpu_isa_avx512_core);
    CHECK((static_cast<unsigned>(dnnl_get_effective_cpu_isa()) & needed) != needed);
    return true;
  }
}

}  // namespace hasse::testing
