// How long a network takes on a device, whole and part by part, whatever it is: of no space, from a file, of anybody's.
// Used by hasse_measure and hasse_info; a space has its table.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/progress.hpp>
#include <hasse/latency/beat.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/latency/together.hpp>

namespace hasse {

/// A part of a network: a layer with what is folded into it, or several that may run as one step.
struct timed_part {
  std::string text;            ///< "convolution 3x3 stride 1 pad 1, 16x16x32 to 16x16x32, bias, relu"
  std::string implementation;  ///< what ran
  measurement time{};
  friend bool operator==(const timed_part&, const timed_part&) = default;
};
/// Parts add up to the whole but for what is uncertain of them.
struct timed_parts {
  measurement whole{};  ///< at the speed of the quiet device, in nanoseconds
  double slowdown = 1;  ///< half of the time it took so many times as long
  std::vector<timed_part> parts{};
};

/// Many short visits, until the whole is certain to a hundredth.
inline constexpr protocol of_one_network{.rounds = 16, .warm_up = 2, .samples = 5};

namespace detail {
/// From visits with a lap a part and the network itself as their beat.
inline timed_parts parts_of(const std::vector<visit>& rounds, std::vector<timed_part> parts) {
  std::vector<std::int64_t> beats;
  for (const visit& each : rounds)
    if (each.beat > 0) beats.push_back(each.beat);
  const std::int64_t quiet = quantile(beats, 0.02);
  const auto over_rounds = [&](speed_reading how, auto&& time_of) {
    std::vector<timed_round> times;
    for (const visit& each : rounds) times.push_back({time_of(each), each.beat});
    return settled(times, how, quiet);
  };
  const auto total = [](const visit& each) { return each.total; };
  std::vector<std::vector<timed_round>> whole(1);
  for (const visit& each : rounds) whole.front().push_back({each.total, each.beat});
  const speed_reading how = steadier(whole, quiet);
  timed_parts found{.whole = over_rounds(how, total), .parts = std::move(parts)};
  for (const visit& each : rounds) found.whole.rejected += each.rejected;
  if (quiet > 0) found.slowdown = static_cast<double>(median(beats)) / static_cast<double>(quiet);
  for (std::size_t part = 0; part < found.parts.size(); ++part)
    found.parts[part].time = over_rounds(how, [&](const visit& each) { return each.laps[part]; });
  return found;
}
}  // namespace detail

/// `layers` is unfused. What runs is what deployment would run: batch 1, batch norm folded.
template <DevicePolicy Device>
timed_parts measure_parts(const layer_list& layers, const Device& device, const protocol& rules = of_one_network, const progress_sink& progress = {}) {
  check(rules);
  warn_before_measuring(device.facts());
  auto backend = device.make_backend();
  auto watch = device.make_stopwatch(backend);
  const std::vector<detail::layer_piece> pieces = detail::pieces_of(layers);
  detail::beat_runner beat(backend, layers, watch, rules);
  std::vector<timed_part> parts;
  std::vector<visit> rounds;
  timed_parts found;
  constexpr int fewest = 4;
  for (int round = 0; round < rules.rounds; ++round) {
    if (progress) progress({static_cast<double>(round) / rules.rounds, "measuring, round " + std::to_string(round + 1) + " of at most " + std::to_string(rules.rounds), -1});
    random_source random(derive(rules.seed, static_cast<std::uint64_t>(round)));
    auto network = network_for_timing(backend, layers, random);
    const std::vector<int> ends = detail::ends_of(network, pieces);
    if (parts.empty()) {
      const std::vector<std::string> codes = detail::implementations_of(network, backend, ends);
      for (std::size_t at = 0; at < pieces.size(); ++at) parts.push_back({pieces[at].text, codes[at], {}});
    }
    const std::int64_t before = beat();
    rounds.push_back(measure(network, ends, rules, watch));
    rounds.back().beat = std::min(before, beat());
    found = detail::parts_of(rounds, parts);
    if (round + 1 >= fewest && 100 * found.whole.noise <= found.whole.median) break;
  }
  return found;
}

}  // namespace hasse
