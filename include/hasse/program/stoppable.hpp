// Signals stop the work of a program where it can go on. Used by programs that resume.
#pragma once

#include <atomic>
#include <csignal>
#include <exception>
#include <string>

#include <unistd.h>

#include <hasse/core/progress.hpp>

namespace hasse {

/// A signal asked this program to end, and the work stopped where the same command goes on. No refusal: nothing but `guarded` and
/// what must be kept on the way there may catch it.
struct stopped : std::exception {
  int signal = 0;
  explicit stopped(int number) : signal(number) {}
  const char* what() const noexcept override { return "stopped; the same command goes on"; }
};

namespace detail {
inline std::atomic<int> stop_signal{0};  // written by the handler
static_assert(std::atomic<int>::is_always_lock_free, "hasse: a signal handler may only write what needs no lock");

extern "C" inline void hasse_stop_at_signal(int signal) {
  if (stop_signal.exchange(signal) != 0) {  // asked twice
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  constexpr char word[] = "\nstopping at the next step; once more ends at once\n";
  [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, word, sizeof word - 1);
}

/// What the program last said that it was doing; "" before it said anything.
inline std::string& work_in_hand() {
  static std::string doing;
  return doing;
}
}  // namespace detail

/// The printer of programs that go on where they stopped. While it lives, the first SIGINT, SIGTERM or SIGHUP lets the next report
/// throw `stopped`, so that work ends between two steps; the second ends the process at once. A signal that was ignored stays so.
class stoppable_printer : public progress_printer {
 public:
  stoppable_printer() {
    detail::stop_signal = 0;
    struct ::sigaction asked {};
    asked.sa_handler = detail::hasse_stop_at_signal;
    asked.sa_flags = SA_RESTART;
    ::sigemptyset(&asked.sa_mask);
    for (int i = 0; i < 3; ++i) {
      ::sigaction(signals[i], nullptr, &before_[i]);
      if (before_[i].sa_handler == SIG_DFL) ::sigaction(signals[i], &asked, nullptr);
    }
  }
  ~stoppable_printer() {
    for (int i = 0; i < 3; ++i) ::sigaction(signals[i], &before_[i], nullptr);
  }

  void operator()(const progress_event& event) {
    detail::work_in_hand() = event.doing;
    if (const int signal = detail::stop_signal) {
      finish();
      throw stopped(signal);
    }
    progress_printer::operator()(event);
  }

 private:
  static constexpr int signals[3] = {SIGINT, SIGTERM, SIGHUP};
  struct ::sigaction before_[3] {};
};

}  // namespace hasse
