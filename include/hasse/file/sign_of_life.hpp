// How processes that share a folder know which of them still work: each counts its steps in a file of its own, and whoever reads it tells
// by a clock of its own for how long the count has stood still. Used by file/worker.hpp and by hasse_status.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include <hasse/core/apart.hpp>
#include <hasse/file/json.hpp>

namespace hasse {

/// What a worker's file says. No time of day: the clocks of two machines need not agree.
struct sign_of_life {
  std::string worker, host;
  std::int64_t process = 0;
  std::string boot;            ///< of the running system: where it is the same, the lock tells whether the process lives
  std::string lock;            ///< which file the worker holds, by device and number
  std::uint64_t beats = 0;     ///< steps of its work, so far
  double silence = 0;          ///< seconds without one after which it counts as lost, as it says itself
  json doing = json::object();  ///< for people
};

/// The sign of a worker; nothing where it has none (any more).
HASSE_BODY std::optional<sign_of_life> read_sign(const std::filesystem::path& folder, const std::string& worker);

/// This process's sign, while it lives. What cannot be written (a full disk) is left out: the next one may be.
class presence {
 public:
  /// `lock` is held by this process as long as it lives.
  presence(std::filesystem::path folder, const std::string& worker, std::filesystem::path lock);
  presence(const presence&) = delete;
  presence& operator=(const presence&) = delete;
  ~presence();

  /// A step was made. Called as often as one likes: the file is written at most once a second.
  void beat(json doing);

  /// How long this process may be silent: twenty times its longest step, a minute at least, ten before it has made twenty steps.
  double silence() const;

 private:
  using clock = std::chrono::steady_clock;
  void write();

  std::filesystem::path folder_;
  sign_of_life sign_;
  double longest_ = 0;  // step
  clock::time_point stepped_ = clock::now(), written_{};
};

/// Whether others live.
class worker_watch {
 public:
  enum class life : std::uint8_t { lives, unsure, lost };  ///< unsure: it is not known yet

  /// `signs`: the folder of the signs; `locks`: of the files NAME.lock that workers hold.
  worker_watch(std::filesystem::path signs, std::filesystem::path locks) : signs_(std::move(signs)), locks_(std::move(locks)) {}

  /// Lost is who has left no sign, whose process has ended, as the lock says where both run under one system, or whose count has
  /// stood still for as long as it allowed. Lives is whose lock is held, or whose count has moved since it was first looked at.
  life of(const std::string& worker);

 private:
  struct seen {
    std::uint64_t beats = 0;
    bool moved = false;
    std::chrono::steady_clock::time_point since{};
  };
  std::filesystem::path signs_, locks_;
  std::map<std::string, seen> seen_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/sign_of_life.inl>
#endif
