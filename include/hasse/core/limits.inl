// The bodies of core/limits.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <hasse/core/limits.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::vector<std::string> words_of(const std::string& text, char between) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, between);)
    if (!word.empty()) words.push_back(word);
  return words;
}

HASSE_BODY std::optional<std::uint64_t> number_in(const std::filesystem::path& path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const char* first = line.c_str() + key.size();
    while (*first == ' ' || *first == '\t') ++first;
    std::uint64_t value = 0;
    if (std::from_chars(first, line.c_str() + line.size(), value).ec == std::errc()) return value;
    return std::nullopt;
  }
  return std::nullopt;
}

HASSE_BODY std::vector<std::filesystem::path> control_groups(const std::filesystem::path& root, const std::string& controller) {
  const auto names = [&](const std::string& list) {
    const std::vector<std::string> words = words_of(list, ',');
    return std::find(words.begin(), words.end(), controller) != words.end();
  };
  // Lines such as "4:memory:/group" and, of version 2, "0::/group".
  std::string own[3];
  std::ifstream groups(root / "proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string list = line.substr(first + 1, second - first - 1);
    if (list.empty()) own[2] = line.substr(second + 1);
    if (names(list)) own[1] = line.substr(second + 1);
  }
  std::vector<std::filesystem::path> folders;
  std::ifstream mounts(root / "proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string::npos) continue;
    const std::vector<std::string> where = words_of(line.substr(0, dash), ' '), what = words_of(line.substr(dash + 3), ' ');
    if (where.size() < 5 || what.size() < 3) continue;
    const int version = what[0] == "cgroup2" ? 2 : what[0] == "cgroup" && names(what[2]) ? 1 : 0;
    if (version == 0) continue;
    const auto relative = [](const std::string& path) { return path.substr(std::min(path.find_first_not_of('/'), path.size())); };
    const std::filesystem::path mount = root / relative(where[4]);
    // A container may see its own group only, mounted as if there were no other.
    std::string group = own[version];
    if (where[3] != "/" && group.starts_with(where[3])) group = group.substr(where[3].size());
    std::filesystem::path folder = mount / relative(group);
    if (std::error_code none; !std::filesystem::is_directory(folder, none)) folder = mount;
    for (; folder != mount && folder != folder.parent_path(); folder = folder.parent_path()) folders.push_back(folder);
    folders.push_back(mount);
  }
  return folders;
}

}  // namespace detail

HASSE_BODY processor_limit usable_processors(const std::filesystem::path& root) {
  processor_limit found{std::max(1, static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN))), ""};
  constexpr std::size_t most = 1 << 13;
  if (::cpu_set_t* set = CPU_ALLOC(most)) {
    if (::sched_getaffinity(0, CPU_ALLOC_SIZE(most), set) == 0)
      if (const int allowed = CPU_COUNT_S(CPU_ALLOC_SIZE(most), set); allowed > 0 && allowed < found.processors)
        found = {allowed, "this process is bound to " + std::to_string(allowed) + (allowed == 1 ? " processor" : " processors")};
    CPU_FREE(set);
  }
  for (const std::filesystem::path& group : detail::control_groups(root, "cpu")) {
    double quota = 0, period = 0;
    if (std::ifstream file(group / "cpu.max"); !(file >> quota >> period)) {
      quota = static_cast<double>(detail::number_in(group / "cpu.cfs_quota_us").value_or(0));
      period = static_cast<double>(detail::number_in(group / "cpu.cfs_period_us").value_or(0));
    }
    if (!(quota > 0 && period > 0) || quota / period >= found.processors) continue;
    char text[32];
    std::snprintf(text, sizeof text, "%.4g", quota / period);
    found = {std::max(1, static_cast<int>(quota / period)), "the quota of its control group is " + std::string(text) +
                                                                (quota == period ? " processor" : " processors"),
             quota / period};
  }
  return found;
}

HASSE_BODY memory_limit usable_memory(const std::filesystem::path& root) {
  memory_limit found;
  const auto limit = [&](std::uint64_t bytes, const std::string& reason) {
    if (bytes < found.bytes) found = {bytes, reason};
  };
  const auto less = [](std::uint64_t all, std::uint64_t used) { return all > used ? all - used : 0; };
  const std::filesystem::path memory = root / "proc/meminfo";
  if (const auto free = detail::number_in(memory, "MemAvailable:"))
    limit((*free + detail::number_in(memory, "SwapFree:").value_or(0)) << 10, "that is free on this machine");
  for (const std::filesystem::path& group : detail::control_groups(root, "memory")) {
    auto most = detail::number_in(group / "memory.max"), used = detail::number_in(group / "memory.current");
    const bool first = !most && !used;
    if (first) most = detail::number_in(group / "memory.limit_in_bytes"), used = detail::number_in(group / "memory.usage_in_bytes");
    if (!most || *most > (std::uint64_t{1} << 60)) continue;
    // What the system keeps of files, it gives back.
    std::uint64_t files = 0;
    for (const char* key : {"inactive_file ", "active_file "})
      files += detail::number_in(group / "memory.stat", (first ? "total_" : "") + std::string(key)).value_or(0);
    limit(less(*most, less(used.value_or(0), files)), "left of the " + detail::mebibytes(*most) + " of its control group");
  }
  struct ::rlimit space {};
  if (::getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY) {
    const std::uint64_t pages = detail::number_in("/proc/self/statm").value_or(0);
    limit(less(space.rlim_cur, pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE))), "left of ulimit -v");
  }
  return found;
}

HASSE_BODY void require_memory(std::uint64_t bytes, const std::string& what, const std::string& remedy,
                           const std::filesystem::path& root) {
  if (bytes < (16 << 20)) return;  // not worth to ask
  if (const memory_limit has = usable_memory(root); bytes > has.bytes)
    throw error(what + " take " + detail::mebibytes(bytes) + " of memory, and there are " + detail::mebibytes(has.bytes) + " (" +
                has.reason + "); " + remedy);
}

}  // namespace hasse
