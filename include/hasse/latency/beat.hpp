// A network of known work that runs beside every visit: by what it takes there, times are told that were taken at other speeds.
// Used by table. The why, with numbers: docs/explanation/latency.md.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/latency/probe.hpp>

namespace hasse {

/// How times that were taken at different speeds become one. A device that is slower for a while is told by the beat; of one that changes
/// within a visit, which network and beat then see apart, the quick visits are the better witnesses.
enum class speed_reading {
  beside_beat,  ///< the median of the times relative to their beats, or as they are where no beat ran
  quick,        ///< the quick fifth of the times, as they are
};

/// How fast the device was while a table was measured, told by one network, in nanoseconds. Rows are told at the speed of `quiet`.
struct beat_record {
  std::string network;        ///< "" where none ran beside the visits
  std::int64_t quiet = 0;     ///< one visit of fifty found the device this fast: when nothing disturbed it
  std::int64_t typical = 0;   ///< half of them did: latencies are then typical / quiet times those of the rows
  speed_reading reading = speed_reading::beside_beat;  ///< of the rows, and of the networks that their sums are compared with
  /// How much longer than the rows a network took while the table was measured, in the median.
  double slowdown() const { return quiet > 0 ? static_cast<double>(typical) / static_cast<double>(quiet) : 1; }
  friend bool operator==(const beat_record&, const beat_record&) = default;
};

/// What a network took in a round, and what the beat took beside it, in nanoseconds; 0: none ran.
struct timed_round {
  std::int64_t time = 0, beat = 0;
};

namespace detail {
/// The time at the speed of a beat of `quiet`.
inline std::int64_t at_quiet_speed(timed_round round, std::int64_t quiet) {
  if (round.beat == 0 || round.beat == quiet || quiet == 0) return round.time;
  return std::llround(static_cast<double>(round.time) * static_cast<double>(quiet) / static_cast<double>(round.beat));
}

/// All times as this reading has them.
inline std::vector<std::int64_t> as_read(std::span<const timed_round> rounds, speed_reading how, std::int64_t quiet) {
  std::vector<std::int64_t> times;
  for (const timed_round& each : rounds) times.push_back(how == speed_reading::quick ? each.time : at_quiet_speed(each, quiet));
  return times;
}

/// What they say together; 0 of none.
inline std::int64_t read(std::span<const timed_round> rounds, speed_reading how, std::int64_t quiet) {
  constexpr double quick_share = 0.2;
  std::vector<std::int64_t> times = as_read(rounds, how, quiet);
  return how == speed_reading::quick ? quantile(std::move(times), quick_share) : median(std::move(times));
}

/// The reading by which every other round and the rest differ less, in the median over the networks.
inline speed_reading steadier(std::span<const std::vector<timed_round>> networks, std::int64_t quiet) {
  const auto apart = [&](speed_reading how) {
    std::vector<std::int64_t> millionths;
    for (const std::vector<timed_round>& rounds : networks) {
      std::vector<timed_round> halves[2];
      for (std::size_t round = 0; round < rounds.size(); ++round) halves[round % 2].push_back(rounds[round]);
      const std::int64_t first = read(halves[0], how, quiet), second = read(halves[1], how, quiet);
      if (first > 0 && second > 0) millionths.push_back(std::llround(2e6 * std::abs(static_cast<double>(first - second)) / static_cast<double>(first + second)));
    }
    return median(std::move(millionths));
  };
  return quiet > 0 && apart(speed_reading::quick) < apart(speed_reading::beside_beat) ? speed_reading::quick : speed_reading::beside_beat;
}

/// Runs the network that gives the beat, by the rules of the visits beside it: what disturbs one of them has the same chance with the other.
template <Backend Engine, Stopwatch Watch>
class beat_runner {
 public:
  /// No beat on devices with memory of their own, whose visits are replays of many copies.
  beat_runner(Engine& backend, const layer_list& layers, Watch& watch, const protocol& rules)
      : random_(rules.seed), network_(network_for_timing(backend, layers, random_)), end_(static_cast<int>(network_.steps().size())), rules_(rules), watch_(&watch) {}

  /// Nanoseconds; 0 where the device has no beat.
  std::int64_t operator()() {
    if (network_.memory()) return 0;
    return std::max<std::int64_t>(1, measure(network_, std::span(&end_, 1), rules_, *watch_).total);
  }

 private:
  random_source random_;
  inference_network<Engine> network_;
  int end_;
  protocol rules_;
  Watch* watch_;
};
}  // namespace detail

}  // namespace hasse
