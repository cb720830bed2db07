// How the fastest of several ways to run a dense layer is found, with any clock.
// Used by kernel/cuda/programs/dense_layers.hpp with the events of a GPU for a clock, and by the tests with one that is made up.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>

namespace hasse::detail::gpu {

/// Makes `count` runs, one behind the other, into one group: what comes back runs the group and tells how many nanoseconds it took.
using group_timer = std::function<std::function<double()>(const std::function<void()>& run, int count)>;

/// The run with the least median over several groups; the first of those within 2 % of it. Each warms up, and those that then take
/// thrice the time of another are not looked at again. Groups of the others take turns, so that all of them see the same clock
/// rate. Runs that throw are left out; when all do, so does this, and says what was to be computed.
inline std::size_t fastest_run(std::span<const std::function<void()>> runs, const group_timer& timer, const std::string& what) {
  constexpr int groups = 7, most_runs = 64;
  constexpr double hopeless = 3, group_nanoseconds = 500'000, least_nanoseconds = 1'000;
  struct racer {
    std::size_t index;
    double once;
    int count = 1;
    std::function<double()> group{};
    std::vector<double> times{};
  };
  std::string refusal;
  const auto works = [&refusal](const auto& attempt) {
    try {
      attempt();
      return true;
    } catch (const error& caught) {
      refusal = caught.what();
      return false;
    }
  };
  std::vector<racer> racers;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t index = 0; index < runs.size(); ++index)
    works([&] {
      const std::function<double()> single = timer(runs[index], 1);
      single();
      racers.push_back({.index = index, .once = single()});
      least = std::min(least, racers.back().once);
    });
  std::erase_if(racers, [&](racer& each) {
    if (each.once > hopeless * least) return true;
    each.count = std::clamp(static_cast<int>(group_nanoseconds / std::max(each.once, least_nanoseconds)), 1, most_runs);
    return !works([&] { each.group = timer(runs[each.index], each.count); });
  });
  for (int round = 0; round < groups; ++round)
    std::erase_if(racers, [&](racer& each) { return !works([&] { each.times.push_back(each.group() / each.count); }); });
  if (racers.empty())
    throw error("none of " + std::to_string(runs.size()) + " ways to compute \"" + what +
                "\" could be measured, the last because " + refusal);
  least = std::numeric_limits<double>::infinity();
  for (racer& each : racers) {
    std::nth_element(each.times.begin(), each.times.begin() + groups / 2, each.times.end());
    each.once = each.times[groups / 2];
    least = std::min(least, each.once);
  }
  return std::find_if(racers.begin(), racers.end(), [&](const racer& each) { return each.once * 100 <= least * 102; })->index;
}

}  // namespace hasse::detail::gpu
