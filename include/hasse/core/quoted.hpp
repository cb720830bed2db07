// Text that a file, an option or a caller brought along, as sentences show it: printable, and cut where it is long.
// Used by all stages that refuse something.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <hasse/core/apart.hpp>

namespace hasse::detail {

/// How many bytes from `at` are one character of UTF-8; 0 where they are none.
HASSE_BODY std::size_t utf8_length(std::string_view text, std::size_t at);

/// Text as it may be printed: control characters and what is no UTF-8 become \xNN.
HASSE_BODY std::string printable(std::string_view text);

/// The first `most` bytes, but no part of a character, and "..." where there were more.
HASSE_BODY std::string clipped(std::string_view text, std::size_t most = 200);

/// The text in double quotes, for use inside a sentence.
inline std::string in_quotes(std::string_view text, std::size_t most = 200) { return '"' + printable(clipped(text, most)) + '"'; }

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/core/quoted.inl>
#endif
