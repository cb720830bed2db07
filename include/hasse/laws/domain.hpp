// The laws of the concept Domain, for whoever claims it: a test of your own domain is one call.
// Used by tests; nothing that searches includes it.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/random.hpp>
#include <hasse/search/coordinates.hpp>
#include <hasse/search/domain.hpp>

namespace hasse {

namespace detail {
/// All candidates of a domain that is small enough to be tried whole.
template <Domain Type>
std::vector<typename Type::candidate> all_of(const Type& domain) {
  if (static_cast<count_type>(domain.size()) < 2 || static_cast<count_type>(domain.size()) > 100'000)
    throw error("the laws of a search want a domain of 2 to 100000 candidates; try them on a small one");
  std::vector<typename Type::candidate> all;
  domain.for_each([&](const typename Type::candidate& x) { all.push_back(x); });
  return all;
}
}  // namespace detail

/// "" when `domain` keeps the laws of the concept, else a sentence about the first that it breaks. It is visited whole: 2 to 100 000
/// candidates. That sampling is uniform is looked at where there are no more than 1 000.
template <Domain Type>
std::string broken_law(const Type& domain, std::uint64_t seed = 1) {
  using candidate = typename Type::candidate;
  const std::vector<candidate> all = detail::all_of(domain);
  if (all.size() != static_cast<count_type>(domain.size()))
    return "size: it says " + std::to_string(static_cast<std::uint64_t>(domain.size())) + " and for_each visits " + std::to_string(all.size()) + "; count what is visited";
  std::map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string text = domain.text(all[i]);
    if (!places.emplace(text, i).second) return "text: two candidates are called " + text + ", or one is visited twice; give each one text";
  }
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::string text = domain.text(all[i]);
    if (!(domain.parse(text) == all[i])) return "parse: " + text + " is read as another candidate; let it be the inverse of text";
    if (domain.cost(all[i]).count < 0 || domain.cost(all[i]) != domain.cost(all[i]))
      return "cost: " + text + " costs less than nothing, or something else when asked again; give a number from 0 up that stays";
  }
  for (const std::string& nonsense : {std::string(), std::string("no candidate"), domain.text(all[0]) + " and more"}) {
    if (places.contains(nonsense)) continue;
    try {
      (void)domain.parse(nonsense);
    } catch (const error&) {
      continue;
    }
    return "parse: \"" + nonsense + "\" is taken for a candidate; refuse with hasse::error what is none";
  }

  random_source random(seed), first(seed + 1), second(seed + 1);
  const auto drawn = [&] { return all[static_cast<std::size_t>(random.below(all.size()))]; };
  for (const candidate& x : all)
    if (!domain.precedes(x, x)) return "precedes: " + domain.text(x) + " does not precede itself; the order is reflexive";
  for (int trial = 0; trial < 20'000; ++trial) {
    const candidate x = drawn(), y = drawn(), z = drawn();
    if (!domain.precedes(x, y)) continue;
    if (!(x == y) && domain.precedes(y, x)) return "precedes: " + domain.text(x) + " and " + domain.text(y) + " precede each other; the order is antisymmetric";
    if (domain.precedes(y, z) && !domain.precedes(x, z))
      return "precedes: " + domain.text(x) + " precedes " + domain.text(y) + " and that one " + domain.text(z) + ", but not the first the last; the order is transitive";
  }

  const std::size_t draws = all.size() <= 1000 ? 50 * all.size() : 1000;
  std::vector<double> counts(all.size());
  for (std::size_t i = 0; i < draws; ++i) {
    const candidate x = domain.sample(first);
    if (!(x == domain.sample(second))) return "sample: equal random sources give other candidates; draw from the source alone";
    const auto place = places.find(domain.text(x));
    if (place == places.end()) return "sample: it draws " + domain.text(x) + ", which for_each does not visit; draw what is admissible";
    ++counts[place->second];
  }
  if (all.size() <= 1000) {
    double distance = 0;  // chi square, far beyond what chance makes of it
    for (const double count : counts) distance += (count - 50) * (count - 50) / 50;
    const double freedom = static_cast<double>(all.size() - 1);
    if (distance > freedom + 8 * std::sqrt(2 * freedom) + 20) return "sample: some candidates are drawn far more often than others; draw uniformly";
  }
  for (int trial = 0; trial < 1000; ++trial) {
    const candidate x = drawn(), next = domain.mutate(x, first);
    if (!(next == domain.mutate(x, second))) return "mutate: equal random sources give other neighbours of " + domain.text(x) + "; draw from the source alone";
    if (!places.contains(domain.text(next))) return "mutate: " + domain.text(next) + " is not admissible; give a neighbour that is";
  }

  if constexpr (HasCoordinates<Type>) {
    const coordinates first_place = domain.coordinates_of(all[0]);
    for (const candidate& x : all) {
      const coordinates place = domain.coordinates_of(x);
      if (place.levels.size() != first_place.levels.size() || place.counts.size() != first_place.counts.size() || place.sizes.size() != first_place.sizes.size())
        return "coordinates_of: " + domain.text(x) + " has other numbers of coordinates than " + domain.text(all[0]) + "; give every candidate equally many";
      for (const auto* shares : {&place.levels, &place.counts})
        for (const double share : *shares)
          if (!(share >= -1e-9 && share <= 1 + 1e-9)) return "coordinates_of: " + domain.text(x) + " has a level or a count of " + std::to_string(share) + "; give shares, 0 to 1";
      for (const double size : place.sizes)
        if (!(size > 0) || !std::isfinite(size)) return "coordinates_of: " + domain.text(x) + " has a size of " + std::to_string(size) + "; give positive numbers";
    }
  }
  if constexpr (CrossesCandidates<Type>)
    for (int trial = 0; trial < 1000; ++trial) {
      const candidate x = drawn(), y = drawn(), child = domain.cross(x, y, first);
      if (!(child == domain.cross(x, y, second))) return "cross: equal random sources give other children of " + domain.text(x) + " and " + domain.text(y) + "; draw from the source alone";
      if (!places.contains(domain.text(child))) return "cross: " + domain.text(child) + " is not admissible; give x where the set has no such member";
    }

  if constexpr (CountsDownSets<Type>)
    for (int trial = 0; trial < 20; ++trial) {
      std::vector<down_set<candidate>> sets;
      for (int i = 0; i <= trial % 4; ++i) sets.push_back({drawn(), {domain.cost(drawn()), domain.cost(drawn())}});
      const auto counted = domain.count_below(std::span<const down_set<candidate>>(sets));
      if (!counted) continue;
      std::size_t listed = 0;
      for (const candidate& x : all) {
        bool inside = false;
        for (const down_set<candidate>& set : sets) inside = inside || (set.within.contains(domain.cost(x)) && domain.precedes(x, set.top));
        listed += inside;
      }
      if (*counted != listed)
        return "count_below: it counts " + std::to_string(static_cast<std::uint64_t>(*counted)) + " and " + std::to_string(listed) + " are there; count each once, or give nothing";
    }
  return "";
}

}  // namespace hasse
