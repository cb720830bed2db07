// How a test says that it cannot be done here. Catch2 2.13 has no word for it.
// Used by the tests that need a GPU.
#pragma once

#include <cstdio>

/// The last thing that such a test does: ctest shows it as skipped (SKIP_REGULAR_EXPRESSION in tests/CMakeLists.txt), not as passed.
inline void skip(const char* why) { std::printf("skipped: %s\n", why); }
