// The search loop: ask, train, write down, tell. A killed run that starts again replays its journal and goes on where it stopped.
// Used by programs; wires a Domain, a Policy and an Evaluator together.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/number_text.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/price/price.hpp>
#include <hasse/search/policy.hpp>

namespace hasse {

/// Trains and scores the `ordinal`-th candidate (from 0). It may take hours and keep checkpoints of its own: after a kill it is called
/// again with the same arguments. What must end the search is thrown; a training that diverges is an outcome without merit.
/// Optional: `configuration()` says all that its outcomes depend on, so that a journal of others is refused.
template <class Type, class Space>
concept Evaluator = requires(Type& evaluator, const typename Space::candidate& x, std::size_t ordinal) {
  { evaluator.evaluate(x, ordinal) } -> std::convertible_to<outcome>;
};

/// How a journal calls what a candidate costs, in ticks, and its merit.
struct journal_words {
  std::string cost = "latency_ticks", merit = "accuracy";
  /// Of further devices, as a list; left out where there are none.
  std::string further() const { return "further_" + cost; }

  /// Of searches by another price than latency, and for another metric than accuracy.
  static journal_words of(const price_unit& unit, std::string_view metric) {
    return {unit == in_milliseconds ? "latency_ticks" : "cost_ticks", metric == "accuracy" ? "accuracy" : "merit"};
  }
};

struct session_options {
  /// Says what the outcomes depend on: policy, options, seed, space, table, data, recipe. A journal that says otherwise is refused.
  std::string configuration = {};
  journal_words words = {};
  progress_sink progress = {};
  std::size_t most = 0;  ///< trainings that there will be, for those who watch; 0: not known
  /// Asked before each training; true ends the call early, and a later call goes on.
  std::function<bool()> interrupted = {};
};

template <class Candidate>
struct search_result {
  std::vector<trained<Candidate>> done;  ///< in the order of training
  frontier<Candidate> boundary;
  std::vector<frontier<Candidate>> elsewhere;  ///< the same for further devices (CostsElsewhere)
  std::size_t failed = 0;                      ///< of `done`, without merit
  std::size_t replayed = 0;                    ///< of `done`, from the journal
  std::size_t own = 0;                         ///< of `done`, by this process
  std::optional<count_type> pruned, living;    ///< nothing where they cannot be counted
  search_end end = search_end::none;           ///< none: interrupted

  /// Trainings saved per training, as the paper counts (its 438 / 200 = 2.2); nothing where `pruned` is not known.
  std::optional<double> pruned_per_training() const { return ratio(0); }
  /// Candidates settled per training, (trained + pruned) / trained (the paper's numbers would give 3.2).
  std::optional<double> settled_per_training() const { return ratio(done.size()); }

 private:
  std::optional<double> ratio(std::size_t more) const {
    if (!pruned) return std::nullopt;
    return done.empty() ? 0 : static_cast<double>(*pruned + more) / static_cast<double>(done.size());
  }
};

namespace detail {
template <class Space>
std::vector<frontier<typename Space::candidate>> boundaries_elsewhere(const Space& domain, const std::vector<trained<typename Space::candidate>>& done) {
  std::vector<frontier<typename Space::candidate>> all;
  if constexpr (CostsElsewhere<Space>)
    for (const auto& each : done) {
      const std::vector<ticks> costs = domain.costs_elsewhere(each.candidate);
      all.resize(costs.size());
      for (std::size_t device = 0; device < costs.size(); ++device)
        if (each.merit) all[device].add({each.candidate, costs[device], *each.merit});
    }
  return all;
}

/// Before it is written: a null would count as diverged.
inline void require_finite(const std::string& candidate, const outcome& found) {
  if (found.merit && !std::isfinite(*found.merit))
    throw error("the evaluator calls the merit of " + candidate + " " + (std::isnan(*found.merit) ? "not a number" : "infinite") +
                "; return an outcome without merit for a training that diverged");
}

/// What a policy knows at the end.
template <class Space, class Search>
void fill(search_result<typename Space::candidate>& result, const Space& domain, const Search& policy) {
  result.done = policy.done();
  result.boundary = policy.boundary();
  result.elsewhere = boundaries_elsewhere(domain, result.done);
  result.failed = static_cast<std::size_t>(std::count_if(result.done.begin(), result.done.end(), [](const auto& t) { return !t.merit; }));
  result.pruned = policy.pruned(), result.living = policy.living(), result.end = policy.end();
}

/// What a policy asks for where a journal says `text`: worked out again, unless the policy takes the journal's word.
template <class Space, class Search>
std::optional<typename Space::candidate> asked_again(Search& policy, const Space& domain, const std::string& text) {
  if constexpr (RetakesCandidates<Search, Space>) {
    std::optional<typename Space::candidate> x;
    try {
      x = domain.parse(text);
    } catch (const error&) {  // not admissible (now): what is asked for instead says more
    }
    if (x) return policy.retake(*x);
  }
  return policy.ask();
}

/// What a candidate costs on further devices, as a journal has it.
template <class Space>
std::vector<std::int64_t> further_ticks(const Space& domain, const typename Space::candidate& x) {
  std::vector<std::int64_t> all;
  if constexpr (CostsElsewhere<Space>)
    for (const ticks each : domain.costs_elsewhere(x)) all.push_back(each.count);
  return all;
}

/// A training, as a journal has it.
template <class Space>
json record_of(const Space& domain, const typename Space::candidate& x, const outcome& found, const journal_words& words) {
  json said{{"candidate", domain.text(x)},
            {words.cost, domain.cost(x).count},
            {words.merit, found.merit ? number_or_null(*found.merit) : json(nullptr)},
            {"note", found.note}};
  if (const auto further = further_ticks(domain, x); !further.empty()) said[words.further()] = further;
  return said;
}

template <class Space, class Search>
void replay_into(Search& policy, const Space& domain, const journal& book, const std::string& configuration, const journal_words& words) {
  // Costs that were measured anew have the policy ask for others, too, so that both are named.
  const auto other = [&](const journal_record& record, const std::string& what) {
    return file_error(book.path().string(), "is the journal of another configuration (record " + std::to_string(record.sequence) + " " + what + ")",
                      "start with the settings and the costs that it was begun with, or choose another folder");
  };
  for (const journal_record& record : book.records()) {
    const std::string path = book.path().string(), place = "record " + std::to_string(record.sequence);
    if (record.operation == "search" && require<std::string>(record.payload, "configuration", path, place) != configuration)
      throw other(record, "says " + in_quotes(with_short_numbers(require<std::string>(record.payload, "configuration", path, place))) + ", this run " + in_quotes(with_short_numbers(configuration)));
    if (record.operation != "trained") continue;
    const auto text = require<std::string>(record.payload, "candidate", path, place);
    const auto x = asked_again(policy, domain, text);
    if (!x) throw other(record, "trains " + in_quotes(text) + " where this search ends");
    if (domain.text(*x) != text) throw other(record, "trains " + in_quotes(text) + " where this search trains " + in_quotes(domain.text(*x)));
    if (require<std::int64_t>(record.payload, words.cost, path, place) != domain.cost(*x).count)
      throw other(record, "has another cost for " + in_quotes(text));
    if (record.payload.value(words.further(), json::array()) != json(further_ticks(domain, *x)))
      throw other(record, "has other costs for " + in_quotes(text) + " on further devices");
    policy.tell(*x, {maybe<double>(record.payload, words.merit, path, place), require<std::string>(record.payload, "note", path, place)});
  }
}
}  // namespace detail

/// Replays `book` (when given) into a fresh `policy`, then asks, evaluates, writes down and tells until the policy ends.
/// Every training is one record "trained" {candidate, cost, merit or null, note} by options.words, on disk before the policy hears of it;
/// the first record "search" holds the configuration. Records of other operations are left alone.
template <Domain Space, Policy<Space> Search, Evaluator<Space> Trainer>
search_result<typename Space::candidate> run_search(const Space& domain, Search& policy, Trainer& trainer, journal* book,
                                                    const session_options& options = {}) {
  if (!policy.done().empty()) throw error("the policy has been told " + std::to_string(policy.done().size()) + " trainings already; give run_search a fresh one");
  if (book) {
    const auto& records = book->records();
    if (std::none_of(records.begin(), records.end(), [](const journal_record& record) { return record.operation == "search"; }))
      book->append("search", {{"configuration", options.configuration}});
    detail::replay_into(policy, domain, *book, options.configuration, options.words);
  }
  search_result<typename Space::candidate> result;
  result.replayed = policy.done().size();

  remaining_time clock;
  const auto report = [&](const std::string& doing) {
    if (!options.progress) return;
    const double fraction = policy.fraction();
    options.progress({fraction, doing, clock(fraction)});
  };
  while (!options.interrupted || !options.interrupted()) {
    const auto x = policy.ask();
    if (!x) break;
    const std::size_t ordinal = policy.done().size();
    report("training " + std::to_string(ordinal + 1) + ", " + domain.text(*x));
    const outcome found = trainer.evaluate(*x, ordinal);
    detail::require_finite(domain.text(*x), found);
    if (book) book->append("trained", detail::record_of(domain, *x, found, options.words));
    policy.tell(*x, found);
  }
  report(std::to_string(policy.done().size()) + " trained, " + std::string(to_text(policy.end())));

  detail::fill(result, domain, policy);
  result.own = result.done.size() - result.replayed;
  return result;
}

}  // namespace hasse
