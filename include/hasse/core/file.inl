// The bodies of core/file.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <hasse/core/file.hpp>

namespace hasse {

namespace detail {

/// Of no two processes the same, also of two machines that share a folder.
inline std::uint64_t number_of_process() {
  static const std::uint64_t random = (std::uint64_t{std::random_device{}()} << 32) | std::random_device{}();
  return random ^ static_cast<std::uint64_t>(::getpid());  // a fork shares what is random
}

HASSE_BODY void write_all(int file, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ::ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw file_error(path, "cannot be written (" + system_reason() + ")", "free space or choose another place");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

HASSE_BODY void sync_directory_of(const std::filesystem::path& path) {
  const auto parent = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  const descriptor directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY));
  if (directory.number >= 0) ::fsync(directory.number);
}

}  // namespace detail

HASSE_BODY std::string readable_file::read(std::uintmax_t offset, std::uintmax_t count) const {
  std::string content(static_cast<std::size_t>(count), '\0');
  std::size_t have = 0;
  while (have < content.size()) {
    const ::ssize_t got = ::pread(file_.number, content.data() + have, content.size() - have, static_cast<::off_t>(offset + have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw file_error(path_, "cannot be read (" + detail::system_reason() + ")", "check the disk that it lies on");
    if (got == 0) break;
    have += static_cast<std::size_t>(got);
  }
  content.resize(have);
  return content;
}

HASSE_BODY std::string read_file(const std::filesystem::path& path, std::uintmax_t limit) {
  const readable_file file(path, limit);
  return file.read(0, file.size());
}

HASSE_BODY bool file_exists(const std::filesystem::path& path) {
  std::error_code failure;
  const bool found = std::filesystem::exists(path, failure);
  if (failure) throw file_error(path.string(), "cannot be looked at (" + failure.message() + ")", "check the folder and its permissions");
  return found;
}

HASSE_BODY std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> found;
  std::error_code failure;
  for (std::filesystem::directory_iterator at(folder, failure), end; !failure && at != end; at.increment(failure)) found.push_back(at->path());
  if (failure)
    throw file_error(folder.string(), "cannot be listed (" + failure.message() + ")", "check that it is there and readable, and start again");
  return found;
}

HASSE_BODY void remove_file(const std::filesystem::path& path) {
  std::error_code failure;
  std::filesystem::remove(path, failure);
  if (failure) throw file_error(path.string(), "cannot be removed (" + failure.message() + ")", "check the folder and its permissions");
}

HASSE_BODY void create_folder(const std::filesystem::path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder, failure);
  if (failure) throw file_error(folder.string(), "cannot be created (" + failure.message() + ")", "check the folder above it, or name another");
}

HASSE_BODY void cut_file(const std::filesystem::path& path, std::uintmax_t size) {
  std::error_code failure;
  std::filesystem::resize_file(path, size, failure);
  if (failure) throw file_error(path.string(), "cannot be cut to " + std::to_string(size) + " bytes (" + failure.message() + ")", "check the file's permissions");
}

HASSE_BODY void replace_file(const std::filesystem::path& path, std::string_view content) {
  const std::string temporary = path.string() + ".part" + std::to_string(detail::number_of_process());
  try {
    const detail::descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    if (file.number < 0)
      throw file_error(temporary, "cannot be created (" + detail::system_reason() + ")", "check the folder and its permissions");
    detail::write_all(file.number, content, temporary);
    if (::fsync(file.number) != 0)
      throw file_error(temporary, "cannot be brought to disk (" + detail::system_reason() + ")", "free space or choose another place");
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  std::error_code failure;
  std::filesystem::rename(temporary, path, failure);
  if (failure) {
    ::unlink(temporary.c_str());
    throw file_error(path.string(), "cannot be replaced (" + failure.message() + ")", "check what stands there and its permissions");
  }
  detail::sync_directory_of(path);
}

HASSE_BODY void remove_unfinished(const std::filesystem::path& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const std::string end = entry.path().extension().string();
    if (end.size() > 5 && end.starts_with(".part") && end.find_first_not_of("0123456789", 5) == end.npos) ::unlink(entry.path().c_str());
  }
}

HASSE_BODY void append_line(const std::filesystem::path& path, std::string_view line) {
  const bool fresh = !file_exists(path);
  const detail::descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (file.number < 0)
    throw file_error(path.string(), "cannot be opened for appending (" + detail::system_reason() + ")", "check the folder and its permissions");
  detail::write_all(file.number, std::string(line) + '\n', path.string());
  if (::fsync(file.number) != 0)
    throw file_error(path.string(), "cannot be brought to disk (" + detail::system_reason() + ")", "free space or choose another place");
  if (fresh) detail::sync_directory_of(path);
}

}  // namespace hasse
