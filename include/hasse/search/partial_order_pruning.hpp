// Partial Order Pruning (Li, Zhou, Pan, Feng, CVPR 2019): train uniformly drawn candidates, prune what cannot reach the frontier.
// Used by programs through session or exchange; models the concept Policy.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <vector>

#include <hasse/search/certificate.hpp>
#include <hasse/search/ledger.hpp>

namespace hasse {

struct pruning_options {
  std::uint64_t seed = 1;
  double margin = 0;  ///< a pruning net must be better by this much, in units of merit; about the deviation between seeds
  bool exclude = false;  ///< a pair that the costs contradict (x precedes w and costs more) prunes nothing
  stop_rule stop = {};
  std::size_t list_up_to = listing_limit;  ///< larger sets are drawn from instead of listed
};

/// For a trained w let y be the cheapest trained candidate with merit(y) >= merit(w) + margin. Every x that precedes w and is not cheaper
/// than y is pruned: merit(x) <= merit(w) <= merit(y) and cost(x) >= cost(y). A better y found later prunes more below every old w.
/// With `exclude` only x that cost no more than w: where the costs contradict the order, it is not believed in merit either.
/// Of a domain for several devices (CostsElsewhere) a candidate is pruned when it is so for each of them, with a certificate for each.
/// Drawing is uniform over what is neither trained, pruned nor under way. `domain` must outlive the policy.
template <Domain Space>
class partial_order_pruning {
 public:
  using candidate = typename Space::candidate;

  explicit partial_order_pruning(const Space& domain, pruning_options options = {})
      : ledger_(domain, options.seed, options.stop, options.list_up_to), options_(options) {
    if (!(options.margin >= 0) || !std::isfinite(options.margin)) throw error("the margin of pruning must be a number of at least 0; 0 trusts every merit");
  }

  std::optional<candidate> ask() {
    return ledger_.ask([&] { return ledger_.open.next([&](const candidate& x) { return !claims_of(x).empty(); }); });
  }

  /// Takes candidates that were never asked for, too.
  void tell(const candidate& x, const outcome& result) {
    const auto effect = ledger_.tell(x, result);
    if (!effect.was_listed) pruned_ -= std::erase_if(certificates_, [&](const auto& c) { return c.pruned == x; }) > 0;
    bounds_.push_back(std::vector<bound>(1 + ledger_.elsewhere.size()));
    if (result.merit) {
      cuts_.clear();
      if (effect.on_frontier)
        for (std::size_t w = 0; w + 1 < bounds_.size(); ++w) update(w);
      update(bounds_.size() - 1);
      if (ledger_.open.listed() && !cuts_.empty()) sweep();
    }
    if (ledger_.open.listed()) pruned_after_.push_back(pruned_);
  }

  /// A candidate that will not be trained after all, such as a queued one that has become pruned.
  void release(const candidate& x) { ledger_.release(x); }
  /// One that somebody else trains; it is told later. Until then it prunes nothing.
  bool take(const candidate& x) { return ledger_.take(x); }

  /// Whether x is in P: not trained, and excluded by something that is.
  bool is_pruned(const candidate& x) const { return certificate_of(x).has_value(); }

  /// The first of certificates_of.
  std::optional<certificate<candidate>> certificate_of(const candidate& x) const {
    const auto all = certificates_of(x);
    return all.empty() ? std::nullopt : std::optional(all.front());
  }
  /// One for each device where x is in P, else none.
  std::vector<certificate<candidate>> certificates_of(const candidate& x) const {
    return ledger_.open.told(x) ? std::vector<certificate<candidate>>() : claims_of(x);
  }

  /// Those of every member of P; empty for sets that are not listed, whose P `rules` describe.
  const std::vector<certificate<candidate>>& certificates() const { return certificates_; }
  const std::vector<trained<candidate>>& done() const { return ledger_.done; }
  const frontier<candidate>& boundary() const { return ledger_.boundary; }
  search_end end() const { return ledger_.end; }
  /// How far the search is, from 0 to 1.
  double fraction() const { return ledger_.fraction(pruned_); }
  double margin() const { return options_.margin; }

  /// Members of P after each training: the curve "pruned against trained" of a listed set; empty for others.
  const std::vector<std::size_t>& pruned_after() const { return pruned_after_; }
  /// The size of P: exact for listed sets and for those of domains that count down-sets. Nothing for others (see `living_share`).
  std::optional<count_type> pruned() const {
    if (ledger_.open.listed()) return pruned_;
    if constexpr (CountsDownSets<Space>) {
      if (!ledger_.elsewhere.empty()) return std::nullopt;  // what is pruned on every device lies in sets of each: nobody counts such
      std::vector<down_set<candidate>> sets;
      for (std::size_t w = 0; w < bounds_.size(); ++w)
        if (bounds_[w][0].from <= up_to(w)) sets.push_back({done()[w].candidate, {bounds_[w][0].from, up_to(w)}});
      const std::optional<count_type> all = static_cast<const Space&>(ledger_.domain()).count_below(sets);
      if (!all) return std::nullopt;
      // The trained ones among them are not in P.
      return *all - static_cast<count_type>(std::count_if(done().begin(), done().end(), [&](const auto& t) {
        return std::any_of(sets.begin(), sets.end(), [&](const auto& s) { return s.within.contains(t.cost) && ledger_.domain().precedes(t.candidate, s.top); });
      }));
    }
    return std::nullopt;
  }
  std::optional<count_type> living() const { return ledger_.living(ledger_.open.listed() ? 0 : pruned()); }

  /// P as rules: what precedes the trained `above`, is not cheaper than the trained `instead` (for a device; where there are several, some
  /// rule has to hold for each) and is not trained.
  struct rule {
    candidate above, instead;
    std::size_t device = 0;
  };
  std::vector<rule> rules() const {
    std::vector<rule> all;
    for (std::size_t w = 0; w < bounds_.size(); ++w)
      for (std::size_t device = 0; device < bounds_[w].size(); ++device)
        if (bounds_[w][device].from <= up_to(w, device)) all.push_back({done()[w].candidate, done()[bounds_[w][device].instead].candidate, device});
    return all;
  }

  /// The share of the admissible set that is neither trained nor pruned: exact when listed, else from so many draws.
  double living_share(std::size_t draws = 1000) const {
    const Space& domain = ledger_.domain();
    if (ledger_.open.listed()) return static_cast<double>(ledger_.open.living()) / std::max(1.0, static_cast<double>(domain.size()));
    random_source random(derive(options_.seed, 0x73686172 + done().size()));
    std::size_t living = 0;
    for (std::size_t i = 0; i < draws; ++i) {
      const candidate x = domain.sample(random);
      living += !ledger_.open.told(x) && claims_of(x).empty();
    }
    return static_cast<double>(living) / static_cast<double>(std::max<std::size_t>(draws, 1));
  }

  /// Equal hashes: equal seeds and equal trainings in equal order, so the same future.
  std::uint64_t state_hash() const { return ledger_.hash(); }

 private:
  // For the trained net of the same index and a device: y and its cost; `from` at its largest value when there is no y.
  struct bound {
    ticks from{INT64_MAX};
    std::size_t instead = 0;
  };
  // What precedes `above` and costs from <= cost < below is newly pruned.
  struct cut {
    std::size_t above;
    ticks from, below;
  };

  /// The greatest cost that the w-th trained candidate can prune; the greatest there is stands for none.
  ticks up_to(std::size_t w, std::size_t device = 0) const {
    return options_.exclude ? cost_on(ledger_.domain(), done()[w].candidate, device) : ticks{INT64_MAX - 1};
  }

  void update(std::size_t w) {
    const auto& net = ledger_.done[w];
    if (!net.merit) return;
    for (std::size_t device = 0; device < bounds_[w].size(); ++device) {
      const auto y = (device == 0 ? ledger_.front : ledger_.elsewhere[device - 1]).cheapest_reaching(*net.merit + options_.margin);
      if (!y) continue;
      bound& known = bounds_[w][device];
      if (y->cost < known.from) cuts_.push_back({w, y->cost, std::min(known.from, up_to(w, device) + ticks{1})});
      known = {y->cost, y->candidate};
    }
  }

  void sweep() {
    const Space& domain = ledger_.domain();
    ledger_.open.drop_if([&](const auto& x) {
      if (!ledger_.elsewhere.empty()) {
        const auto claims = claims_of(x.value);
        certificates_.insert(certificates_.end(), claims.begin(), claims.end());
        pruned_ += !claims.empty();
        return !claims.empty();
      }
      for (const cut& c : cuts_)
        if (c.from <= x.cost && x.cost < c.below && domain.precedes(x.value, ledger_.done[c.above].candidate)) {
          certificates_.push_back({x.value, ledger_.done[c.above].candidate, ledger_.done[bounds_[c.above][0].instead].candidate});
          ++pruned_;
          return true;
        }
      return false;
    });
  }

  /// A certificate for every device, or none where one of them has none.
  std::vector<certificate<candidate>> claims_of(const candidate& x) const {
    const Space& domain = ledger_.domain();
    std::vector<ticks> costs{domain.cost(x)};
    if constexpr (CostsElsewhere<Space>)
      for (const ticks each : domain.costs_elsewhere(x)) costs.push_back(each);
    std::vector<certificate<candidate>> claims;
    for (std::size_t device = 0; device < costs.size(); ++device) {
      std::size_t w = 0;
      while (w < bounds_.size() && !(bounds_[w][device].from <= costs[device] && costs[device] <= up_to(w, device) && domain.precedes(x, ledger_.done[w].candidate) && !(ledger_.done[w].candidate == x))) ++w;
      if (w == bounds_.size()) return {};
      claims.push_back({x, ledger_.done[w].candidate, ledger_.done[bounds_[w][device].instead].candidate, device});
    }
    return claims;
  }

  ledger<Space> ledger_;
  pruning_options options_;
  std::vector<std::vector<bound>> bounds_;  // by trained net, then by device
  std::vector<cut> cuts_;
  std::vector<certificate<candidate>> certificates_;
  std::size_t pruned_ = 0;                  // of listed sets
  std::vector<std::size_t> pruned_after_;
};

}  // namespace hasse
