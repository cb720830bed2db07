// One of the processes that work in the folder of a run: its journal, what it claims, and what it hears of the others.
// Used by result/run_folder.hpp and search/shared_session.hpp; how they meet: docs/explanation/workers.md.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <hasse/core/apart.hpp>
#include <hasse/core/progress.hpp>
#include <hasse/file/claims.hpp>
#include <hasse/file/journal.hpp>
#include <hasse/file/json.hpp>
#include <hasse/file/sign_of_life.hpp>

namespace hasse {

/// Where workers keep what in the folder of a run.
struct worker_folders {
  std::filesystem::path root;
  std::filesystem::path journal() const { return root / "journal"; }
  std::filesystem::path claims() const { return root / "claims"; }
  std::filesystem::path signs() const { return root / "workers"; }
};

class worker {
 public:
  /// Joins those who work in the folder, under a name of its own: host, process, and a number that nobody else draws.
  explicit worker(const std::filesystem::path& root);

  const std::string& name() const { return name_; }
  journal& book() { return book_; }
  const claim_folder& claims() const { return claims_; }
  journal_follower& heard() { return heard_; }
  worker_watch::life life_of(const std::string& other) { return watch_.of(other); }

  /// What it does, for those who watch, until it says something else.
  void now(json doing) { doing_ = std::move(doing), began_ = clock::now(); }
  /// A step of it: the sign of life. Called often.
  void beat(const progress_event& event);

  /// What all workers of a run must have alike. The first decides; another is refused, key by key.
  void agree(const std::string& operation, const json& payload);

  /// Something that one does while the others wait until `is_done()`; whoever is lost at it is replaced. Returns when it is done.
  void once(const std::string& what, const std::function<bool()>& is_done, const std::function<void()>& do_it, const progress_sink& progress = {});

  /// Whether it is this one that writes the answer; else who does, or has done so since this one joined.
  struct turn {
    bool is_mine = false;
    std::string other{};
    std::uint64_t term = 0;  ///< which answer it is
  };
  turn answers(const progress_sink& progress = {});
  /// This one has written it. What workers left behind that were lost is removed.
  void answered(std::uint64_t term);

 private:
  using clock = std::chrono::steady_clock;

  worker_folders folders_;
  std::string name_;
  journal book_;
  claim_folder claims_;
  journal_follower heard_;
  presence presence_;
  worker_watch watch_;
  json doing_ = json::object();
  clock::time_point began_ = clock::now();
  std::optional<std::uint64_t> answer_before_;  // the last that was begun before it joined
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/worker.inl>
#endif
