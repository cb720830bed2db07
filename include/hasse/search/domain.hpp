// What can be searched: a finite set of candidates with a cost, a partial order, a uniform sampler and a text form.
// Used by every policy of search; a search space with what its parts cost models it, and so does a table of trained networks.
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/random.hpp>
#include <hasse/core/units.hpp>

namespace hasse {

/// Up to this many candidates are listed, so that sampling stays uniform over what is left to the very end; larger sets are drawn from.
inline constexpr std::size_t listing_limit = 10'000'000;

/// `candidate` is a cheap value: what a policy asks for.
template <class Type>
concept HasCandidate = std::regular<typename Type::candidate>;

/// `size()` is the exact number of admissible candidates; `for_each(f)` visits each once (called only up to `listing_limit`).
template <class Type>
concept ListsCandidates = HasCandidate<Type> && requires(const Type& domain, void (*visit)(const typename Type::candidate&)) {
  { domain.size() } -> std::convertible_to<count_type>;
  domain.for_each(visit);
};

/// `sample(random)` is uniform over the admissible set; `mutate(x, random)` is an admissible neighbour of x.
template <class Type>
concept DrawsCandidates = HasCandidate<Type> && requires(const Type& domain, const typename Type::candidate& x, random_source& random) {
  { domain.sample(random) } -> std::same_as<typename Type::candidate>;
  { domain.mutate(x, random) } -> std::same_as<typename Type::candidate>;
};

/// `cost(x)` is what a search makes small, as measured or counted, in ticks of a price; it is never inferred from the order.
template <class Type>
concept CostsCandidates = HasCandidate<Type> && requires(const Type& domain, const typename Type::candidate& x) {
  { domain.cost(x) } -> std::same_as<ticks>;
};

/// What a domain may offer whose candidates are wanted for several devices at once: `costs_elsewhere(x)` is what x costs on further ones, equally
/// many for all candidates (none, where there is one device after all) and always in the same order.
template <class Type>
concept CostsElsewhere = CostsCandidates<Type> && requires(const Type& domain, const typename Type::candidate& x) {
  { domain.costs_elsewhere(x) } -> std::same_as<std::vector<ticks>>;
};

/// `precedes(x, y)` is a reflexive partial order.
template <class Type>
concept OrdersCandidates = HasCandidate<Type> && requires(const Type& domain, const typename Type::candidate& x) {
  { domain.precedes(x, x) } -> std::convertible_to<bool>;
};

/// `text(x)` is canonical (equal candidates, equal texts); `parse(text)` is its inverse and throws `error` on anything inadmissible.
template <class Type>
concept NamesCandidates = HasCandidate<Type> && requires(const Type& domain, const typename Type::candidate& x, std::string_view text) {
  { domain.text(x) } -> std::convertible_to<std::string>;
  { domain.parse(text) } -> std::same_as<typename Type::candidate>;
};

/// What a domain may offer besides, so that sets too large to list are counted too: the exact number of candidates that lie in at least
/// one of the sets, or nothing when that takes too much work.
template <class Type>
concept CountsDownSets = HasCandidate<Type> && requires(const Type& domain, std::span<const down_set<typename Type::candidate>> sets) {
  { domain.count_below(sets) } -> std::same_as<std::optional<count_type>>;
};

/// What x costs on a device: on the one of cost(x), which is 0, or on a further one.
template <CostsCandidates Type>
ticks cost_on(const Type& domain, const typename Type::candidate& x, std::size_t device) {
  if constexpr (CostsElsewhere<Type>)
    if (device > 0) return domain.costs_elsewhere(x).at(device - 1);
  return domain.cost(x);
}

/// The admissible set of a search. Policies keep a reference: a domain must outlive them and must not change.
template <class Type>
concept Domain = ListsCandidates<Type> && DrawsCandidates<Type> && CostsCandidates<Type> && OrdersCandidates<Type> && NamesCandidates<Type>;

}  // namespace hasse
