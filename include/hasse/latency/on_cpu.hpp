// The device policies of this machine's processor: oneDNN and kernels of our own, one thread unless told otherwise.
// Used by programs: `latency_table<space>::load_or_measure("latency.json", on_cpu{.threads = 1})`.
#pragma once

#include <cstdlib>

#include <hasse/kernel/cpu.hpp>
#include <hasse/latency/device.hpp>

namespace hasse {

/// With several threads, start the program with OMP_WAIT_POLICY=passive: waiting threads that spin make quanta of 8 ms.
template <class Scalar>
struct basic_on_cpu {
  int threads = 1;
  kernel_policy kernels = kernel_policy::by_measurement;
  kernel_choices choices{};  ///< what was measured before, for instance by the table: latency_table::record().kernels

  device_facts facts() const {
    device_facts facts = host_facts();
    const char* policy = std::getenv("OMP_WAIT_POLICY");
    facts.backend = basic_cpu<Scalar>::name, facts.library = cpu_library(kernels), facts.threads = threads,
    facts.scalar = scalar_name<Scalar>;
    add_build(facts, kernel_build());
    facts.notes += std::string(", OMP_WAIT_POLICY ") + (policy ? policy : "not set");
    return facts;
  }
  basic_cpu<Scalar> make_backend() const { return basic_cpu<Scalar>({.threads = threads, .kernels = kernels, .choices = choices}); }
  steady_stopwatch make_stopwatch(basic_cpu<Scalar>&) const { return {}; }
};

using on_cpu = basic_on_cpu<float>;
/// The same with bfloat16 activations, for a table of its own.
using on_cpu_bf16 = basic_on_cpu<bfloat16>;

static_assert(DevicePolicy<on_cpu> && DevicePolicy<on_cpu_bf16>);

}  // namespace hasse
