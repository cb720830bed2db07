// How every program begins and ends: numbers that are read strictly, refusals as one sentence, output that must arrive.
// Used by programs; needs nothing but CLI11.
#pragma once

#include <cerrno>
#include <charconv>
#include <cmath>
#include <concepts>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <limits>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/program/output.hpp>
#include <hasse/program/stoppable.hpp>

namespace hasse {

/// What a number must be that an option takes: decimal digits alone, finite, between two ends. (The parser behind it would take
/// octal and hexadecimal numbers and "nan", and would wrap "-1" around.)
template <class Number>
CLI::Validator number_between(Number least, Number most) {
  return CLI::Validator(
      [least, most](std::string& text) {
        Number value{};
        const char* const end = text.data() + text.size();
        const auto [last, problem] = std::from_chars(text.data(), end, value);
        if (problem != std::errc() || last != end || !(value >= least && value <= most))
          return detail::printable(detail::clipped(text, 40)) +
                 (std::integral<Number> ? " is not a whole number from " : " is not a number from ") + number_text(least) + " to " +
                 number_text(most);
        if constexpr (std::integral<Number>) text = std::to_string(value);  // "010" is ten
        return std::string();
      },
      "");
}

/// An option that is a number from `least` to `most`; its default is shown.
template <class Number>
CLI::Option* add_number(CLI::App& app, const std::string& name, Number& value, std::type_identity_t<Number> least,
                        std::type_identity_t<Number> most, const std::string& description) {
  return app.add_option(name, value, description)->capture_default_str()->transform(number_between<Number>(least, most));
}
template <std::integral Number>
CLI::Option* add_number(CLI::App& app, const std::string& name, Number& value, const std::string& description) {
  return add_number<Number>(app, name, value, 0, std::numeric_limits<Number>::max(), description);
}

/// An option that may not be empty.
inline CLI::Validator not_empty(const char* what) {
  return CLI::Validator([what](std::string& text) { return text.empty() ? std::string("it is empty; name ") + what : std::string(); }, "");
}

namespace detail {
/// A closed stream's number would be given to the next file that is opened, and what is printed would land in it.
inline void require_streams() {
  bool silent = false;
  for (int file = 0; file <= 2; ++file) {
    if (::fcntl(file, F_GETFD) >= 0) continue;
    silent = silent || file == STDOUT_FILENO;
    [[maybe_unused]] const int ignored = ::open("/dev/null", O_RDWR);  // the lowest number that is free
  }
  if (silent) throw error("the standard output is closed, so that no answer could arrive; open it, or send it to /dev/null");
}

/// The bytes of addresses that this process may use (ulimit -v); RLIM_INFINITY: nobody limits them.
inline ::rlim_t address_limit() {
  struct ::rlimit limit {};
  return ::getrlimit(RLIMIT_AS, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

/// Each thread that allocates would claim 64 MB of addresses for itself: too much where they are limited. Set before main, since
/// asking for the usual number of threads starts some.
inline const bool shares_memory = address_limit() != RLIM_INFINITY && ::mallopt(M_ARENA_MAX, 1) == 1;

/// What to say when memory or threads are used up.
inline std::string exhausted_text(const char* what) {
  std::string text = what;
  if (const std::string& doing = work_in_hand(); !doing.empty()) text += " (the last step: " + doing + ")";
  if (const ::rlim_t limit = address_limit(); limit != RLIM_INFINITY)
    text += "; this process may use " + std::to_string(limit >> 20) + " MB (ulimit -v)";
  return text + "; allow it more, or ask for less: a smaller batch or network, fewer images or threads";
}

}  // namespace detail

/// Parses, runs, and turns whatever goes wrong into one sentence and exit code 2. The program calls itself as its file is called, so that one of a
/// user's own has its own name. 128 and its number where a signal stopped the work.
template <class Run>
int guarded(CLI::App& app, int argc, const char* const* argv, Run run, std::FILE* out = stdout, std::FILE* problems = stderr) {
  std::string sentence;
  try {
    detail::require_streams();
    if (argc > 0 && argv[0])
      if (const std::string name = std::filesystem::path(argv[0]).filename().string(); !name.empty()) app.name(detail::printable(detail::clipped(name, 100)));
    std::signal(SIGXFSZ, SIG_IGN);  // a file that would outgrow its limit is refused by a sentence
    try {
      app.parse(argc, argv);
      run();
    } catch (const CLI::CallForHelp&) {
      std::fputs(app.help().c_str(), out);
    }
    flush_output(out);
    return 0;
  } catch (const CLI::ParseError& refused) {
    sentence = detail::printable(detail::clipped(refused.what(), 400)) + " (see --help)";
  } catch (const stopped& asked) {
    std::fprintf(problems, "%s: %s\n", app.get_name().c_str(), asked.what());
    return 128 + asked.signal;
  } catch (const std::bad_alloc&) {
    sentence = detail::exhausted_text("the memory was used up");
  } catch (const std::filesystem::filesystem_error& fault) {
    sentence = fault.path1().string() + ": cannot be used (" + fault.code().message() + "); check that it is still there, and start again";
  } catch (const std::system_error& fault) {
    sentence = fault.code() == std::errc::resource_unavailable_try_again
                   ? detail::exhausted_text("no further thread could be started, for lack of memory or of processes")
                   : "the system refused (" + fault.code().message() + "); start again, and the same command goes on";
  } catch (const error& refused) {
    sentence = refused.what();
  } catch (const std::exception& fault) {
    sentence = "a fault of this program, which it does not foresee (" + detail::printable(detail::clipped(fault.what())) +
               "); start again, and report it if it comes back";
  }
  std::fprintf(problems, "%s: %s\n", app.get_name().c_str(), sentence.c_str());
  return 2;
}

}  // namespace hasse
