// How a latency is measured: the protocol as a value, and one visit to a network, timed part by part or as a whole.
// Used by whole (one network) and table (all parts of a space). The why, with numbers: docs/explanation/latency.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/random.hpp>
#include <hasse/latency/detail/replays.hpp>
#include <hasse/latency/device.hpp>
#include <hasse/network/inference.hpp>

namespace hasse {

/// The rules of a measurement. A table is only used under the rules that it was made with.
struct protocol {
  int rounds = 5;    ///< at most; every network is visited once a round, in another order each time, so that drift hits all alike
  int warm_up = 10;  ///< runs before the samples of a visit
  int samples = 20;  ///< timed runs of a visit
  int visit_milliseconds = 250;  ///< a visit to a slow network ends early, but never before the third sample
  int contexts = 4;              ///< networks that a part is measured in, at least
  int checked = 50;              ///< random networks that are measured whole, to be compared with the sums
  int disturbed_percent = 10;    ///< a run, or a visit, that takes so much longer than the quiet ones is set aside
  int error_percent = 5;         ///< rounds end, from the fourth on, when sums miss half of `checked` by no more; 0: all rounds
  std::uint64_t seed = 1;        ///< which networks, weights and inputs

  friend bool operator==(const protocol&, const protocol&) = default;
};

/// For the tables of spaces, whose times are relative to a beat: many short visits, since each finds the device at one speed.
inline constexpr protocol many_visits{.rounds = 16, .warm_up = 2, .samples = 5};

/// Throws unless the numbers make sense.
HASSE_BODY void check(const protocol& rules);

/// Rejected runs by cause: the scheduler gave the core away for whole ticks of 4 ms, or something else slowed the run down.
struct rejections {
  int quanta = 0, disturbed = 0;
  int all() const { return quanta + disturbed; }
  rejections& operator+=(rejections other);
  friend bool operator==(const rejections&, const rejections&) = default;
};

/// What one visit found: medians over its accepted runs, in nanoseconds.
struct visit {
  std::vector<std::int64_t> laps;  ///< one per part
  std::int64_t total = 0, p10 = 0, p90 = 0;
  std::int64_t beat = 0;  ///< what the network of known work took beside it: beat.hpp; 0: none ran
  int accepted = 0;
  rejections rejected{};
  std::string failure{};  ///< why there are no times, where the device could not be asked for laps and the network failed
  friend bool operator==(const visit&, const visit&) = default;
};

/// The `share`-quantile (nearest rank) of values in any order; 0 of none.
HASSE_BODY std::int64_t quantile(std::vector<std::int64_t> values, double share);
/// The mean of the two middle values when their number is even.
HASSE_BODY std::int64_t median(std::vector<std::int64_t> values);

namespace detail {
/// True when `excess` lies within 0.25 ms of a positive multiple of the scheduler's 4 ms.
HASSE_BODY bool is_quantum(std::int64_t excess);

/// Keeps the runs that were not disturbed. `runs[i]` are the laps of run i.
HASSE_BODY visit summarise(const std::vector<std::vector<std::int64_t>>& runs, int disturbed_percent);

/// Random weights that keep activations at the scale of one, and quickly: a visit must not spend its time on drawing normals.
template <class Scalar>
parameters<Scalar> timing_parameters(std::span<const layer> layers, random_source& random) {
  parameters<Scalar> result(layers);
  const auto fill = [&](std::span<Scalar> values, double bound) {
    for (Scalar& value : values) value = static_cast<Scalar>(bound * (2 * random.uniform() - 1));
  };
  for (const parameter_tensor& tensor : result.layout.trainable) {
    const layer& item = layers[static_cast<std::size_t>(tensor.layer)];
    const double fan_in = item.kind == layer_kind::linear ? static_cast<double>(item.in.size())
                                                          : double(item.kernel) * item.kernel * item.in.c / item.groups;
    if (tensor.role == parameter_role::weight)
      fill(result.of(tensor), std::sqrt(6.0 / fan_in));
    else if (tensor.role == parameter_role::scale)
      std::ranges::fill(result.of(tensor), Scalar{1});
  }
  for (const parameter_tensor& tensor : result.layout.statistics)
    if (tensor.role == parameter_role::running_variance) std::ranges::fill(result.of(tensor), Scalar{1});
  return result;
}

/// Warm-up, then runs until there are enough samples. `run(laps)` fills the laps of one run and returns how long it took.
/// Runs that `watch` calls disturbed count only where there are no others.
template <Stopwatch Watch, class Run>
visit sampled(std::size_t laps_of_a_run, const protocol& rules, Watch& watch, Run&& run) {
  const std::int64_t limit = std::int64_t{rules.visit_milliseconds} * 1'000'000;
  std::vector<std::int64_t> laps(laps_of_a_run);
  std::int64_t spent = 0;
  for (int i = 0; i < rules.warm_up && (i < 2 || spent < limit); ++i) spent += run(laps);
  std::vector<std::vector<std::int64_t>> runs, disturbed;
  spent = 0;
  for (int i = 0; i < rules.samples && (i < 3 || spent < limit); ++i) {
    spent += run(laps);
    (is_disturbed(watch) ? disturbed : runs).push_back(laps);
  }
  if (runs.empty()) runs.swap(disturbed);
  visit result = summarise(runs, rules.disturbed_percent);
  result.rejected.disturbed += static_cast<int>(disturbed.size());
  return result;
}

/// What noise made negative is taken from the lap before: the sum stays.
HASSE_BODY void settle(std::vector<std::int64_t>& laps);
}  // namespace detail

/// One visit: warm-up, then timed runs of the whole network with a lap after each of `ends` (step counts, ascending; the last is
/// all of them). The steps are those that deployment runs. Where they compute in the calling thread, the clock is read between
/// parts; on a device with memory of its own a part is what the network takes longer with it.
template <Backend Engine, Stopwatch Watch>
visit measure(inference_network<Engine>& network, std::span<const int> ends, const protocol& rules, Watch& watch) {
  if (network.memory()) {
    detail::timed_replays run(network, ends, watch, rules.seed);
    visit result = detail::sampled(ends.size(), rules, watch, run);
    detail::settle(result.laps);
    return result;
  }
  return detail::sampled(ends.size(), rules, watch, [&](std::vector<std::int64_t>& laps) {
    auto& steps = network.steps();
    std::size_t step = 0;
    watch.start();
    for (const int end : ends) {
      for (; step < static_cast<std::size_t>(end); ++step) steps[step].run();
      watch.lap();
    }
    std::int64_t total = 0;
    for (std::size_t lap = 0; lap < ends.size(); ++lap) total += laps[lap] = watch.nanoseconds(lap);
    return total;
  });
}

/// A network of these layers with random weights and a random input, ready to be timed.
template <Backend Engine>
inference_network<Engine> network_for_timing(Engine& backend, const layer_list& layers, random_source& random) {
  using scalar = typename Engine::scalar;
  inference_network<Engine> network(backend, layers, 1, detail::timing_parameters<parameter_of<scalar>>(layers, random));
  network.write_input(detail::timing_input<scalar>(layers.input.size(), random));
  return network;
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/probe.inl>
#endif
