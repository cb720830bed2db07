// The threads that OpenMP really gives. oneDNN's kernels wait for as many as they were planned for; who gets fewer waits for ever.
// Used by kernel/cpu.hpp, program/devices.hpp and the benchmarks.
#pragma once

#include <omp.h>

#include <algorithm>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <hasse/core/error.hpp>

namespace hasse::detail {

/// More threads than that, and than processors, only wait for one another; they are refused, as 1000 would be a slip of the hand.
inline int most_threads() { return std::max(64, static_cast<int>(std::thread::hardware_concurrency())); }

/// OpenMP ends the program when the system has no thread left for a team: an exception says so as well.
inline bool system_has_threads(int wanted) {
  std::vector<std::thread> started;
  started.reserve(static_cast<std::size_t>(wanted));
  bool all = true;
  try {
    for (int at = 0; at < wanted; ++at) started.emplace_back([] {});
  } catch (const std::exception&) {
    all = false;
  }
  for (std::thread& each : started) each.join();
  return all;
}

/// How many threads the next parallel region of the calling thread gets when it asks for `wanted`.
inline int granted_threads(int wanted) {
  if (wanted <= 1) return 1;
  thread_local int had = 1;  // OpenMP keeps the threads of the largest team
  if (wanted > had && !system_has_threads(wanted - 1)) return had;
  omp_set_dynamic(0);
  int granted = 1;
#pragma omp parallel num_threads(wanted)
#pragma omp master
  granted = omp_get_num_threads();
  had = std::max(had, granted);
  return granted;
}

/// What keeps OpenMP from giving so many.
inline std::string reason_for_fewer_threads(int wanted) {
  if (omp_get_thread_limit() < wanted) return "OMP_THREAD_LIMIT is " + std::to_string(omp_get_thread_limit());
  if (omp_get_max_active_levels() < 1) return "OMP_MAX_ACTIVE_LEVELS is 0";
  if (omp_in_parallel()) return "the call comes from inside of a parallel region";
  return "the system has no more: ulimit -u, ulimit -v or a container limits it";
}

/// Why so many threads cannot be had here, as a sentence; "" when they can.
inline std::string problem_of_threads(int wanted) {
  const std::string asked = std::to_string(wanted) + (wanted == 1 ? " thread was" : " threads were") + " asked for";
  if (wanted < 1) return asked + "; it takes at least 1";
  if (wanted > most_threads())
    return asked + " on a machine of " + std::to_string(std::thread::hardware_concurrency()) + " processors, where " +
           std::to_string(most_threads()) + " are the most that can be useful; ask for as many as there are processors";
  const int granted = granted_threads(wanted);
  if (granted >= wanted) return "";
  return asked + " and OpenMP gives " + std::to_string(granted) + " (" + reason_for_fewer_threads(wanted) + "); ask for " +
         std::to_string(granted) + ", or change that";
}

/// Sets what the calling thread's next parallel regions get. Teams are as large as they are asked for, or there is an error: inside
/// of a parallel region there may be none.
inline void use_threads(int wanted) {
  omp_set_dynamic(0);
  omp_set_num_threads(wanted);
  if (wanted > 1 && omp_in_parallel())
    if (const std::string problem = problem_of_threads(wanted); !problem.empty()) throw error(problem);
}

}  // namespace hasse::detail
