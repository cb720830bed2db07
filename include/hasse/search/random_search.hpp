// Random search without replacement: the yardstick of every other policy.
// Used by programs through session or exchange; models the concept Policy.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <hasse/search/ledger.hpp>

namespace hasse {

struct random_options {
  std::uint64_t seed = 1;
  stop_rule stop = {};
  std::size_t list_up_to = listing_limit;
};

/// Uniform over what has not been asked for. With the seed of a `partial_order_pruning` it goes through the same order and skips nothing.
template <Domain Space>
class random_search : public policy_on_ledger<Space> {
 public:
  using candidate = typename Space::candidate;

  explicit random_search(const Space& domain, random_options options = {})
      : policy_on_ledger<Space>(domain, options.seed, options.stop, options.list_up_to) {}

  std::optional<candidate> ask() {
    return this->books().ask([&] { return this->books().open.next([](const candidate&) { return false; }); });
  }
};

}  // namespace hasse
