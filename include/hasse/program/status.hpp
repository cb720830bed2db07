// The program hasse_status as a function: what becomes of a run, read from its folder while others write it.
// Used by examples/hasse_status.cpp.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/file/claims.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/lock.hpp>
#include <hasse/file/sign_of_life.hpp>
#include <hasse/file/worker.hpp>
#include <hasse/program/guarded.hpp>
#include <hasse/search/shared_session.hpp>

namespace hasse {

/// A worker, as whoever watches sees it.
struct seen_worker {
  std::string name, host;
  std::int64_t process = 0;
  worker_watch::life life = worker_watch::life::unsure;
  json doing = json::object();  ///< empty: what is not known
};

/// A run at one moment.
struct run_status {
  std::size_t trained = 0, diverged = 0, taken_over = 0, finished = 0;  ///< finished: trained once more
  std::vector<std::string> under_way, lost;                             ///< candidates; lost: whose worker has left, or was lost
  std::vector<seen_worker> workers;
  std::optional<std::int64_t> alone{};              ///< the process that shares the folder with nobody
  std::optional<double> pruned{}, living{}, most{};  ///< as a worker said it last
  std::optional<double> seconds_left{};             ///< as long as trainings took in the mean
  std::string answer = "none";                      ///< or "under way", or "written"

  bool has_ended() const { return answer == "written" && under_way.empty(); }
};

/// Looks at a folder again and again; writes nothing.
class run_observer {
 public:
  explicit run_observer(const std::filesystem::path& root)
      : folders_{root}, records_(folders_.journal()), watch_(folders_.signs(), folders_.journal()) {
    if (!file_exists(root / "config.json") && !file_exists(folders_.journal()) && !file_exists(folders_.claims()))
      throw file_error(root.string(), "is not the folder of a run", "name one with --run");
  }

  run_status look() {
    for (const journal_record& record : records_.news()) hear(record);
    run_status now;
    now.trained = trained_.size() + unnumbered_, now.taken_over = taken_over_, now.finished = finished_.size();
    now.diverged = diverged_ + static_cast<std::size_t>(std::count_if(trained_.begin(), trained_.end(), [](const auto& each) { return !each.second; }));
    add_workers(now);
    add_claims(now);
    const std::filesystem::path lock = folders_.root / "lock";
    if (now.workers.empty() && file_lock::is_held(lock)) now.alone = number_at_front(read_file(lock, 64));
    if (file_exists(folders_.root / "frontier.json") && now.answer == "none" && !file_exists(folders_.claims())) now.answer = "written";
    const auto living = static_cast<double>(std::count_if(now.workers.begin(), now.workers.end(), [](const auto& each) { return each.life != worker_watch::life::lost; })) + (now.alone ? 1 : 0);
    if (now.most && trainings_ > 0 && living > 0)
      now.seconds_left = std::max(0.0, *now.most - static_cast<double>(now.trained)) * seconds_ / static_cast<double>(trainings_) / living;
    return now;
  }

 private:
  static std::int64_t number_at_front(const std::string& text) {
    std::int64_t number = 0;
    for (const char digit : text)
      if (digit >= '0' && digit <= '9' && number < 1'000'000'000) number = 10 * number + (digit - '0');
      else break;
    return number;
  }

  void hear(const journal_record& record) {
    const std::string path = record.writer + ".jsonl", place = "record " + std::to_string(record.sequence);
    if (record.operation == "trained") {
      const bool has_merit = maybe<double>(record.payload, "accuracy", path, place) || maybe<double>(record.payload, "merit", path, place);
      if (const auto number = maybe<std::uint64_t>(record.payload, "number", path, place)) {
        if (trained_.try_emplace(*number, has_merit).second && maybe<std::uint64_t>(record.payload, "term", path, place).value_or(0) > 0) ++taken_over_;
      } else {
        ++unnumbered_, diverged_ += !has_merit;
      }
    } else if (record.operation == "curve") {
      if (const auto took = maybe<double>(record.payload, "seconds", path, place)) seconds_ += *took, ++trainings_;
    } else if (record.operation == "finished") {
      finished_[maybe<std::string>(record.payload, "candidate", path, place).value_or("")] = true;
    }
  }

  void add_workers(run_status& now) {
    if (!file_exists(folders_.signs())) return;
    std::vector<std::string> names;
    for (const auto& path : files_in(folders_.signs()))
      if (path.extension() == ".json") names.push_back(path.stem().string());
    std::sort(names.begin(), names.end());
    double heard = -1;
    for (const std::string& name : names) {
      const std::optional<sign_of_life> sign = read_sign(folders_.signs(), name);
      if (!sign) continue;
      now.workers.push_back({name, sign->host, sign->process, watch_.of(name), sign->doing});
      const auto number = [&](const char* key) { return maybe<double>(sign->doing, key, name + ".json"); };
      if (const auto trained = number("trained"); trained && *trained > heard)
        heard = *trained, now.pruned = number("pruned"), now.living = number("living"), now.most = number("most");
    }
  }

  void add_claims(run_status& now) {
    if (!file_exists(folders_.claims())) return;
    const claim_folder claims(folders_.claims(), "watching");
    for (std::uint64_t number = unnumbered_;; ++number) {
      if (trained_.contains(number)) continue;
      const auto holder = claims.holder(detail::claim_of_training(static_cast<std::size_t>(number)));
      if (!holder) break;
      const std::string candidate = maybe<std::string>(holder->about, "candidate", "claims").value_or("");
      (watch_.of(holder->worker) == worker_watch::life::lost ? now.lost : now.under_way).push_back(candidate);
    }
    if (const auto answer = claims.holder("answer")) now.answer = claims.at("answered", answer->term) ? "written" : "under way";
    if (!now.under_way.empty() || !now.lost.empty()) now.answer = "none";  // of fewer trainings
  }

  worker_folders folders_;
  journal_follower records_;
  worker_watch watch_;
  std::map<std::uint64_t, bool> trained_;  // number: whether it has a merit
  std::map<std::string, bool> finished_;
  std::size_t unnumbered_ = 0, diverged_ = 0, taken_over_ = 0, trainings_ = 0;
  double seconds_ = 0;
};

namespace detail {
constexpr const char* word_of(worker_watch::life life) {
  return life == worker_watch::life::lives ? "works" : life == worker_watch::life::lost ? "lost" : "not known yet";
}
inline std::string text_in(const json& object, const char* key) { return object.contains(key) && object.at(key).is_string() ? printable(clipped(object.at(key).text(), 80)) : std::string(); }
inline double number_in(const json& object, const char* key) { return object.contains(key) && object.at(key).is_number() ? object.at(key).get<double>() : std::nan(""); }
}  // namespace detail

/// "14 of at most 200 trained (1 diverged), 3 under way, 1 left by their workers; 120 pruned, 44 not settled; 4 workers; 0:42:10 left"
inline std::string line_of(const run_status& now) {
  std::string text = std::to_string(now.trained) + (now.most ? " of at most " + number_text(*now.most) : std::string()) + " trained";
  if (now.diverged > 0) text += " (" + std::to_string(now.diverged) + " diverged)";
  text += ", " + std::to_string(now.under_way.size()) + " under way";
  if (!now.lost.empty()) text += ", " + std::to_string(now.lost.size()) + " left by their workers";
  if (now.taken_over > 0) text += ", " + std::to_string(now.taken_over) + " were taken over";
  if (now.finished > 0) text += ", " + std::to_string(now.finished) + " trained once more";
  if (now.pruned && *now.pruned > 0) text += "; " + number_text(*now.pruned) + " pruned";
  if (now.living) text += (now.pruned && *now.pruned > 0 ? ", " : "; ") + number_text(*now.living) + " not settled";
  if (now.alone) text += "; process " + std::to_string(*now.alone) + " works alone";
  const auto here = std::count_if(now.workers.begin(), now.workers.end(), [](const auto& each) { return each.life != worker_watch::life::lost; });
  if (here > 0) text += "; " + std::to_string(here) + (here == 1 ? " worker" : " workers");
  if (now.answer != "none") text += "; the answer is " + now.answer;
  else if (now.seconds_left) text += "; " + clock_text(*now.seconds_left) + " left";
  return text;
}

inline json json_of(const run_status& now) {
  const auto or_null = [](const auto& value) { return value ? json(*value) : json(nullptr); };
  json list = json::array(), under_way = json::array(), lost = json::array();
  for (const std::string& each : now.under_way) under_way.push_back(each);
  for (const std::string& each : now.lost) lost.push_back(each);
  for (const seen_worker& each : now.workers)
    list.push_back({{"worker", each.name}, {"host", each.host}, {"process", each.process}, {"state", detail::word_of(each.life)}, {"doing", each.doing}});
  return {{"trained", now.trained}, {"diverged", now.diverged}, {"taken_over", now.taken_over}, {"finished", now.finished}, {"under_way", under_way}, {"lost", lost}, {"workers", list},
          {"alone", or_null(now.alone)}, {"most", or_null(now.most)}, {"pruned", or_null(now.pruned)}, {"living", or_null(now.living)}, {"seconds_left", or_null(now.seconds_left)}, {"answer", now.answer}};
}

/// The line, and one for each worker.
inline std::string table_of(const run_status& now) {
  std::string text = line_of(now) + '\n';
  for (const seen_worker& each : now.workers) {
    text += "  " + each.name + "  " + detail::word_of(each.life);
    const double number = detail::number_in(each.doing, "number"), seconds = detail::number_in(each.doing, "seconds");
    if (const std::string what = detail::text_in(each.doing, "what"); !what.empty()) text += "  " + what + (std::isnan(number) ? "" : " " + number_text(number + 1));
    if (const std::string candidate = detail::text_in(each.doing, "candidate"); !candidate.empty()) text += "  " + candidate;
    if (!std::isnan(seconds) && each.doing.contains("what")) text += "  for " + clock_text(seconds);
    if (const std::string said = detail::text_in(each.doing, "text"); !said.empty()) text += "  " + said;
    text += '\n';
  }
  for (const std::string& each : now.lost) text += "  left: " + detail::printable(detail::clipped(each)) + ", goes on from its checkpoint with the next worker that is free\n";
  return text;
}

/// The program: returns the exit code.
inline int status(int argc, char** argv) {
  std::string run = "run";
  bool as_json = false, watches = false;
  CLI::App app("Says what becomes of a run, from its folder: who works on what since when, what is trained, pruned and lost, and how long it takes", "hasse_status");
  app.add_option("--run", run, "folder of the run; it is only read")->capture_default_str()->check(not_empty("a folder"));
  app.add_flag("--json", as_json, "print a JSON object");
  app.add_flag("--watch", watches, "a line every second until the answer is written");
  return guarded(app, argc, argv, [&] {
    run_observer observer{std::filesystem::path(run)};
    for (;;) {
      const run_status now = observer.look();
      const std::string text = as_json ? json_text(json_of(now)) + '\n' : watches ? line_of(now) + '\n' : table_of(now);
      std::fputs(text.c_str(), stdout);
      flush_output();
      if (!watches || now.has_ended()) return;
      std::this_thread::sleep_for(std::chrono::seconds(1));
    }
  });
}

}  // namespace hasse
