// The widths that something may have: the blocks of a stage, or what a head searches.
// Used by search_space and head.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>

namespace hasse {

namespace detail {
template <int... Width>
constexpr bool increases() {
  int before = -1;
  return (((Width > before || Width <= 0) && (before = Width, true)) && ...);
}
template <int... Width>
consteval bool check_widths() {
  constexpr bool are_few = sizeof...(Width) >= 1 && sizeof...(Width) <= 16;
  static_assert(are_few, "hasse: widths<...> needs one to sixteen widths, for instance widths<32, 64, 128>");
  static_assert(!are_few || increases<Width...>(), "hasse: widths<...> must increase from left to right, for instance widths<32, 64, 128>");
  static_assert(!are_few || ((Width > 0) && ...), "hasse: widths<...> must be positive, for instance widths<32, 64, 128>");
  return true;
}
}  // namespace detail

/// The widths (output channels) that a stage's blocks or a searched layer of a head may have, in increasing order.
template <int... Width>
  requires(detail::check_widths<Width...>())
struct widths {
  static constexpr auto values = [] {
    if constexpr (sizeof...(Width) >= 1 && sizeof...(Width) <= 16 && detail::increases<Width...>() && ((Width > 0) && ...))
      return std::array<int, sizeof...(Width)>{Width...};
    else
      return std::array<int, 1>{64};  // one fault, one sentence
  }();
};

/// The same as numbers.
struct width_list {
  std::array<int, 16> widths{};
  int width_count = 0;

  constexpr int operator[](int option) const { return widths[static_cast<std::size_t>(option)]; }
  constexpr int option_of(int width) const {
    for (int option = 0; option < width_count; ++option)
      if (widths[static_cast<std::size_t>(option)] == width) return option;
    return -1;
  }
};

namespace detail {
/// Widths, whatever the order of mistakes.
template <class Type>
concept ListsWidths = requires(const Type& list) { { list.values[0] } -> std::convertible_to<int>; };
struct not_given {};

template <class Widths>
constexpr width_list listed() {
  width_list list{.widths = {}, .width_count = static_cast<int>(Widths::values.size())};
  for (std::size_t option = 0; option < Widths::values.size(); ++option) list.widths[option] = Widths::values[option];
  return list;
}

/// Width option pairs (before, own) that may follow each other.
constexpr bool may_follow(const width_list& before, int option_before, const width_list& own, int option) { return before[option_before] <= own[option]; }
}  // namespace detail

}  // namespace hasse
