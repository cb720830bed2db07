// What a search through gates ends with: the likeliest network that really costs what is wanted, though prices of candidates are only
// near the truth, and others of the same cost to compare it with. Used by programs.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>
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
HASSE_BODY derived_choice derive_choice(const gated_list& list, const gated_costs& costs, std::span<const double> probabilities,
                                    const std::vector<int>& likeliest, const wanted_cost& wanted);

/// Up to `count` networks drawn at random, all different, that really cost the target within its tolerance.
HASSE_BODY std::vector<std::vector<int>> random_choices(const gated_list& list, const gated_costs& costs, const derived_choice& beside,
                                                    const wanted_cost& wanted, int count, std::uint64_t seed);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/derive.inl>
#endif
