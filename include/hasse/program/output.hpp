// What programs print: numbers as people write them, and the certainty that it arrived. Used by programs.
#pragma once

#include <cerrno>
#include <concepts>
#include <cstdio>
#include <cstring>
#include <string>

#include <hasse/core/error.hpp>

namespace hasse {

template <class Number>
std::string number_text(Number value) {
  if constexpr (std::integral<Number>) return std::to_string(value);
  char text[32];
  std::snprintf(text, sizeof text, "%g", static_cast<double>(value));
  return text;
}

/// Throws unless everything printed so far has arrived.
inline void flush_output(std::FILE* out = stdout) {
  errno = 0;
  if (std::fflush(out) == 0 && std::ferror(out) == 0) return;
  if (errno == 0) std::fputc('\n', out), std::fflush(out);  // what was longer than a buffer failed before: one letter more tells why
  throw error("what this program prints cannot be written (" + std::string(errno ? std::strerror(errno) : "an earlier write failed") +
              "); free space, or send it elsewhere");
}

}  // namespace hasse
