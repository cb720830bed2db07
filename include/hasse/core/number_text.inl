// The bodies of core/number_text.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include <hasse/core/number_text.hpp>

namespace hasse {

HASSE_BODY std::string with_short_numbers(std::string_view text) {
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  const auto is_word = [&](char letter) { return is_digit(letter) || (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || letter == '.' || letter == '_'; };
  std::string made;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at]) || (at > 0 && is_word(text[at - 1]))) {
      made += text[at++];
      continue;
    }
    double value = 0;
    const auto [stop, problem] = std::from_chars(text.data() + at, text.data() + text.size(), value);
    const std::string_view number = text.substr(at, static_cast<std::size_t>(stop - text.data()) - at);
    const std::string_view mantissa = number.substr(0, number.find_first_of("eE"));
    const auto leading = std::min(mantissa.find_first_not_of("0."), mantissa.size());
    const auto digits = std::count_if(mantissa.begin() + static_cast<std::ptrdiff_t>(leading), mantissa.end(), is_digit);
    char shortest[64];
    const char* const end = std::to_chars(shortest, shortest + sizeof shortest, value, std::chars_format::general).ptr;
    if (problem == std::errc() && digits >= 16 && mantissa.find('.') != mantissa.npos) made.append(shortest, static_cast<std::size_t>(end - shortest));
    else made += number;
    at += number.size();
  }
  return made;
}

}  // namespace hasse
