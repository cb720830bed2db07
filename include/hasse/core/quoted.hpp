// Text that a file, an option or a caller brought along, as sentences show it: printable, and cut where it is long.
// Used by all stages that refuse something.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hasse::detail {

/// How many bytes from `at` are one character of UTF-8; 0 where they are none.
inline std::size_t utf8_length(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(at);
  const std::size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length == 0 || length > text.size() - at) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  const bool overlong = (first == 0xe0 && byte(at + 1) < 0xa0) || (first == 0xf0 && byte(at + 1) < 0x90);
  const bool outside = (first == 0xed && byte(at + 1) > 0x9f) || (first == 0xf4 && byte(at + 1) > 0x8f);
  return overlong || outside ? 0 : length;
}

/// Text as it may be printed: control characters and what is no UTF-8 become \xNN.
inline std::string printable(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text, i);
    const auto byte = static_cast<unsigned char>(text[i]);
    if (length == 0 || byte < 0x20 || byte == 0x7f) {
      result += {'\\', 'x', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
      ++i;
    } else {
      result += text.substr(i, length);
      i += length;
    }
  }
  return result;
}

/// The first `most` bytes, but no part of a character, and "..." where there were more.
inline std::string clipped(std::string_view text, std::size_t most = 200) {
  if (text.size() <= most) return std::string(text);
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0) == 0x80) --most;
  return std::string(text.substr(0, most)) + "...";
}

/// The text in double quotes, for use inside a sentence.
inline std::string in_quotes(std::string_view text, std::size_t most = 200) { return '"' + printable(clipped(text, most)) + '"'; }

}  // namespace hasse::detail
