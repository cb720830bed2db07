// What a search through masks ends with: how likely its policy finds a network, the likeliest one that really costs what is wanted, and
// others of the same cost to compare it with. Used by programs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/supernet/derive.hpp>
#include <hasse/supernet/masked_recipe.hpp>
#include <hasse/supernet/masked_space.hpp>

namespace hasse {

/// The logarithm of the probability that a policy draws a code, where `probabilities` are those of every option of every decision, one
/// behind the other, as masked_epoch has them.
inline double log_likelihood(const masked_space& space, std::span<const double> probabilities, std::span<const int> code) {
  double sum = 0;
  std::size_t first = 0;
  for (std::size_t at = 0; at < code.size(); ++at) {
    if (code[at] >= 0 && counts_in(space.decisions(), code, static_cast<int>(at)))
      sum += std::log(std::max(probabilities[first + static_cast<std::size_t>(code[at])], 1e-300));
    first += static_cast<std::size_t>(space.decisions()[at].options);
  }
  return sum;
}

/// Visits every code that is another in one thing: the width of a block, or what a layer takes.
template <class Visit>
void for_each_change(const masked_space& space, std::span<const int> code, Visit&& visit) {
  std::vector<int> changed(code.begin(), code.end());
  for (int block = 0; block < space.blocks(); ++block) {
    const std::vector<int>& filters = space.block(block).filters;
    for (int taken = 0; taken < static_cast<int>(filters.size()); ++taken) {
      if (filters[static_cast<std::size_t>(taken)] == space.filters_of(code, block)) continue;
      space.set_filters(changed, block, taken);
      visit(std::as_const(changed));
      changed.assign(code.begin(), code.end());
    }
    for (int layer = 0; layer < static_cast<int>(space.block(block).layers.size()); ++layer)
      for (const layer_choice& each : space.choices_of(block, layer)) {
        space.set(changed, block, layer, each);
        if (!std::equal(changed.begin(), changed.end(), code.begin())) visit(std::as_const(changed));
        changed.assign(code.begin(), code.end());
      }
  }
}

/// From the likeliest code, in as many changes as it takes, to one that is priced within `share` of the aim: each change brings it nearer, by
/// as much as it can for the likelihood that it loses. Where none does, the code that it got to.
template <PricesCodes Costs>
std::vector<int> likeliest_near(const masked_space& space, const Costs& costs, std::span<const double> probabilities, std::vector<int> code, double aim,
                                double share) {
  double away = std::abs(costs.of(code) - aim), likely = log_likelihood(space, probabilities, code);
  while (away > share * aim) {
    std::vector<int> best;
    double best_rate = std::numeric_limits<double>::infinity(), best_away = away;
    for_each_change(space, code, [&](const std::vector<int>& changed) {
      const double left = std::abs(costs.of(changed) - aim);
      if (left >= away) return;
      const double rate = (likely - log_likelihood(space, probabilities, changed)) / (away - left);
      if (rate < best_rate || (rate == best_rate && left < best_away)) best = changed, best_rate = rate, best_away = left;
    });
    if (best.empty()) break;
    code = std::move(best), away = best_away, likely = log_likelihood(space, probabilities, code);
  }
  return code;
}

/// The likeliest code if it really costs the target, or else one near it that does. Sums are only near the truth, so what is aimed at moves.
/// If none is found, the nearest of those that were tried.
template <PricesCodes Costs>
derived_choice derive_code(const masked_space& space, const Costs& costs, std::span<const double> probabilities, const std::vector<int>& likeliest,
                           const wanted_cost& wanted) {
  derived_choice best{likeliest, wanted.target, wanted.real(likeliest)};
  double aim = wanted.target, cheap = 0, dear = std::numeric_limits<double>::infinity();  // whose networks cost too little and too much
  for (int attempt = 0; attempt < 8 && !wanted.met(best.real); ++attempt) {
    const std::vector<int> code = likeliest_near(space, costs, probabilities, likeliest, aim, 0.25 * wanted.tolerance);
    const double real = wanted.real(code);
    if (std::abs(real - wanted.target) < std::abs(best.real - wanted.target)) best = {code, aim, real};
    (real < wanted.target ? cheap : dear) = aim;
    aim *= wanted.target / real;
    if (aim <= cheap || aim >= dear) aim = std::sqrt(cheap * dear);  // two networks would take turns
  }
  return best;
}

/// Up to `count` codes, all different, that really cost the target within its tolerance: each as likely as the others of those that are
/// priced near `beside.aim`. Fewer where so many draws find no more.
template <PricesCodes Costs>
std::vector<std::vector<int>> random_codes(const masked_space& space, const Costs& costs, const derived_choice& beside, const wanted_cost& wanted, int count,
                                           std::uint64_t seed, int draws = 50'000) {
  random_source random(seed);
  std::vector<std::vector<int>> found, seen{beside.choice};
  for (int draw = 0, tried = 0; draw < draws && tried < 20 * count && static_cast<int>(found.size()) < count; ++draw) {
    const std::vector<int> code = space.any_code(random);
    if (std::abs(costs.of(code) - beside.aim) > wanted.tolerance * beside.aim) continue;
    if (std::find(seen.begin(), seen.end(), code) != seen.end()) continue;
    seen.push_back(code);
    ++tried;
    if (wanted.met(wanted.real(code))) found.push_back(code);
  }
  return found;
}

namespace detail {
/// What logarithms of probabilities are as shares of their sum.
inline std::vector<double> shares_of(std::vector<double> logarithms) {
  const double most = *std::max_element(logarithms.begin(), logarithms.end());
  double sum = 0;
  for (double& each : logarithms) sum += each = std::exp(each - most);
  for (double& each : logarithms) each /= sum;
  return logarithms;
}
}  // namespace detail

/// How likely a policy takes each thing that a layer can be, in the order of choices_of.
inline std::vector<double> shares_of_layer(const masked_space& space, std::span<const double> probabilities, int block, int layer) {
  std::vector<double> each_likely;
  std::vector<int> code(space.decisions().size(), 0);
  for (const layer_choice& each : space.choices_of(block, layer)) {
    space.set(code, block, layer, each);
    each_likely.push_back(log_likelihood(space, probabilities, code));
  }
  return detail::shares_of(std::move(each_likely));
}
/// And each width of a block, narrowest first.
inline std::vector<double> shares_of_width(const masked_space& space, std::span<const double> probabilities, int block) {
  std::vector<double> each_likely;
  std::vector<int> code(space.decisions().size(), 0);
  for (int taken = 0; taken < static_cast<int>(space.block(block).filters.size()); ++taken) {
    space.set_filters(code, block, taken);
    each_likely.push_back(log_likelihood(space, probabilities, code));
  }
  return detail::shares_of(std::move(each_likely));
}

}  // namespace hasse
