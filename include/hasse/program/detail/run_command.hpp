// A line of the shell, run with a limit of time and of what it may print. Used by on_command.
#pragma once

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <hasse/core/error.hpp>

namespace hasse::detail {

struct command_outcome {
  int status = 0;  ///< of waitpid
  bool timed_out = false, too_long = false;
  std::string output{}, problems{};  ///< standard output and error
};

/// `text` as one word of the shell.
inline std::string shell_word(const std::string& text) {
  std::string word = "'";
  for (const char letter : text) word += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  return word + "'";
}

/// Runs it in a group of processes of its own, which is ended as a whole when the time is over, or what it prints passes a megabyte.
inline command_outcome run_command(const std::string& line, double seconds) {
  constexpr std::size_t most_bytes = std::size_t{1} << 20;
  int out[2], problems[2];
  if (::pipe2(out, O_CLOEXEC) != 0) throw error("no pipe could be opened (" + std::string(std::strerror(errno)) + ")");
  if (::pipe2(problems, O_CLOEXEC) != 0) {
    ::close(out[0]), ::close(out[1]);
    throw error("no pipe could be opened (" + std::string(std::strerror(errno)) + ")");
  }
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGPIPE, SIG_DFL), ::signal(SIGXFSZ, SIG_DFL);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, 0), ::dup2(out[1], 1), ::dup2(problems[1], 2);
    ::execl("/bin/sh", "sh", "-c", line.c_str(), static_cast<char*>(nullptr));
    ::_exit(127);
  }
  ::close(out[1]), ::close(problems[1]);
  if (child < 0) {
    ::close(out[0]), ::close(problems[0]);
    throw error("no further process could be started (" + std::string(std::strerror(errno)) + ")");
  }
  ::setpgid(child, child);
  command_outcome found;
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  ::pollfd ends[2] = {{out[0], POLLIN, 0}, {problems[0], POLLIN, 0}};
  bool exited = false;
  while (true) {
    const bool ready = ::poll(ends, 2, exited ? 0 : 20) > 0;
    bool read_something = false;
    for (int i = 0; ready && i < 2; ++i) {
      if (ends[i].revents == 0) continue;
      char bytes[4096];
      const ::ssize_t count = ::read(ends[i].fd, bytes, sizeof bytes);
      if (count > 0)
        (i == 0 ? found.output : found.problems).append(bytes, static_cast<std::size_t>(count)), read_something = true;
      else
        ends[i].fd = -1;
    }
    if (exited && !read_something) break;
    exited = exited || ::waitpid(child, &found.status, WNOHANG) == child;
    found.too_long = found.output.size() > most_bytes || found.problems.size() > most_bytes;
    found.timed_out = !exited && std::chrono::steady_clock::now() > deadline;
    if (!found.too_long && !found.timed_out) continue;
    ::kill(-child, SIGKILL);
    if (!exited) ::waitpid(child, &found.status, 0);
    break;
  }
  if (exited) ::kill(-child, SIGKILL);  // what it left running would disturb the next
  ::close(out[0]), ::close(problems[0]);
  return found;
}

}  // namespace hasse::detail
