// The bodies of file/sign_of_life.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include <hasse/core/file.hpp>
#include <hasse/file/lock.hpp>
#include <hasse/file/sign_of_life.hpp>

namespace hasse {

namespace detail {

/// Of the system that runs; "" where it says none.
inline std::string boot_of_system() {
  std::string text;
  try {
    const readable_file file("/proc/sys/kernel/random/boot_id");
    text = file.read(0, 64);  // its size is said to be 0
  } catch (const error&) {
  }
  std::erase_if(text, [](char letter) { return letter == '\n' || letter == '\0'; });
  return text;
}

inline std::string host_name() {
  char text[256] = {};
  return ::gethostname(text, sizeof text - 1) == 0 ? text : "";
}

/// Two paths of one system name the same file where this is the same; "" where there is none.
inline std::string number_of_file(const std::filesystem::path& path) {
  struct ::stat facts {};
  return ::stat(path.c_str(), &facts) == 0 ? std::to_string(facts.st_dev) + ':' + std::to_string(facts.st_ino) : "";
}

}  // namespace detail

HASSE_BODY std::optional<sign_of_life> read_sign(const std::filesystem::path& folder, const std::string& worker) {
  const std::filesystem::path path = folder / (worker + ".json");
  if (!file_exists(path)) return std::nullopt;
  std::optional<json> value;
  try {
    value = read_json(path, {.bytes = std::uintmax_t{1} << 20, .depth = 8, .values = std::size_t{1} << 12});
  } catch (const error&) {
    if (!file_exists(path)) return std::nullopt;  // its worker has just left
    throw;
  }
  const std::string where = path.string();
  sign_of_life sign{.worker = worker,
                    .host = require<std::string>(*value, "host", where),
                    .process = require<std::int64_t>(*value, "process", where),
                    .boot = require<std::string>(*value, "boot", where),
                    .lock = require<std::string>(*value, "lock", where),
                    .beats = require<std::uint64_t>(*value, "beats", where),
                    .silence = require<double>(*value, "silence", where),
                    .doing = require_object(*value, "doing", where)};
  if (!(sign.silence >= 0 && sign.silence <= 1e9)) throw file_error(where, "says that its worker may be silent for impossible " + std::to_string(sign.silence) + " seconds", "remove it");
  return sign;
}

HASSE_BODY presence::presence(std::filesystem::path folder, const std::string& worker, std::filesystem::path lock) : folder_(std::move(folder)) {
  create_folder(folder_);
  sign_ = {.worker = worker, .host = detail::host_name(), .process = ::getpid(), .boot = detail::boot_of_system(), .lock = detail::number_of_file(lock)};
  write();
}

HASSE_BODY presence::~presence() { ::unlink((folder_ / (sign_.worker + ".json")).c_str()); }

HASSE_BODY double presence::silence() const { return std::max(sign_.beats < 20 ? 600.0 : 60.0, 20 * longest_); }

HASSE_BODY void presence::beat(json doing) {
  const auto now = clock::now();
  longest_ = std::max(longest_, std::chrono::duration<double>(now - stepped_).count());
  stepped_ = now;
  ++sign_.beats;
  sign_.doing = std::move(doing);
  if (std::chrono::duration<double>(now - written_).count() >= std::clamp(silence() / 60, 1.0, 30.0)) write();
}

HASSE_BODY void presence::write() {
  sign_.silence = silence(), written_ = clock::now();
  const std::string path = (folder_ / (sign_.worker + ".json")).string(), draft = path + ".draft";
  try {  // not brought to disk: after a crash of the machine nobody lives
    const detail::descriptor file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.number < 0) return;
    detail::write_all(file.number, json_text(json{{"worker", sign_.worker}, {"host", sign_.host}, {"process", sign_.process}, {"boot", sign_.boot}, {"lock", sign_.lock},
                                                  {"beats", sign_.beats}, {"silence", sign_.silence}, {"doing", sign_.doing}}) + '\n', draft);
  } catch (const error&) {
    ::unlink(draft.c_str());
    return;
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) ::unlink(draft.c_str());
}

HASSE_BODY worker_watch::life worker_watch::of(const std::string& worker) {
  static const std::string boot = detail::boot_of_system();
  const std::optional<sign_of_life> sign = read_sign(signs_, worker);
  if (!sign) return life::lost;
  const auto now = std::chrono::steady_clock::now();
  const auto [place, is_new] = seen_.try_emplace(worker, seen{.beats = sign->beats, .moved = false, .since = now});
  seen& last = place->second;
  if (!is_new && last.beats != sign->beats) last = {.beats = sign->beats, .moved = true, .since = now};
  const std::filesystem::path lock = locks_ / (worker + ".lock");
  const bool one_system = !boot.empty() && sign->boot == boot && !sign->lock.empty() && sign->lock == detail::number_of_file(lock);
  const bool held = one_system && file_lock::is_held(lock);
  if (one_system && !held) return life::lost;
  if (std::chrono::duration<double>(now - last.since).count() > sign->silence) return life::lost;
  return held || last.moved ? life::lives : life::unsure;
}

}  // namespace hasse
