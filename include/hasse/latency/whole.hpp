// The latency of one whole network, measured: what a finalist is reported with.
// Used by result and the programs, after a search that relied on sums.
#pragma once

#include <hasse/core/apart.hpp>
#include <hasse/core/units.hpp>
#include <hasse/kernel/choices.hpp>
#include <hasse/latency/probe.hpp>

namespace hasse {

/// A measured latency, in nanoseconds; `noise` is half the range of the undisturbed rounds' medians.
struct measurement {
  std::int64_t median = 0, p10 = 0, p90 = 0, noise = 0;
  int samples = 0;
  rejections rejected{};
  ticks latency() const { return {(median + 50) / 100}; }
  friend bool operator==(const measurement&, const measurement&) = default;
};

namespace detail {
/// Which rounds of one network count: those within `percent` of the quietest, and the two quietest in any case.
HASSE_BODY std::vector<std::size_t> quiet_rounds(const std::vector<const visit*>& rounds, int percent);

/// Joins the visits to one network; runs of set-aside visits count as disturbed.
HASSE_BODY measurement join(const std::vector<const visit*>& rounds, int percent);

/// One visit per round to a network that is built anew each time, so that no placement in memory is taken for the rule.
/// `ends_of(network)` are the steps after which its laps end; `begin_round(round)` is called before each.
template <Backend Engine, Stopwatch Watch, class Ends, class Begin>
std::vector<visit> visits_of(const layer_list& layers, Engine& backend, Watch& watch, const protocol& rules, Ends&& ends_of,
                             Begin&& begin_round) {
  std::vector<visit> rounds;
  for (int round = 0; round < rules.rounds; ++round) {
    begin_round(round);
    random_source random(derive(rules.seed, static_cast<std::uint64_t>(round)));
    auto network = network_for_timing(backend, layers, random);
    const std::vector<int> ends = ends_of(network);
    rounds.push_back(measure(network, ends, rules, watch));
  }
  return rounds;
}

HASSE_BODY std::vector<const visit*> pointers_to(const std::vector<visit>& rounds);
}  // namespace detail

/// Measures a whole network; `layers` is unfused. Beside the rows of a table it runs the kernels that those were measured with: give
/// record().kernels.
template <DevicePolicy Device>
measurement measure(const layer_list& layers, const Device& device, const protocol& rules = {}, const kernel_choices& kernels = {}) {
  check(rules);
  warn_before_measuring(device.facts());
  auto backend = device.make_backend();
  if constexpr (requires { backend.choices(); }) backend.choices().insert(kernels.begin(), kernels.end());
  auto watch = device.make_stopwatch(backend);
  const auto at_the_end = [](auto& network) { return std::vector{static_cast<int>(network.steps().size())}; };
  const std::vector<visit> rounds = detail::visits_of(layers, backend, watch, rules, at_the_end, [](int) {});
  return detail::join(detail::pointers_to(rounds), rules.disturbed_percent);
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/whole.inl>
#endif
