// The search loop of one of several workers: hear what the others train, take over what was lost, ask for something new, train, write down.
// Used by program/search.hpp where the folder of a run is shared; search/session.hpp is the loop of a search that shares nothing.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/file/claims.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/worker.hpp>
#include <hasse/search/policy.hpp>
#include <hasse/search/session.hpp>

namespace hasse {

namespace detail {
/// The number-th training of a run, as its claim is called: eight digits, so that lists are in order.
inline std::string claim_of_training(std::size_t number) {
  std::string digits = std::to_string(number);
  return "training-" + std::string(digits.size() < 8 ? 8 - digits.size() : 0, '0') + digits;
}

/// The trainings of a run that several work on. They are numbered without gaps: who claims a number has heard of all before it.
template <Domain Space, Policy<Space> Search, Evaluator<Space> Trainer>
class shared_search {
 public:
  using candidate = typename Space::candidate;

  shared_search(const Space& domain, Search& policy, Trainer& trainer, worker& me, const session_options& options)
      : domain_(&domain), policy_(&policy), trainer_(&trainer), me_(&me), options_(&options) {}

  /// Until nothing is under way and nothing is asked for. Returns how many this worker trained.
  std::size_t run() {
    std::size_t own = 0;
    auto pause = shortest_pause;
    while (!options_->interrupted || !options_->interrupted()) {
      listen();
      if (const auto number = take_over()) {
        own += train(*number), pause = shortest_pause;
      } else if (const auto x = propose()) {
        own += claim_and_train(*x), pause = shortest_pause;
      } else if (!pending_.empty()) {
        wait(pause);
      } else {
        break;
      }
    }
    return own;
  }

  /// All that was trained, by number.
  std::vector<std::pair<candidate, outcome>> outcomes() const {
    std::vector<std::pair<candidate, outcome>> all;
    for (std::size_t number = 0; number < trainings_.size(); ++number)
      if (const auto found = heard_.find(number); found != heard_.end()) all.emplace_back(trainings_[number].x, found->second.result);
    return all;
  }
  std::size_t told() const { return trainings_.size() - pending_.size(); }

  /// Hears all that others wrote.
  void listen() {
    for (const journal_record& record : me_->heard().news())
      if (record.operation == "trained") hear(record);
    for (std::size_t at = 0; at < pending_.size();)
      if (told(pending_[at])) pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(at));
      else ++at;
    for (;;) {
      const std::size_t number = trainings_.size();
      if (const auto found = heard_.find(number); found != heard_.end()) {
        begin(found->second.candidate, found->second.where, 0, "");
      } else if (const auto claimed = me_->claims().holder(claim_of_training(number))) {
        const std::string path = me_->claims().path_of(claim_of_training(number), claimed->term).string();
        begin(require<std::string>(claimed->about, "candidate", path, "about"), path, claimed->term, claimed->worker);
      } else {
        break;
      }
      if (!told(number)) pending_.push_back(number);
    }
  }

 private:
  static constexpr std::chrono::milliseconds shortest_pause{100}, longest_pause{5000};

  struct training {
    candidate x{};
    std::uint64_t term = 0;
    std::string holder;
    std::optional<outcome> result;
  };
  struct record_of_training {
    std::string candidate, where;
    std::uint64_t term = 0;
    std::int64_t cost = 0;
    json further;  // costs, on other devices
    outcome result;
  };

  void hear(const journal_record& record) {
    const std::string path = record.writer + ".jsonl", place = "record " + std::to_string(record.sequence);
    const json& said = record.payload;
    // A process that shared the run with nobody numbers nothing: its trainings are the first.
    const auto number = maybe<std::uint64_t>(said, "number", path, place);
    record_of_training heard{.candidate = require<std::string>(said, "candidate", path, place),
                             .where = path + ", " + place,
                             .term = maybe<std::uint64_t>(said, "term", path, place).value_or(0),
                             .cost = require<std::int64_t>(said, options_->words.cost, path, place),
                             .further = said.value(options_->words.further(), json::array()),
                             .result = {maybe<double>(said, options_->words.merit, path, place), require<std::string>(said, "note", path, place)}};
    if (!number && record.writer != "main") throw file_error(path, place + " has no number", "start a new run in another folder");
    const std::size_t at = number ? static_cast<std::size_t>(*number) : unnumbered_++;
    if (at >= largest) throw file_error(path, place + " has an impossible number", "start a new run in another folder");
    // Of a worker that was taken for lost and lived, and of the one that took over: whoever claimed first is believed by all.
    const auto [known, is_new] = heard_.try_emplace(at, heard);
    if (!is_new && heard.term < known->second.term) known->second = std::move(heard);
  }

  /// The number is in hand, or was: by a claim or, of trainings that are over, by what was written of them.
  void begin(const std::string& text, const std::string& where, std::uint64_t term, const std::string& holder) {
    std::optional<candidate> x;
    try {
      x = domain_->parse(text);
    } catch (const error& refused) {
      throw other_configuration(where, "trains " + in_quotes(text) + ", which this search does not: " + refused.what());
    }
    if constexpr (TakesCandidates<Search, Space>) policy_->take(*x);
    trainings_.push_back({.x = std::move(*x), .term = term, .holder = holder, .result = std::nullopt});
    if (!holder.empty()) me_->heard().expect(holder);
  }

  /// Tells the policy what became of it, where that is known.
  bool told(std::size_t number) {
    const auto found = heard_.find(number);
    training& it = trainings_[number];
    if (it.result || found == heard_.end()) return it.result.has_value();
    const std::string text = domain_->text(it.x);
    if (found->second.candidate != text) throw other_configuration(found->second.where, "trains " + in_quotes(found->second.candidate) + " as number " + std::to_string(number) + ", which is " + in_quotes(text));
    if (found->second.cost != domain_->cost(it.x).count || found->second.further != json(further_ticks(*domain_, it.x))) throw other_configuration(found->second.where, "has another cost for " + in_quotes(text));
    it.result = found->second.result;
    policy_->tell(it.x, *it.result);
    if constexpr (requires { trainer_->learn(it.x, *it.result); }) trainer_->learn(it.x, *it.result);
    return true;
  }

  error other_configuration(const std::string& where, const std::string& what) const {
    return file_error(where, what + ", so that it is of another configuration", "start with the settings and the costs that the run was begun with, or choose another folder");
  }

  /// A training whose worker was lost, now this one's.
  std::optional<std::size_t> take_over() {
    for (std::size_t at = 0; at < pending_.size(); ++at) {
      const std::size_t number = pending_[at];
      if (trainings_[number].holder == me_->name()) return number;
      if (me_->life_of(trainings_[number].holder) != worker_watch::life::lost) continue;
      listen();  // it may have ended, and written what came of it, since
      if (trainings_[number].result) return take_over();
      training& it = trainings_[number];
      const std::string name = claim_of_training(number);
      if (me_->claims().make(name, it.term + 1, {{"candidate", domain_->text(it.x)}})) {
        ++it.term, it.holder = me_->name();
        return number;
      }
      if (const auto now = me_->claims().holder(name, it.term)) it.term = now->term, it.holder = now->worker, me_->heard().expect(it.holder);
    }
    return std::nullopt;
  }

  /// Something that nobody trains. What is under way elsewhere, and the policy does not know of, it is asked for again and put aside.
  std::optional<candidate> propose() {
    for (;;) {
      const std::optional<candidate> x = policy_->ask();
      if (x && options_->most > 0 && trainings_.size() >= options_->most) {  // it does not know of all that is under way
        policy_->release(*x);
        return std::nullopt;
      }
      if (!x || std::none_of(pending_.begin(), pending_.end(), [&](std::size_t number) { return trainings_[number].x == *x; })) return x;
    }
  }

  bool claim_and_train(const candidate& x) {
    const std::size_t number = trainings_.size();
    if (!me_->claims().make(claim_of_training(number), 0, {{"candidate", domain_->text(x)}})) {
      policy_->release(x);  // somebody was faster; what it trains is heard next
      std::this_thread::sleep_for(std::chrono::milliseconds(5));  // where a list of the folder is old
      return false;
    }
    trainings_.push_back({.x = x, .term = 0, .holder = me_->name(), .result = std::nullopt});
    pending_.push_back(number);
    return train(number);
  }

  /// False where it was taken over meanwhile.
  bool train(std::size_t number) {
    const candidate x = trainings_[number].x;
    const std::string text = domain_->text(x), name = claim_of_training(number);
    json doing{{"what", "training"}, {"number", number}, {"candidate", text}, {"trained", told()}};
    if (const auto pruned = policy_->pruned()) doing["pruned"] = static_cast<double>(*pruned);
    if (const auto living = policy_->living()) doing["living"] = static_cast<double>(*living);
    if (options_->most > 0) doing["most"] = options_->most;
    me_->now(std::move(doing));
    report("training " + std::to_string(number + 1) + ", " + text, policy_->fraction());
    const outcome found = trainer_->evaluate(x, number);
    require_finite(domain_->text(x), found);
    me_->now(json::object());
    training& it = trainings_[number];
    if (const auto now = me_->claims().holder(name, it.term); now && now->worker != me_->name()) {
      std::fprintf(stderr, "%s was taken for lost and %s trains %s: this one's training of it is left out\n", me_->name().c_str(), now->worker.c_str(), text.c_str());
      it.term = now->term, it.holder = now->worker;
      me_->heard().expect(it.holder);
      return false;
    }
    json said = record_of(*domain_, x, found, options_->words);
    said["number"] = number, said["term"] = it.term;
    me_->book().append("trained", std::move(said));
    return true;
  }

  void wait(std::chrono::milliseconds& pause) {
    report("waiting for " + std::to_string(pending_.size()) + (pending_.size() == 1 ? " training" : " trainings") + " of other workers", policy_->fraction());
    std::this_thread::sleep_for(pause);
    pause = std::min(longest_pause, pause + pause / 4);
  }

  void report(const std::string& doing, double fraction) {
    const progress_event event{fraction, doing, clock_(fraction)};
    me_->beat(event);
    if (options_->progress) options_->progress(event);
  }

  static constexpr std::size_t largest = 100'000'000;  // number
  const Space* domain_;
  Search* policy_;
  Trainer* trainer_;
  worker* me_;
  const session_options* options_;
  std::vector<training> trainings_;                    // by number
  std::vector<std::size_t> pending_;                   // those without a result, by number
  std::map<std::size_t, record_of_training> heard_;    // what journals say
  std::size_t unnumbered_ = 0;
  remaining_time clock_;
};
}  // namespace detail

/// As run_search, among other workers of the same run: each candidate is trained to its end once, by whichever worker; the trainings are numbered
/// by their claims, and the result is what `policy`, a fresh one, says when it is told them by number. `make()` makes another fresh policy,
/// which is asked. Ends when nothing is under way anywhere. With one worker the sequence is that of run_search.
template <Domain Space, Policy<Space> Search, class Make, Evaluator<Space> Trainer>
search_result<typename Space::candidate> run_shared_search(const Space& domain, Search& policy, Make&& make, Trainer& trainer, worker& me, const session_options& options = {}) {
  if (!policy.done().empty()) throw error("the policy has been told " + std::to_string(policy.done().size()) + " trainings already; give run_shared_search a fresh one");
  me.agree("search", {{"configuration", options.configuration}});
  auto asked = make();
  detail::shared_search<Space, decltype(asked), Trainer> all(domain, asked, trainer, me, options);
  all.listen();
  search_result<typename Space::candidate> result;
  result.replayed = all.told();
  result.own = all.run();
  for (const auto& [x, found] : all.outcomes()) policy.tell(x, found);
  detail::fill(result, domain, policy);
  result.end = asked.end();
  return result;
}

}  // namespace hasse
