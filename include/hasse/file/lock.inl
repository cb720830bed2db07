// The bodies of file/lock.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <hasse/file/lock.hpp>

namespace hasse {

HASSE_BODY file_lock::file_lock(const std::filesystem::path& path, lock_use use, const std::string& remedy)
    : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
  if (file_.number < 0)
    throw file_error(path.string(), "cannot be created (" + detail::system_reason() + ")", "check the folder and its permissions");
  struct ::flock whole {};
  whole.l_type = use == lock_use::alone ? F_WRLCK : F_RDLCK, whole.l_whence = SEEK_SET;
  // Of the open file, not of the process: closing another descriptor of it does not let it go, and two of one process exclude each other.
  if (::fcntl(file_.number, F_OFD_SETLK, &whole) == 0) {
    sign();
    return;
  }
  if (errno == EACCES || errno == EAGAIN)
    throw file_error(path.string(), "is held by " + holder() + ", which works in this folder", remedy);
  throw file_error(path.string(), "cannot be locked (" + detail::system_reason() + ")", "choose a folder on a file system with locks");
}

HASSE_BODY bool file_lock::is_held(const std::filesystem::path& path) {
  const detail::descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  struct ::flock whole {};
  whole.l_type = F_WRLCK, whole.l_whence = SEEK_SET;
  return file.number >= 0 && ::fcntl(file.number, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
}

HASSE_BODY void file_lock::sign() const {
  const std::string number = std::to_string(::getpid()) + '\n';
  if (::ftruncate(file_.number, 0) != 0 || ::pwrite(file_.number, number.data(), number.size(), 0) < 0) return;  // held all the same
}

HASSE_BODY std::string file_lock::holder() const {
  for (int tries = 0; tries < 50; ++tries) {
    char text[24] = {};
    const ::ssize_t got = ::pread(file_.number, text, sizeof text - 1, 0);
    const std::string_view said(text, static_cast<std::size_t>(std::max<::ssize_t>(got, 0)));
    ::pid_t number = 0;
    const auto [end, error] = std::from_chars(said.data(), said.data() + said.size(), number);
    if (error == std::errc() && number > 0 && end != said.data() + said.size() && (::kill(number, 0) == 0 || errno == EPERM))
      return "process " + std::to_string(number);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return "another process";
}

}  // namespace hasse
