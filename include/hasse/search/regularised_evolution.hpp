// Regularised evolution (Real, Aggarwal, Huang, Le, AAAI 2019) for a frontier: parents by tournament, the oldest leaves.
// Used by programs through session or exchange; models the concept Policy.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <hasse/search/detail/ledger.hpp>

namespace hasse {

struct evolution_options {
  std::uint64_t seed = 1;
  std::size_t population = 50;  ///< the most recent so many trainings with an accuracy
  std::size_t tournament = 10;  ///< drawn from the population with replacement, for each parent
  stop_rule stop = {};
  std::size_t list_up_to = listing_limit;
};

/// Until the population is full: random candidates. Then a child of a tournament's winner, one mutation away; while the child is known
/// already it is mutated again, and after 100 mutations a random candidate takes its place. Nothing is trained twice.
/// A frontier has no single best, so the winner is drawn from the members of the tournament that no other member dominates.
template <Domain Space>
class regularised_evolution {
 public:
  using candidate = typename Space::candidate;
  static constexpr int most_mutations = 100;

  explicit regularised_evolution(const Space& domain, evolution_options options = {})
      : ledger_(domain, options.seed, options.stop, options.list_up_to), options_(options) {
    if (options.population < 1 || options.tournament < 1) throw error("evolution needs a population and a tournament of at least 1");
  }

  std::optional<candidate> ask() {
    return ledger_.ask([&]() -> std::optional<candidate> {
      if (population_.size() >= options_.population && !all_told())
        if (const auto found = child()) return found;
      return ledger_.open.next([](const candidate&) { return false; });
    });
  }

  void tell(const candidate& x, const outcome& result) {
    ledger_.tell(x, result);
    children_ = 0;
    if (!result.accuracy) return;
    population_.push_back(ledger_.done.size() - 1);
    if (population_.size() > options_.population) population_.erase(population_.begin());
  }

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
  bool all_told() const { return ledger_.open.listed() && ledger_.open.living() == 0; }

  // The source depends on what was told and on how many were asked for since, not on its own past: a replay of tells restores it.
  std::optional<candidate> child() {
    random_source random(derive(ledger_.hash(), children_++));
    std::vector<std::size_t> rivals(options_.tournament);
    for (std::size_t& rival : rivals) rival = population_[static_cast<std::size_t>(random.below(population_.size()))];
    std::vector<std::size_t> winners;
    std::copy_if(rivals.begin(), rivals.end(), std::back_inserter(winners), [&](std::size_t one) {
      return std::none_of(rivals.begin(), rivals.end(), [&](std::size_t other) { return dominates(done()[other], done()[one]); });
    });
    candidate x = done()[winners[static_cast<std::size_t>(random.below(winners.size()))]].candidate;
    for (int i = 0; i < most_mutations; ++i) {
      x = ledger_.domain().mutate(x, random);
      if (ledger_.open.take(x)) return x;
    }
    return std::nullopt;
  }

  static bool dominates(const trained<candidate>& one, const trained<candidate>& other) {
    const bool not_worse = one.latency <= other.latency && *one.accuracy >= *other.accuracy;
    return not_worse && !(one.latency == other.latency && *one.accuracy == *other.accuracy);
  }

  detail::ledger<Space> ledger_;
  evolution_options options_;
  std::vector<std::size_t> population_;  // indices into done, oldest first
  std::uint64_t children_ = 0;
};

}  // namespace hasse
