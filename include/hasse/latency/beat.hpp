// A network of known work that runs beside every visit: by what it takes there, times are told that were taken at other speeds.
// Used by table. The why, with numbers: docs/explanation/latency.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include <hasse/core/random.hpp>
#include <hasse/latency/probe.hpp>

namespace hasse {

/// How fast the device was while a table was measured, told by one network, in nanoseconds. Rows are told at the speed of `quiet`.
struct beat_record {
  std::string network;        ///< "" where none ran beside the visits
  std::int64_t quiet = 0;     ///< one visit of fifty found the device this fast: when nothing disturbed it
  std::int64_t typical = 0;   ///< half of them did: latencies are then typical / quiet times those of the rows
  /// How much longer than the rows a network took while the table was measured, in the median.
  double slowdown() const { return quiet > 0 ? static_cast<double>(typical) / static_cast<double>(quiet) : 1; }
  friend bool operator==(const beat_record&, const beat_record&) = default;
};

namespace detail {
/// Runs the network that gives the beat. The quickest run counts: what the scheduler took from one of them is not the device's speed.
template <Backend Engine, Stopwatch Watch>
class beat_runner {
 public:
  /// No beat on devices with memory of their own, whose visits are replays of many copies.
  beat_runner(Engine& backend, const layer_list& layers, Watch& watch, std::uint64_t seed)
      : random_(seed), network_(network_for_timing(backend, layers, random_)), watch_(&watch) {}

  /// The nanoseconds of the quickest of two runs; 0 where the device has no beat.
  std::int64_t operator()() {
    if (network_.memory()) return 0;
    std::int64_t quickest = 0;
    for (int run = 0; run < 2; ++run) {
      watch_->start();
      for (auto& step : network_.steps()) step.run();
      watch_->lap();
      const std::int64_t time = std::max<std::int64_t>(1, watch_->nanoseconds(0));
      quickest = run == 0 ? time : std::min(quickest, time);
    }
    return quickest;
  }

 private:
  random_source random_;
  inference_network<Engine> network_;
  Watch* watch_;
};
}  // namespace detail

}  // namespace hasse
