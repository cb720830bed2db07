// What every policy keeps: the trained candidates in order, their frontier, how many are under way, and the stopping rules.
// Used by the policies of search and by yours: examples/12_own_policy.cpp.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include <hasse/core/hash.hpp>
#include <hasse/search/open_candidates.hpp>
#include <hasse/search/policy.hpp>

namespace hasse {

/// The bookkeeping of a policy over `admissible`, which must outlive it. A policy proposes and learns; everything else of the concept
/// Policy is answered from here. `seed` decides the order of `open`; sets of at most `list_up_to` candidates are listed.
template <Domain Space>
class ledger {
 public:
  using candidate = typename Space::candidate;

  explicit ledger(const Space& admissible, std::uint64_t seed = 1, stop_rule stop = {}, std::size_t list_up_to = listing_limit)
      : open(admissible, seed, list_up_to), domain_(&admissible), stop_(stop), hash_(fnv1a("seed", seed)) {}

  /// The next candidate that `propose` gives, unless a stopping rule holds. `propose` takes it from `open`: by open.next(...), or, where
  /// the policy chose it itself, by open.take(x), which is false for one that is under way or told.
  template <class Propose>
  std::optional<candidate> ask(Propose propose) {
    if (stop_.trainings > 0 && done.size() + under_way_ >= stop_.trainings) return end = search_end::trainings, std::nullopt;
    if (stop_.unchanged > 0 && unchanged_ >= stop_.unchanged) return end = search_end::unchanged, std::nullopt;
    std::optional<candidate> asked = propose();
    end = asked ? search_end::none : open.listed() ? search_end::exhausted : search_end::sparse;
    if (asked) ++under_way_;
    return asked;
  }

  /// x will not be trained now.
  void release(const candidate& x) {
    if (const auto again = repeated_.find(domain_->text(x)); again != repeated_.end()) repeated_.erase(again);
    else open.put_back(x);
    --under_way_;
  }

  /// x is under way elsewhere. False when it is so already, or has been told and is not repeated.
  bool take(const candidate& x) {
    const bool is_taken = open.take(x) || repeat(x);
    under_way_ += is_taken;
    return is_taken;
  }

  /// For `propose` of ask: x, which has been told, is under way once more; false when it is so already, or was never told.
  bool repeat(const candidate& x) { return repeats && open.told(x) && repeated_.insert(domain_->text(x)).second; }

  /// What became of a told candidate: whether it was still listed, and whether it changed the frontier.
  struct effect {
    bool was_listed, on_frontier;
  };

  /// Notes what came of x; each candidate is told once, unless the policy repeats trainings.
  effect tell(const candidate& x, const outcome& result) {
    if (result.merit && !std::isfinite(*result.merit))
      throw error("the merit of " + domain_->text(x) + " is not a finite number; tell a training that diverged without merit");
    const bool again = repeats && open.told(x), asked = again ? repeated_.erase(domain_->text(x)) > 0 : open.taken(x);
    effect changed{.was_listed = again ? false : open.close(x), .on_frontier = false};
    if (asked) --under_way_;
    if (!again) ++told_;
    const std::size_t index = done.size();
    done.push_back({x, domain_->cost(x), result.merit});
    if (result.merit) {
      boundary.add({x, done.back().cost, *result.merit});
      changed.on_frontier = front.add({index, done.back().cost, *result.merit});
    }
    if constexpr (CostsElsewhere<Space>) {
      const std::vector<ticks> costs = domain_->costs_elsewhere(x);
      elsewhere.resize(costs.size());
      for (std::size_t device = 0; device < costs.size(); ++device)
        if (result.merit && elsewhere[device].add({index, costs[device], *result.merit})) changed.on_frontier = true;
    }
    unchanged_ = changed.on_frontier ? 0 : unchanged_ + 1;
    hash_ = fnv1a(domain_->text(x), hash_);
    hash_ = fnv1a(hex64(result.merit ? std::bit_cast<std::uint64_t>(*result.merit) : ~std::uint64_t{}).view(), hash_);
    return changed;
  }

  /// Of all that was told, in order.
  std::uint64_t hash() const { return hash_; }

  /// How far the search is, from 0 to 1: of its budget or of the admissible set, whichever is further.
  double fraction(std::size_t pruned) const {
    if (end != search_end::none) return 1;
    const double settled = static_cast<double>(told_ + pruned) / std::max(1.0, static_cast<double>(domain_->size()));
    const double spent = stop_.trainings > 0 ? static_cast<double>(done.size()) / static_cast<double>(stop_.trainings) : 0;
    return std::clamp(std::max(settled, spent), 0.0, 1.0);
  }
  /// How many candidates are neither trained nor among `pruned` ones.
  std::optional<count_type> living(std::optional<count_type> pruned) const {
    if (open.listed()) return open.living();
    return pruned ? std::optional(static_cast<count_type>(domain_->size()) - told_ - *pruned) : std::nullopt;
  }
  const Space& domain() const { return *domain_; }

  open_candidates<Space> open;           ///< what may still be asked for
  std::vector<trained<candidate>> done;  ///< in the order in which it was told
  frontier<candidate> boundary;
  frontier<std::size_t> front;  ///< the same points as indices into done
  std::vector<frontier<std::size_t>> elsewhere;  ///< of domains that model CostsElsewhere: such frontiers of the further devices
  search_end end = search_end::none;
  bool repeats = false;  ///< whether a candidate may be told more than once

 private:
  const Space* domain_;
  stop_rule stop_;
  std::size_t under_way_ = 0, unchanged_ = 0, told_ = 0;
  std::unordered_set<std::string> repeated_;  // under way once more
  std::uint64_t hash_;
};

/// What most policies answer alike: derive from it, add ask(), and tell() where the policy learns from outcomes. Nothing is pruned.
template <Domain Space>
class policy_on_ledger {
 public:
  using candidate = typename Space::candidate;

  /// As `ledger`. `domain` must outlive the policy.
  explicit policy_on_ledger(const Space& domain, std::uint64_t seed = 1, stop_rule stop = {}, std::size_t list_up_to = listing_limit)
      : books_(domain, seed, stop, list_up_to) {}

  void tell(const candidate& x, const outcome& result) { books_.tell(x, result); }
  void release(const candidate& x) { books_.release(x); }
  bool take(const candidate& x) { return books_.take(x); }
  bool is_pruned(const candidate&) const { return false; }
  const std::vector<trained<candidate>>& done() const { return books_.done; }
  const frontier<candidate>& boundary() const { return books_.boundary; }
  search_end end() const { return books_.end; }
  /// How far the search is, from 0 to 1.
  double fraction() const { return books_.fraction(0); }
  std::optional<count_type> pruned() const { return 0; }
  std::optional<count_type> living() const { return books_.living(0); }
  std::uint64_t state_hash() const { return books_.hash(); }

 protected:
  ledger<Space>& books() { return books_; }
  const ledger<Space>& books() const { return books_; }
  const Space& domain() const { return books_.domain(); }

 private:
  ledger<Space> books_;
};

}  // namespace hasse
