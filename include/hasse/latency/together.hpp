// Several whole networks measured in turns, so that they can be compared: what a search reports of its finalists.
// Used by search<Space> over a latency table, and by whoever compares networks.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/latency/beat.hpp>
#include <hasse/latency/network_timer.hpp>

namespace hasse {

/// What their times are relative to: the beat of a table, whose latencies they are then comparable with.
struct beat_of_table {
  layer_list layers{};
  std::int64_t quiet = 0;  ///< 0: no beat
};

namespace detail {
/// The time of one network from all rounds, in nanoseconds. Its noise is the standard error: of a median from the middle half of the rounds, of
/// the quick fifth from the quick two fifths.
inline measurement settled(std::span<const timed_round> rounds, speed_reading how = speed_reading::beside_beat, std::int64_t quiet = 0) {
  const std::vector<std::int64_t> times = as_read(rounds, how, quiet);
  const auto between = [&](double low, double high) { return static_cast<double>(quantile(times, high) - quantile(times, low)) / std::sqrt(static_cast<double>(times.size())); };
  measurement found;
  found.median = std::max<std::int64_t>(1, read(rounds, how, quiet)), found.p10 = quantile(times, 0.1), found.p90 = quantile(times, 0.9);
  found.noise = std::llround(how == speed_reading::quick ? between(0, 0.4) : 0.93 * between(0.25, 0.75));
  found.samples = static_cast<int>(times.size());
  return found;
}

/// Rounds over all of them until each differs from its neighbour in time by more than the noise of both, or the rounds are over.
/// `time(network, round)` is a timed_round; `quiet` is the beat that their times are relative to.
template <class Time>
std::vector<measurement> in_turns(std::size_t networks, int rounds, std::int64_t quiet, Time&& time) {
  constexpr int fewest = 4;
  std::vector<std::vector<timed_round>> times(networks);
  std::vector<measurement> found(networks);
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t turn = 0; turn < networks; ++turn) {  // there and back, so that a drift hits all alike
      const std::size_t at = round % 2 ? networks - 1 - turn : turn;
      times[at].push_back(time(at, round));
    }
    const speed_reading how = round + 1 < fewest ? speed_reading::beside_beat : steadier(times, quiet);
    for (std::size_t at = 0; at < networks; ++at) found[at] = settled(times[at], how, quiet);
    std::vector<measurement> sorted = found;
    std::sort(sorted.begin(), sorted.end(), [](const measurement& a, const measurement& b) { return a.median < b.median; });
    const auto alike = [](const measurement& a, const measurement& b) { return b.median - a.median <= a.noise + b.noise; };
    if (round + 1 >= fewest && std::adjacent_find(sorted.begin(), sorted.end(), alike) == sorted.end()) break;
  }
  return found;
}
}  // namespace detail

/// True where `one` takes less than `other` by more than both are uncertain.
inline bool is_faster(const measurement& one, const measurement& other) { return one.median + one.noise + other.noise < other.median; }

/// Measures unfused lists, each with the kernels that the rows of a table were measured with.
template <DevicePolicy Device>
std::vector<measurement> measure_together(const std::vector<layer_list>& networks, const Device& device, const protocol& rules,
                                          const kernel_choices& kernels, const beat_of_table& relative_to) {
  check(rules);
  auto backend = device.make_backend();
  if constexpr (requires { backend.choices(); }) backend.choices().insert(kernels.begin(), kernels.end());
  auto watch = device.make_stopwatch(backend);
  const layer_list& of_the_beat = relative_to.quiet > 0 ? relative_to.layers : networks.front();
  detail::beat_runner beat(backend, of_the_beat, watch, rules);
  return detail::in_turns(networks.size(), rules.rounds, relative_to.quiet, [&](std::size_t at, int round) {
    random_source random(derive(rules.seed, static_cast<std::uint64_t>(round)));
    auto network = network_for_timing(backend, networks[at], random);
    const std::vector<int> end{static_cast<int>(network.steps().size())};
    const std::int64_t before = beat();
    const std::int64_t total = measure(network, end, rules, watch).total;
    return timed_round{total, std::min(before, beat())};
  });
}

/// The same where a device is asked.
template <NetworkTimer Device>
std::vector<measurement> measure_together(const std::vector<layer_list>& networks, const Device& device, const protocol& rules,
                                          const kernel_choices& = {}, const beat_of_table& relative_to = {}) {
  return detail::in_turns(networks.size(), rules.rounds, relative_to.quiet, [&](std::size_t at, int) {
    const layer_list* const beat = relative_to.quiet > 0 ? &relative_to.layers : nullptr;
    const visit found = detail::asked_visits(device, {networks[at]}, {"network " + std::to_string(at + 1)}, beat).front();
    if (!found.failure.empty()) throw error("a network could not be timed on " + device.facts().name + ": " + found.failure);
    return timed_round{found.total, found.beat};
  });
}

}  // namespace hasse
