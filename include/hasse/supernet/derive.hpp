// What a search through gates ends with: the likeliest network that really costs what is wanted, though prices of candidates are only
// near the truth, and others of the same cost to compare it with. Used by programs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/supernet/gated.hpp>
#include <hasse/supernet/gated_costs.hpp>

namespace hasse {

/// What is wanted, and how close to it is close enough; `real(choice)` is what a network really costs: its latency measured whole,
/// or its price where nothing else is known.
struct wanted_cost {
  double target = 0, tolerance = 0.05;
  std::function<double(const std::vector<int>&)> real;
  bool met(double cost) const { return std::abs(cost - target) <= tolerance * target; }
};

/// A network and the cost that prices of the target give: sums over a table are not exactly what whole networks take, so that what
/// is aimed at moves until they are.
struct derived_choice {
  std::vector<int> choice;
  double aim = 0, real = 0;
};

/// The likeliest network of all if it meets the target, or else the likeliest of those that do. If none is found, the nearest of
/// those that were tried.
inline derived_choice derive_choice(const gated_list& list, const gated_costs& costs, std::span<const double> probabilities,
                                    const std::vector<int>& likeliest, const wanted_cost& wanted) {
  derived_choice best{likeliest, wanted.target, wanted.real(likeliest)};
  // Aims whose networks cost too little and too much.
  double aim = wanted.target, cheap = 0, dear = std::numeric_limits<double>::infinity();
  for (int attempt = 0; attempt < 8 && !wanted.met(best.real); ++attempt) {
    std::optional<std::vector<int>> path;
    for (const double share : {0.25, 0.5, 1.0, 2.0})
      if (!path)
        path = likeliest_within(costs, probabilities, aim * (1 - share * wanted.tolerance), aim * (1 + share * wanted.tolerance));
    if (!path) break;
    const std::vector<int> choice = list.choice_of(*path);
    const double real = wanted.real(choice);
    if (std::abs(real - wanted.target) < std::abs(best.real - wanted.target)) best = {choice, aim, real};
    (real < wanted.target ? cheap : dear) = aim;
    aim *= wanted.target / real;
    if (aim <= cheap || aim >= dear) aim = std::sqrt(cheap * dear);  // two networks would take turns
  }
  return best;
}

/// Up to `count` networks drawn at random, all different, that really cost the target within its tolerance.
inline std::vector<std::vector<int>> random_choices(const gated_list& list, const gated_costs& costs, const derived_choice& beside,
                                                    const wanted_cost& wanted, int count, std::uint64_t seed) {
  random_source random(seed);
  std::vector<std::vector<int>> found, seen{beside.choice};
  for (int draw = 0, tried = 0; draw < 1'000'000 && tried < 20 * count && static_cast<int>(found.size()) < count; ++draw) {
    std::vector<int> path;
    for (const auto& block : costs.blocks) path.push_back(static_cast<int>(random.below(block.size())));
    const std::vector<int> choice = list.choice_of(path);
    if (std::abs(costs.of(path) - beside.aim) > wanted.tolerance * beside.aim) continue;
    if (std::find(seen.begin(), seen.end(), choice) != seen.end()) continue;
    seen.push_back(choice);
    ++tried;
    if (wanted.met(wanted.real(choice))) found.push_back(choice);
  }
  return found;
}

}  // namespace hasse
