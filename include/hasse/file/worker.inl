// The bodies of file/worker.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>

#include <unistd.h>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/core/number_text.hpp>
#include <hasse/file/worker.hpp>

namespace hasse {

namespace detail {

inline constexpr auto worker_tick = std::chrono::milliseconds(200);  // of those who wait for others

inline std::string name_of_worker() {
  std::string host = host_name().substr(0, 32);
  std::replace_if(host.begin(), host.end(), [](char letter) { return !is_plain_name(std::string("x") + letter); }, '_');
  if (host.empty() || host[0] == '.') host = "host" + host;
  const std::uint64_t drawn = (std::uint64_t{std::random_device{}()} << 16) ^ std::random_device{}();
  return host + '-' + std::to_string(::getpid()) + '-' + std::string(hex64(drawn).view().substr(8));
}

}  // namespace detail

HASSE_BODY worker::worker(const std::filesystem::path& root)
    : folders_{root},
      name_(detail::name_of_worker()),
      book_(folders_.journal(), name_),
      claims_(folders_.claims(), name_),
      heard_(folders_.journal()),
      presence_(folders_.signs(), name_, folders_.journal() / (name_ + ".lock")),
      watch_(folders_.signs(), folders_.journal()) {
  if (const auto last = claims_.holder("answer")) answer_before_ = last->term;
}

HASSE_BODY void worker::beat(const progress_event& event) {
  json doing = doing_;
  doing["text"] = event.doing, doing["fraction"] = number_or_null(event.fraction), doing["seconds_left"] = event.seconds_left >= 0 ? json(event.seconds_left) : json(nullptr);
  doing["seconds"] = std::chrono::duration<double>(clock::now() - began_).count();
  presence_.beat(std::move(doing));
}

HASSE_BODY void worker::agree(const std::string& operation, const json& payload) {
  const std::filesystem::path alone = folders_.journal() / "main.jsonl";
  std::string where = claims_.path_of(operation, 0).string();
  std::optional<json> before;
  if (file_exists(alone)) {  // the run was begun by one process that shared it with nobody
    for (const journal_record& record : parse_journal(read_file(alone, journal_limits{}.file_bytes), "main", alone.string()).records)
      if (record.operation == operation) before = record.payload, where = alone.string();
  }
  if (!before) before = claims_.agreed(operation, payload);
  for (const auto& [key, value] : payload.items())
    if (const json was = before->value(key, json()); was != value)
      throw file_error(where, "says that this run has other " + key + " (" + with_short_numbers(shown(was)) + ", this worker has " + with_short_numbers(shown(value)) + ")",
                       "start workers with the same program, settings and kind of processor, or choose another folder");
}

HASSE_BODY void worker::once(const std::string& what, const std::function<bool()>& is_done, const std::function<void()>& do_it, const progress_sink& progress) {
  while (!is_done()) {
    const std::optional<claim> last = claims_.holder(what);
    const bool is_free = !last || last->worker == name_ || life_of(last->worker) == worker_watch::life::lost;
    if (is_free && !is_done() && ((last && last->worker == name_) || claims_.make(what, last ? last->term + 1 : 0))) {
      now({{"what", what}});
      do_it();
      now(json::object());
    } else if (!is_free) {
      const progress_event event{0, "waiting for " + last->worker + ": " + what, -1};
      beat(event);
      if (progress) progress(event);
      std::this_thread::sleep_for(detail::worker_tick);
    }
  }
}

HASSE_BODY worker::turn worker::answers(const progress_sink& progress) {
  for (;;) {
    const std::optional<claim> last = claims_.holder("answer");
    const bool is_old = last && answer_before_ && last->term <= *answer_before_;
    if (last && last->worker != name_) {
      const bool is_done = claims_.at("answered", last->term).has_value();
      const worker_watch::life life = is_done ? worker_watch::life::lost : life_of(last->worker);
      if (!is_old && (is_done || life != worker_watch::life::lost)) return {.other = last->worker, .term = last->term};
      if (life == worker_watch::life::lives) return {.other = last->worker, .term = last->term};
      if (life == worker_watch::life::unsure) {  // it may have been lost before this one came
        const progress_event event{1, "waiting for a sign of life of " + last->worker + ", which began to write the answer", -1};
        beat(event);
        if (progress) progress(event);
        std::this_thread::sleep_for(detail::worker_tick);
        continue;
      }
    }
    const std::uint64_t term = last ? last->term + 1 : 0;
    if (claims_.make("answer", term)) {
      now({{"what", "answer"}});
      return {.is_mine = true, .other = {}, .term = term};
    }
  }
}

HASSE_BODY void worker::answered(std::uint64_t term) {
  claims_.make("answered", term);
  for (const auto& path : files_in(folders_.signs()))
    if (const std::string other = path.stem().string(); path.extension() == ".json" && other != name_ && life_of(other) == worker_watch::life::lost) {
      remove_file(path);
      remove_file(folders_.signs() / (other + ".json.draft"));
      remove_file(folders_.claims() / (other + ".draft"));
    }
}

}  // namespace hasse
