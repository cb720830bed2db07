// Numbers as text that is hashed, compared and read again: the same in every locale, where printf would write a comma for the point.
// Used by task and train (recipes), search and program (identities) and result (what networks say of themselves).
#pragma once

#include <charconv>
#include <string>
#include <string_view>

#include <hasse/core/apart.hpp>

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

/// A text for people: what exact_text wrote of a double in it with 16 or 17 digits, as 0.050000000000000003, is there in as few as read as the same
/// double, 0.05. Texts that differ stay so.
HASSE_BODY std::string with_short_numbers(std::string_view text);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/core/number_text.inl>
#endif
