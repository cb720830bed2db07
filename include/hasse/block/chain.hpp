// Blocks in a row: lists put behind each other, at run time and as constants, and a chain of blocks that is checked by types.
// Used by catalogue and network.
#pragma once

#include <span>

#include <hasse/block/block.hpp>
#include <hasse/space/layer.hpp>

namespace hasse {

/// Puts `next` behind what the list has: the first value of `next` is the last of the list.
template <class List>
constexpr void append_layers(List& list, std::span<const layer> next) {
  const value_id shift = static_cast<value_id>(list.size());
  for (layer item : next) {
    item.input += shift;
    if (item.other != no_value) item.other += shift;
    list.append(item);
  }
}

namespace detail {
template <class First, class Next>
  requires Feeds<First, Next>
struct link {};
template <class First, class... Rest>
struct links {};
template <class First, class Next, class... Rest>
struct links<First, Next, Rest...> : links<Next, Rest...> {
  using fits = link<First, Next>;  // no base: blocks that repeat would make it ambiguous
};
}  // namespace detail

/// Hand-written blocks in a row; a neighbour that does not fit is shown with both shapes.
template <Block First, Block... Rest>
struct chain : private detail::links<First, Rest...> {
  static constexpr feature_shape in = First::in;
  static constexpr auto layers = [] {
    fixed_layers<static_cast<int>((First::layers.size() + ... + Rest::layers.size()))> list{.input = in};
    append_layers(list, First::layers);
    (append_layers(list, Rest::layers), ...);
    return list;
  }();
};

}  // namespace hasse
