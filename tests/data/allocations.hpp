// Counts what this test program takes from the heap, on every thread.
#pragma once

#include <atomic>

namespace test {
extern std::atomic<long> allocations;
}
