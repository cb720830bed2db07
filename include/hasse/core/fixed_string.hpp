// Text that can be a template argument: `network<space, "[(32),(64)]">`.
// Used by space (architecture literals) and network.
#pragma once

#include <cstddef>
#include <string_view>

namespace hasse {

template <std::size_t Size>
struct fixed_string {
  char text[Size]{};
  constexpr fixed_string(const char (&from)[Size]) {
    for (std::size_t i = 0; i < Size; ++i) text[i] = from[i];
  }
  constexpr std::string_view view() const { return {text, Size - 1}; }
  friend constexpr bool operator==(const fixed_string&, const fixed_string&) = default;
};

}  // namespace hasse
