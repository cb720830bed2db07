// Why a candidate was pruned, in a form that anyone can check without the search that wrote it.
// Used by partial_order_pruning, by result (reports) and by tests.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include <hasse/search/policy.hpp>

namespace hasse {

/// `pruned` precedes the trained `above`, so it is at most as good; the trained `instead` is at least as good as `above`
/// (by the margin) and costs no more than `pruned`. So `instead` is at least as good a choice as `pruned`.
template <class Candidate>
struct certificate {
  Candidate pruned{}, above{}, instead{};
  std::size_t device = 0;  ///< for which it holds, as of cost_on; where there are several, a pruned candidate has one for each
  friend bool operator==(const certificate&, const certificate&) = default;
};

/// Empty when the certificate holds for what was trained; else the sentence that says which claim fails. `margin` and `exclude` are those
/// of the pruning.
template <Domain Space>
std::string certificate_fault(const Space& domain, const certificate<typename Space::candidate>& claim,
                              const std::vector<trained<typename Space::candidate>>& done, double margin = 0,
                              bool exclude = false) {
  const auto find = [&](const auto& x) { return std::find_if(done.begin(), done.end(), [&](const auto& t) { return t.candidate == x; }); };
  const auto above = find(claim.above), instead = find(claim.instead);
  const std::string who = domain.text(claim.pruned);
  if (find(claim.pruned) != done.end()) return who + " is trained, not pruned";
  if (above == done.end() || !above->merit) return domain.text(claim.above) + " has no merit, so it bounds nothing";
  if (instead == done.end() || !instead->merit) return domain.text(claim.instead) + " has no merit, so it replaces nothing";
  if (!domain.precedes(claim.pruned, claim.above)) return who + " does not precede " + domain.text(claim.above);
  const auto cost = [&](const auto& x) { return cost_on(domain, x, claim.device); };
  if (exclude && cost(claim.pruned) > cost(claim.above))
    return who + " costs more than " + domain.text(claim.above) + ", which it precedes: the costs contradict the order, and such a pair prunes nothing";
  if (!(*instead->merit >= *above->merit + margin)) return domain.text(claim.instead) + " is not good enough to replace " + who;
  if (cost(claim.pruned) < cost(claim.instead)) return who + " costs less than " + domain.text(claim.instead);
  return {};
}

}  // namespace hasse
