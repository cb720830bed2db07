// The laws of the concept Policy, for whoever claims it: a test of your own policy is one call.
// Used by tests; nothing that searches includes it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include <hasse/core/hash.hpp>
#include <hasse/laws/domain.hpp>
#include <hasse/search/choices.hpp>
#include <hasse/search/policy.hpp>

namespace hasse {

namespace detail {
/// A merit for every candidate, from its text alone; every ninth training diverges.
template <Domain Space>
outcome planted_outcome(const Space& domain, const typename Space::candidate& x) {
  const std::uint64_t hash = fnv1a(domain.text(x));
  if (hash % 9 == 0) return {std::nullopt, "diverged"};
  return {static_cast<double>(domain.cost(x).count) + static_cast<double>(hash % 1000)};
}

/// What holds whenever a policy stands still.
template <Domain Space, Policy<Space> Type>
std::string broken_state(const Space& domain, const Type& policy, const std::vector<typename Space::candidate>& all,
                         const std::vector<trained<typename Space::candidate>>& told) {
  if (!(policy.done() == told)) return "done: it is not what was told, in order, with the costs of the domain and the merits; keep a ledger";
  frontier<typename Space::candidate> expected;
  for (const auto& each : told)
    if (each.merit) expected.add({each.candidate, each.cost, *each.merit});
  if (!(policy.boundary().points() == expected.points())) return "boundary: it is not the frontier of what was told; keep a ledger";
  if (!(policy.fraction() >= 0 && policy.fraction() <= 1)) return "fraction: it is " + std::to_string(policy.fraction()) + "; say from 0 to 1 how far the search is";
  std::size_t pruned = 0;
  for (const auto& x : all) {
    if (!policy.is_pruned(x)) continue;
    ++pruned;
    if (std::any_of(told.begin(), told.end(), [&](const auto& each) { return each.candidate == x; })) return "is_pruned: " + domain.text(x) + " is trained, not pruned";
  }
  if (const auto said = policy.pruned(); said && *said != pruned) return "pruned: it counts " + std::to_string(static_cast<std::uint64_t>(*said)) + " and is_pruned is true of " + std::to_string(pruned);
  if (const auto said = policy.living(); said && *said != all.size() - told.size() - pruned)
    return "living: it counts " + std::to_string(static_cast<std::uint64_t>(*said)) + " and " + std::to_string(all.size() - told.size() - pruned) + " are neither trained nor pruned";
  return "";
}
}  // namespace detail

/// "" when what `how` proposes on `domain` keeps the laws of the concept Policy, else a sentence about the first that it breaks. The
/// domain, which keeps its own laws, is visited whole: 2 to 100 000 candidates, some hundred are a good number.
template <Domain Space, Proposer<Space> Type>
std::string broken_law(const Type& how, const Space& domain) {
  using candidate = typename Space::candidate;
  const std::vector<candidate> all = detail::all_of(domain);
  const auto fresh = [&](stop_rule stop = {}) { return how.on(domain, stop); };
  const auto told_of = [&](const candidate& x, const outcome& result) { return trained<candidate>{x, domain.cost(x), result.merit}; };
  if (how.text().empty() || Type(how).text() != how.text()) return "text: it is empty, or a copy says something else; say all that decides the sequence";

  // One at a time, to the end; a second policy that is told the same, and a third that never was asked.
  auto policy = fresh(), twin = fresh(), reader = fresh();
  std::vector<trained<candidate>> told;
  std::vector<candidate> released;
  for (;;) {
    const std::optional<candidate> x = policy.ask(), y = twin.ask();
    if (!(x == y) || policy.state_hash() != twin.state_hash()) return "ask: two of the same options that were told the same go on differently; let nothing else decide";
    if (!x) break;
    if (told.size() == all.size()) return "ask: it gives " + domain.text(*x) + " when all are trained; end";
    if (policy.end() != search_end::none) return "end: it says " + std::string(to_text(policy.end())) + " and gives a candidate; say none until ask gives nothing";
    try {
      (void)domain.parse(domain.text(*x));
    } catch (const error& refused) {
      return "ask: it gives what the domain has not: " + std::string(refused.what());
    }
    if (std::any_of(told.begin(), told.end(), [&](const auto& each) { return each.candidate == *x; })) return "ask: it gives " + domain.text(*x) + " twice; each is trained once";
    if (policy.is_pruned(*x)) return "ask: it gives " + domain.text(*x) + ", which it calls pruned";
    if (told.size() < 40 && told.size() % 4 == 3) {  // what is released is no longer under way
      policy.release(*x), twin.release(*y), released.push_back(*x);
      if (!(policy.done() == told)) return "release: it changes what was told; only what is under way changes";
      const std::optional<candidate> again = policy.ask();
      if (!again) return "release: " + domain.text(*x) + " was released and is not given again; it may be asked for once more";
      if (!(again == twin.ask())) return "release: two of the same options go on differently after one; let nothing else decide";
      const outcome result = detail::planted_outcome(domain, *again);
      policy.tell(*again, result), twin.tell(*again, result), reader.tell(*again, result), told.push_back(told_of(*again, result));
    } else {
      const outcome result = detail::planted_outcome(domain, *x);
      policy.tell(*x, result), twin.tell(*x, result), reader.tell(*x, result), told.push_back(told_of(*x, result));
    }
    if (told.size() < 20 || told.size() % 16 == 0)
      if (const std::string broken = detail::broken_state(domain, policy, all, told); !broken.empty()) return broken;
    if (reader.state_hash() != policy.state_hash()) return "state_hash: one that was told the same in the same order differs; take it of what was told";
  }
  if (policy.end() == search_end::none || policy.fraction() != 1) return "end: ask gives nothing, and end() is none or fraction() below 1; say why it ended";
  for (const candidate& x : released)
    if (!policy.is_pruned(x) && std::none_of(told.begin(), told.end(), [&](const auto& each) { return each.candidate == x; }))
      return "release: " + domain.text(x) + " was released and never given again; it may be asked for once more";
  if (told.empty()) return "ask: a fresh policy gives nothing; propose one candidate at least";
  if (const std::string broken = detail::broken_state(domain, policy, all, told); !broken.empty()) return broken;

  // Several under way, told in another order than asked for.
  auto wide = fresh();
  std::vector<candidate> under_way;
  std::size_t count = 0;
  for (;;) {
    while (under_way.size() < 3)
      if (const auto x = wide.ask()) {
        if (std::find(under_way.begin(), under_way.end(), *x) != under_way.end()) return "ask: it gives " + domain.text(*x) + ", which is under way";
        under_way.push_back(*x);
      } else {
        break;
      }
    if (under_way.empty()) break;
    if (++count > all.size()) return "ask: several under way at a time, it gives more candidates than there are; each is trained once";
    const candidate x = under_way[count % under_way.size()];
    wide.tell(x, detail::planted_outcome(domain, x));
    std::erase(under_way, x);
  }

  // What was asked for one at a time, taken from a list up to somewhere.
  if constexpr (RetakesCandidates<std::remove_cvref_t<decltype(fresh())>, Space>) {
    auto whole = fresh({.trainings = 24});
    while (const auto x = whole.ask()) whole.tell(*x, detail::planted_outcome(domain, *x));
    for (std::size_t kept = 0; kept <= whole.done().size(); kept += 5) {
      auto again = fresh({.trainings = 24});
      for (std::size_t i = 0; i < kept; ++i) {
        const candidate& x = whole.done()[i].candidate;
        if (again.retake(x) != x) return "retake: it does not give " + domain.text(x) + ", which ask gave there; give what ask would";
        again.tell(x, detail::planted_outcome(domain, x));
      }
      while (const auto x = again.ask()) again.tell(*x, detail::planted_outcome(domain, *x));
      if (!(again.done() == whole.done())) return "retake: behind it ask goes on differently; leave everything as ask does";
    }
  }

  // Beside others: what they train is not asked for here, and settles nothing before it is told.
  if constexpr (TakesCandidates<std::remove_cvref_t<decltype(fresh())>, Space>) {
    auto others = fresh({.trainings = 24}), beside = fresh({.trainings = 24});
    while (const auto x = others.ask()) {
      const auto pruned = beside.pruned();
      if (!beside.take(*x) || beside.take(*x)) return "take: of " + domain.text(*x) + ", which nobody trains, it is true once and then false; keep a ledger";
      if (beside.pruned() != pruned || !(beside.done() == others.done())) return "take: " + domain.text(*x) + " settles something before it is told; only what is told does";
      const auto y = beside.ask();
      if (y == x) return "take: somebody trains " + domain.text(*x) + ", and it is asked for; ask for others";
      if (y) beside.release(*y);
      const outcome result = detail::planted_outcome(domain, *x);
      others.tell(*x, result), beside.tell(*x, result);
      if (beside.take(*x)) return "take: " + domain.text(*x) + " has been told, and is taken";
    }
    if (beside.state_hash() != others.state_hash()) return "take: it changes the state; only what is told does";
  }

  auto limited = fresh({.trainings = 3});
  std::size_t asked = 0;
  while (asked <= 3 && limited.ask()) ++asked;
  if (asked > 3 || (asked == 3 && limited.end() != search_end::trainings && told.size() > 3)) return "stop_rule: of 3 trainings it asks for more, or does not say that they ended it; keep a ledger";
  return "";
}

}  // namespace hasse
