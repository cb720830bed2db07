// The threads that OpenMP really gives. oneDNN's kernels wait for as many as they were planned for; who gets fewer waits for ever.
// Used by kernel/cpu.hpp, program/devices.hpp and the benchmarks.
#pragma once

#include <omp.h>

#include <algorithm>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>

namespace hasse::detail {

/// More threads than that, and than processors, only wait for one another; they are refused, as 1000 would be a slip of the hand.
inline int most_threads() { return std::max(64, static_cast<int>(std::thread::hardware_concurrency())); }

/// OpenMP ends the program when the system has no thread left for a team: an exception says so as well.
HASSE_BODY bool system_has_threads(int wanted);

/// How many threads the next parallel region of the calling thread gets when it asks for `wanted`.
HASSE_BODY int granted_threads(int wanted);

/// What keeps OpenMP from giving so many.
HASSE_BODY std::string reason_for_fewer_threads(int wanted);

/// Why so many threads cannot be had here, as a sentence; "" when they can.
HASSE_BODY std::string problem_of_threads(int wanted);

/// Sets what the calling thread's next parallel regions get. Teams are as large as they are asked for, or there is an error: inside
/// of a parallel region there may be none.
HASSE_BODY void use_threads(int wanted);

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/kernel/cpu/team.inl>
#endif
