// The bodies of supernet/derive.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/supernet/derive.hpp>
#include <hasse/supernet/gated.hpp>
#include <hasse/supernet/gated_costs.hpp>

namespace hasse {

HASSE_BODY derived_choice derive_choice(const gated_list& list, const gated_costs& costs, std::span<const double> probabilities,
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

HASSE_BODY std::vector<std::vector<int>> random_choices(const gated_list& list, const gated_costs& costs, const derived_choice& beside,
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
