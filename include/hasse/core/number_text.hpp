// Numbers as text that is hashed, compared and read again: the same in every locale, where printf would write a comma for the point.
// Used by task and train (recipes), search and program (identities) and result (what networks say of themselves).
#pragma once

#include <charconv>
#include <string>

namespace hasse {

/// What printf("%.17g") writes in the C locale; 17 digits tell every double from every other, 9 every float.
inline std::string exact_text(double value, int digits = 17) {
  char text[64];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits).ptr};
}

/// What std::to_string(value), "%f", writes in the C locale.
inline std::string millionths_text(double value) {
  char text[400];  // the largest double has 309 digits before its point
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 6).ptr};
}

}  // namespace hasse
