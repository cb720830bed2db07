// The laws of the concept DevicePolicy, for whoever claims it: a test of your own device is one call.
// Used by tests; nothing that measures includes it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/latency/device.hpp>
#include <hasse/latency/whole.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// "" when `device` keeps the laws of the concept, else a sentence about the first that it breaks. `small` and `large` are networks
/// that it runs, of which the second is much more work: ten times the multiply-accumulates are a good number.
template <DevicePolicy Type>
std::string broken_law(const Type& device, const layer_list& small, const layer_list& large) {
  const device_facts facts = device.facts();
  if (facts.name.empty() || facts.backend.empty() || facts.library.empty()) return "facts: name, backend and library say what latencies are of; fill them in";
  if (!(device.facts() == facts) || !(Type(device).facts() == facts)) return "facts: they are others when asked again, or of a copy; a table would be refused by the device that it is of";
  if (facts.threads < 1 || facts.cores < 1) return "facts: it has " + std::to_string(facts.threads) + " threads on " + std::to_string(facts.cores) + " cores; say how many, from 1";
  auto backend = device.make_backend(), other = device.make_backend();
  if (facts.scalar != scalar_name<typename decltype(backend)::scalar>)
    return "facts: activations are " + facts.scalar + " and those of its backend " + scalar_name<typename decltype(backend)::scalar> + "; say scalar_name of the backend's scalar";
  if (backend.identity() != other.identity()) return "make_backend: two backends have other identities, as if they gave other bits; make them alike";
  for (const layer_list* each : {&small, &large})
    for (const layer& item : *each)
      if (const std::string why = backend.supports(item); !why.empty()) throw error("the laws of a device want networks that it runs, and a layer cannot be had: " + why);

  auto watch = device.make_stopwatch(backend);
  for (int run = 0; run < 3; ++run) {  // a stopwatch starts anew
    watch.start();
    for (int lap = 0; lap < 3; ++lap) watch.lap();
    for (std::size_t lap = 0; lap < 3; ++lap) {
      const std::int64_t first = watch.nanoseconds(lap);
      if (first < 0) return "stopwatch: a lap took " + std::to_string(first) + " ns; time does not run back";
      if (watch.nanoseconds(lap) != first) return "stopwatch: a lap has another time when asked again; keep it until the next start";
    }
  }
  const protocol rules{.rounds = 2, .warm_up = 2, .samples = 9};
  const std::int64_t least = measure(small, device, rules).median, most = measure(large, device, rules).median;
  if (least <= 0) return "stopwatch: a network takes " + std::to_string(least) + " ns; wait for the device before a lap is read";
  if (most <= least)
    return "stopwatch: the large network takes " + std::to_string(most) + " ns and the small one " + std::to_string(least) + "; see that laps span the work, and on a device that queues, its end";
  return "";
}

}  // namespace hasse
