// How a policy talks: it is asked for a candidate, and told what came of it. Any engine can sit on the other side.
// Used by every policy, those that ship and yours (examples/12_own_policy.cpp), by session and by exchange.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/search/domain.hpp>
#include <hasse/search/frontier.hpp>

namespace hasse {

/// What a training gave: a merit (the larger the better, any finite scale: metric::merit makes it of a metric), or none when it diverged.
/// `note` is one line for the journal, such as the hash of the training's log.
struct outcome {
  std::optional<double> merit;
  std::string note = {};
  friend bool operator==(const outcome&, const outcome&) = default;
};

/// A candidate that has been told, in order. Without merit it counts as trained, prunes nothing and is on no frontier.
template <class Candidate>
struct trained {
  Candidate candidate{};
  ticks cost{};
  std::optional<double> merit;
  friend bool operator==(const trained&, const trained&) = default;
};

/// When to stop before nothing lives; 0 means never.
struct stop_rule {
  std::size_t trainings = 0;  ///< so many candidates asked for in all
  std::size_t unchanged = 0;  ///< the frontier stayed the same for so many consecutive trainings (20 is a good value)
};

/// Why `ask` gives nothing.
enum class search_end : std::uint8_t {
  none,       ///< it still gives something
  exhausted,  ///< every candidate is trained, pruned or under way
  sparse,     ///< a set too large to list: so many draws in a row were pruned or known that hardly anything can live
  trainings,  ///< `stop_rule::trainings` was reached
  unchanged,  ///< `stop_rule::unchanged` was reached
  expected    ///< a model expects that what is left adds less than was asked for
};

constexpr std::string_view to_text(search_end end) {
  switch (end) {
    case search_end::none: return "running";
    case search_end::exhausted: return "nothing lives";
    case search_end::sparse: return "hardly anything lives";
    case search_end::trainings: return "budget of trainings spent";
    case search_end::unchanged: return "frontier unchanged";
    case search_end::expected: return "enough, as the model expects";
  }
  return "";
}

/// `ask()` gives nothing when the search has ended; several candidates may be under way at a time, each is told once or released.
/// (A policy whose `repeats()` is true may ask for what was told: another run of it, which is told like the first.)
template <class Type, class Space>
concept AsksForCandidates = requires(Type& policy) {
  { policy.ask() } -> std::same_as<std::optional<typename Space::candidate>>;
};
template <class Type, class Space>
concept IsToldOutcomes = requires(Type& policy, const typename Space::candidate& x, const outcome& result) {
  policy.tell(x, result);
  policy.release(x);
};
/// `done()`: what was told, in order; `boundary()`: its frontier. Both stay where they are.
template <class Type, class Space>
concept KeepsTrained = requires(const Type& policy) {
  { policy.done() } -> std::same_as<const std::vector<trained<typename Space::candidate>>&>;
  { policy.boundary() } -> std::same_as<const frontier<typename Space::candidate>&>;
};
/// `pruned()` and `living()` are exact numbers, or nothing where a set is too large to be counted.
template <class Type, class Space>
concept CountsPruned = requires(const Type& policy, const typename Space::candidate& x) {
  { policy.is_pruned(x) } -> std::same_as<bool>;
  { policy.pruned() } -> std::same_as<std::optional<count_type>>;
  { policy.living() } -> std::same_as<std::optional<count_type>>;
};
/// `fraction()`: from 0 to 1; `end()`: why ask gives nothing; `state_hash()`: of what was told, in which order.
template <class Type>
concept SaysHowFar = requires(const Type& policy) {
  { policy.fraction() } -> std::same_as<double>;
  { policy.end() } -> std::same_as<search_end>;
  { policy.state_hash() } -> std::same_as<std::uint64_t>;
};

/// ask/tell. What follows depends only on the seed, the options and what was told in which order: telling the same again restores a search.
/// policy_on_ledger (search/ledger.hpp) has all of it but ask(). Whoever models it keeps the laws in hasse/laws/policy.hpp.
template <class Type, class Space>
concept Policy = Domain<Space> && AsksForCandidates<Type, Space> && IsToldOutcomes<Type, Space> && KeepsTrained<Type, Space> && CountsPruned<Type, Space> && SaysHowFar<Type>;

/// What a policy may offer beside others who search the same: `take(x)` says that somebody trains x, which was not asked for here and will
/// be told; false where it is under way or told. (Of others x is asked for again and put aside.)
template <class Type, class Space>
concept TakesCandidates = Policy<Type, Space> && requires(Type& policy, const typename Space::candidate& x) {
  { policy.take(x) } -> std::same_as<bool>;
};

/// What a policy may offer whose proposals take time: `retake(x)` is `ask()` where it is known that x was asked for, and need not work out why.
/// It may give something else, or nothing, where it sees that it would not have asked for x.
template <class Type, class Space>
concept RetakesCandidates = Policy<Type, Space> && requires(Type& policy, const typename Space::candidate& x) {
  { policy.retake(x) } -> std::same_as<std::optional<typename Space::candidate>>;
};

}  // namespace hasse
