// The bodies of kernel/cpu/team.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <hasse/kernel/cpu/team.hpp>

namespace hasse::detail {

HASSE_BODY bool system_has_threads(int wanted) {
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

HASSE_BODY int granted_threads(int wanted) {
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

HASSE_BODY std::string reason_for_fewer_threads(int wanted) {
  if (omp_get_thread_limit() < wanted) return "OMP_THREAD_LIMIT is " + std::to_string(omp_get_thread_limit());
  if (omp_get_max_active_levels() < 1) return "OMP_MAX_ACTIVE_LEVELS is 0";
  if (omp_in_parallel()) return "the call comes from inside of a parallel region";
  return "the system has no more: ulimit -u, ulimit -v or a container limits it";
}

HASSE_BODY std::string problem_of_threads(int wanted) {
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

HASSE_BODY void use_threads(int wanted) {
  omp_set_dynamic(0);
  omp_set_num_threads(wanted);
  if (wanted > 1 && omp_in_parallel())
    if (const std::string problem = problem_of_threads(wanted); !problem.empty()) throw error(problem);
}

}  // namespace hasse::detail
