// Options as one line of text, so that a set can be asked for again: "seed=1 most_train=0 ...".
// Used by open_data and open_detection, whose options each have a function for_each_option(options, visit).
#pragma once

#include <algorithm>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>

namespace hasse::detail {

/// Letters, digits and a few marks as they are, all else as %XX.
inline std::string encoded(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9') || std::string_view("_-./:").find(letter) != std::string_view::npos;
    if (plain)
      result += letter;
    else
      result += {'%', "0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
  }
  return result;
}

inline bool decode_text(std::string_view text, std::string& to) {
  to.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      to += text[i];
      continue;
    }
    unsigned byte = 0;
    if (i + 2 >= text.size() || std::from_chars(&text[i + 1], &text[i] + 3, byte, 16).ptr != &text[i] + 3) return false;
    to += static_cast<char>(byte);
    i += 2;
  }
  return true;
}

inline std::string value_text(const std::string& value) { return encoded(value); }
inline std::string value_text(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += (text.empty() ? "" : ",") + encoded(value);
  return text;
}
template <class Number>
  requires std::is_arithmetic_v<Number>
std::string value_text(Number value) {
  char digits[32];
  return {digits, std::to_chars(digits, digits + sizeof digits, +value).ptr};  // a bool as 0 or 1
}

inline bool read_value(std::string_view text, std::string& to) { return decode_text(text, to); }
inline bool read_value(std::string_view text, std::vector<std::string>& to) {
  to.clear();
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    if (!decode_text(one, to.emplace_back())) return false;
    text.remove_prefix(std::min(one.size() + 1, text.size()));
  }
  return true;
}
template <class Number>
  requires std::is_arithmetic_v<Number>
bool read_value(std::string_view text, Number& to) {
  auto number = +to;
  const auto [stop, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  to = static_cast<Number>(number);
  return problem == std::errc() && stop == text.data() + text.size() && number >= 0;
}

template <class Options>
std::string option_text(const Options& options) {
  std::string text;
  for_each_option(options, [&](const char* name, const auto& value) { text += (text.empty() ? "" : " ") + std::string(name) + "=" + value_text(value); });
  return text;
}

/// Options that are not named keep what they have.
template <class Options>
void read_options(std::string_view text, Options& options) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view field = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(field.size() + 1, rest.size()));
    bool is_read = false;
    for_each_option(options, [&](std::string_view name, auto& value) {
      if (field.starts_with(name) && field.size() > name.size() && field[name.size()] == '=') is_read = read_value(field.substr(name.size() + 1), value);
    });
    if (!is_read)
      throw error("the options of the images hold " + in_quotes(field, 60) + ", which this version does not know; export the network again");
  }
}

}  // namespace hasse::detail
