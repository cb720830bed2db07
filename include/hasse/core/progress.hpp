// How long work tells a person where it stands. The library only calls a sink; the printer below is one for terminals and logs.
// Used by latency, train, search and the programs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>

#include <sys/ioctl.h>
#include <unistd.h>

#include <hasse/core/apart.hpp>

namespace hasse {

/// One report: `fraction` in [0, 1] of the whole job, `doing` in a few words, seconds left (negative: unknown).
struct progress_event {
  double fraction = 0;
  std::string doing;
  double seconds_left = -1;
};

/// Receives reports; empty means silence.
using progress_sink = std::function<void(const progress_event&)>;

/// "1:05:09", "4:07" or "0:12"; "?" when unknown.
HASSE_BODY std::string clock_text(double seconds);

/// Seconds left, from the share done since this clock started. Work done in an earlier process does not count as speed.
class remaining_time {
 public:
  double operator()(double fraction) {
    const auto now = std::chrono::steady_clock::now();
    if (first_ < 0) first_ = fraction, start_ = now;
    const double done = fraction - first_, seconds = std::chrono::duration<double>(now - start_).count();
    return done > 0 ? seconds * (1 - fraction) / done : -1;
  }

 private:
  double first_ = -1;
  std::chrono::steady_clock::time_point start_{};
};

/// Draws a bar that overwrites itself on a terminal; elsewhere prints a line every ten seconds, so that logs stay short.
class progress_printer {
 public:
  explicit progress_printer(std::FILE* stream = stderr) : stream_(stream), terminal_(::isatty(::fileno(stream)) != 0) {}
  progress_printer(const progress_printer&) = delete;
  progress_printer& operator=(const progress_printer&) = delete;
  ~progress_printer() { finish(); }

  void operator()(const progress_event& event) {
    const auto now = std::chrono::steady_clock::now();
    const bool complete = event.fraction >= 1;
    if (!complete && drawn_ && now - last_ < (terminal_ ? std::chrono::milliseconds(100) : std::chrono::milliseconds(10'000))) return;
    last_ = now, drawn_ = true;
    const double fraction = !(event.fraction >= 0) ? 0 : event.fraction > 1 ? 1 : event.fraction;
    const std::string left = event.seconds_left >= 0 ? ", " + clock_text(event.seconds_left) + " left" : std::string();
    if (terminal_) {
      const int filled = static_cast<int>(fraction * 24);
      const std::string bar = std::string(static_cast<std::size_t>(filled), '#') + std::string(static_cast<std::size_t>(24 - filled), '.');
      char number[16];
      std::snprintf(number, sizeof number, "] %3.0f %%", fraction * 100);
      std::string line = "[" + bar + number + left + "  " + event.doing;
      line.resize(std::min(line.size(), columns() - 1));  // a line that wraps could not be overwritten
      std::fprintf(stream_, "\r\033[K%s", line.c_str());
      open_ = true;
    } else {
      std::fprintf(stream_, "[%3.0f %%%s] %s\n", fraction * 100, left.c_str(), event.doing.c_str());
    }
    std::fflush(stream_);
  }

  /// Ends the line, so that what follows starts on one of its own.
  void finish();

 private:
  std::size_t columns() const;

  std::FILE* stream_;
  bool terminal_, open_ = false, drawn_ = false;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/core/progress.inl>
#endif
