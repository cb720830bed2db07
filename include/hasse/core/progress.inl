// The bodies of core/progress.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

#include <hasse/core/progress.hpp>

namespace hasse {

HASSE_BODY std::string clock_text(double seconds) {
  if (!(seconds >= 0) || seconds > 1e7) return "?";
  const long total = static_cast<long>(seconds + 0.5);
  char text[48];
  if (total >= 3600) std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", total / 3600, total / 60 % 60, total % 60);
  else std::snprintf(text, sizeof text, "%ld:%02ld", total / 60, total % 60);
  return text;
}

HASSE_BODY void progress_printer::finish() {
  if (open_) std::fputc('\n', stream_), std::fflush(stream_);
  open_ = false, drawn_ = false;
}

HASSE_BODY std::size_t progress_printer::columns() const {
  struct ::winsize size {};
  return ::ioctl(::fileno(stream_), TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col : 80;
}

}  // namespace hasse
