// Random search without replacement: the yardstick of every other policy.
// Used by programs through session or exchange; models the concept Policy.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <hasse/search/detail/ledger.hpp>

namespace hasse {

struct random_options {
  std::uint64_t seed = 1;
  stop_rule stop = {};
  std::size_t list_up_to = listing_limit;
};

/// Uniform over what has not been asked for. With the seed of a `partial_order_pruning` it goes through the same order and skips nothing.
template <Domain Space>
class random_search {
 public:
  using candidate = typename Space::candidate;

  explicit random_search(const Space& domain, random_options options = {}) : ledger_(domain, options.seed, options.stop, options.list_up_to) {}

  std::optional<candidate> ask() {
    return ledger_.ask([&] { return ledger_.open.next([](const candidate&) { return false; }); });
  }
  void tell(const candidate& x, const outcome& result) { ledger_.tell(x, result); }
  void release(const candidate& x) { ledger_.release(x); }

  bool is_pruned(const candidate&) const { return false; }
  const std::vector<trained<candidate>>& done() const { return ledger_.done; }
  const frontier<candidate>& boundary() const { return ledger_.boundary; }
  search_end end() const { return ledger_.end; }
  /// How far the search is, from 0 to 1.
  double fraction() const { return ledger_.fraction(0); }
  std::optional<count_type> pruned() const { return 0; }
  std::optional<count_type> living() const { return ledger_.living(0); }
  std::uint64_t state_hash() const { return ledger_.hash(); }

 private:
  detail::ledger<Space> ledger_;
};

}  // namespace hasse
