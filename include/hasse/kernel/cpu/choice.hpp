// Which of several codes runs a layer fastest, measured as in a network. Used by kernel/cpu.hpp where its policy says so.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>

namespace hasse::detail {

/// Reads memory in the stead of what a network's other layers do between two runs of one: the weights come from where they would.
class cache_eviction {
 public:
  /// `weight_bytes` of a layer: small weights are pushed out of the second cache only, large ones out of all.
  explicit cache_eviction(std::size_t weight_bytes)
      : data_((weight_bytes > (std::size_t{2} << 20) ? 64u << 20 : 4u << 20) / sizeof(float), 1.0f) {}
  float run() const;

 private:
  std::vector<float> data_;
};

/// How much longer a code takes than the usual one beside it, as a logarithm, and how far that may be off.
struct relative_time {
  double middle = 0, noise = 0;
};
/// The median, and three times its standard error: by the middle half, which single disturbed runs do not move.
HASSE_BODY relative_time relative_time_of(std::vector<double> logarithms);

/// The code that takes the least time; `usual` where none takes less by 2 % and beyond the noise, and of codes that the noise does not
/// tell apart the first. The usual code is the beat: it runs before every other one, and of a few rounds the quickest runs of both are compared, so
/// that neither a speed that wanders nor a run that was disturbed counts. `time(code)` runs one and returns how long that took; `is_over()` ends
/// what is still undecided.
template <class Time, class Over>
std::size_t fastest_beyond_noise(std::size_t codes, std::size_t usual, Time&& time, Over&& is_over) {
  constexpr int rounds_of_few = 4, fewest_rounds = 24, most_rounds = 96;
  const double worth = -std::log(0.98);
  struct rival {
    std::size_t code;
    double quickest = 0, beat = 0;  // of the few rounds at hand; 0: none yet
    std::vector<double> logarithms{};
    relative_time found{};
    bool slower = false;
    bool wins(double over) const { return found.middle + found.noise < -over; }
    bool is_decided(double over) const { return wins(over) || found.middle - found.noise > -over; }
  };
  std::vector<rival> rivals;
  for (std::size_t code = 0; code < codes; ++code)
    if (code != usual) rivals.push_back({code});
  const rival* best = nullptr;
  for (int round = 0; round < most_rounds && !rivals.empty(); ++round) {
    const auto less = [](double so_far, double now) { return so_far == 0 ? now : std::min(so_far, now); };
    for (rival& each : rivals)
      if (!each.slower) each.beat = less(each.beat, static_cast<double>(time(usual))), each.quickest = less(each.quickest, static_cast<double>(time(each.code)));
    if ((round + 1) % rounds_of_few != 0) continue;
    for (rival& each : rivals)
      if (!each.slower) each.logarithms.push_back(std::log(each.quickest / each.beat)), each.quickest = each.beat = 0;
    if (round + 1 < fewest_rounds) continue;
    for (rival& each : rivals)
      each.found = relative_time_of(each.logarithms), each.slower = each.is_decided(worth) && !each.wins(worth);
    best = nullptr;
    for (const rival& each : rivals)
      if (each.wins(worth) && (!best || each.found.middle + worth < best->found.middle - std::hypot(each.found.noise, best->found.noise))) best = &each;
    const auto leads = [&](const rival& each) { return best && each.found.middle < best->found.middle; };
    const bool is_decided = std::all_of(rivals.begin(), rivals.end(), [&](const rival& each) { return each.is_decided(worth) && !leads(each); });
    if (is_decided || is_over()) break;
  }
  return best ? best->code : usual;
}

/// The same by this machine's clock, each run after what other layers would do to the caches.
HASSE_BODY std::size_t fastest_of(std::span<const std::function<void()>> codes, std::size_t usual, const cache_eviction& eviction,
                                  const std::function<void()>& touch_inputs);

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/kernel/cpu/choice.inl>
#endif
