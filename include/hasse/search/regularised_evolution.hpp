// Regularised evolution (Real, Aggarwal, Huang, Le, AAAI 2019) for a frontier: parents by tournament, the oldest leaves.
// Used by programs through session or exchange; models the concept Policy.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include <hasse/search/ledger.hpp>

namespace hasse {

struct evolution_options {
  std::uint64_t seed = 1;
  std::size_t population = 50;  ///< the most recent so many trainings with a merit
  std::size_t tournament = 10;  ///< drawn from the population with replacement, for each parent
  stop_rule stop = {};
  std::size_t list_up_to = listing_limit;
};

/// Until the population is full: random candidates. Then a child of a tournament's winner, one mutation away; while the child is known
/// already it is mutated again, and after 100 mutations a random candidate takes its place. Nothing is trained twice.
/// A frontier has no single best, so the winner is drawn from the members of the tournament that no other member dominates.
template <Domain Space>
class regularised_evolution : public policy_on_ledger<Space> {
  using base = policy_on_ledger<Space>;
  using base::books, base::domain;

 public:
  using candidate = typename Space::candidate;
  using base::done;
  static constexpr int most_mutations = 100;

  explicit regularised_evolution(const Space& admissible, evolution_options options = {})
      : base(admissible, options.seed, options.stop, options.list_up_to), options_(options) {
    if (options.population < 1 || options.tournament < 1) throw error("evolution needs a population and a tournament of at least 1");
  }

  std::optional<candidate> ask() {
    return books().ask([&]() -> std::optional<candidate> {
      if (population_.size() >= options_.population && !all_told())
        if (const auto found = child()) return found;
      return books().open.next([](const candidate&) { return false; });
    });
  }

  bool take(const candidate& x) {
    ++children_;  // as if it had been asked for here: the next child has another source
    return base::take(x);
  }

  void tell(const candidate& x, const outcome& result) {
    books().tell(x, result);
    children_ = 0;
    if (!result.merit) return;
    population_.push_back(books().done.size() - 1);
    if (population_.size() > options_.population) population_.erase(population_.begin());
  }

 private:
  bool all_told() const { return books().open.listed() && books().open.living() == 0; }

  // The source depends on what was told and on how many were asked for since, not on its own past: a replay of tells restores it.
  std::optional<candidate> child() {
    random_source random(derive(books().hash(), children_++));
    std::vector<std::size_t> rivals(options_.tournament);
    for (std::size_t& rival : rivals) rival = population_[static_cast<std::size_t>(random.below(population_.size()))];
    std::vector<std::size_t> winners;
    std::copy_if(rivals.begin(), rivals.end(), std::back_inserter(winners), [&](std::size_t one) {
      return std::none_of(rivals.begin(), rivals.end(), [&](std::size_t other) { return dominates(done()[other], done()[one]); });
    });
    candidate x = done()[winners[static_cast<std::size_t>(random.below(winners.size()))]].candidate;
    for (int i = 0; i < most_mutations; ++i) {
      x = domain().mutate(x, random);
      if (books().open.take(x)) return x;
    }
    return std::nullopt;
  }

  static bool dominates(const trained<candidate>& one, const trained<candidate>& other) {
    const bool not_worse = one.cost <= other.cost && *one.merit >= *other.merit;
    return not_worse && !(one.cost == other.cost && *one.merit == *other.merit);
  }

  evolution_options options_;
  std::vector<std::size_t> population_;  // indices into done, oldest first
  std::uint64_t children_ = 0;
};

}  // namespace hasse
