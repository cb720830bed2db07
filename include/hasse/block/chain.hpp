// Blocks in a row: lists put behind each other, at run time and as constants, and a chain of blocks that is checked by types.
// Used by catalogue and network.
#pragma once

#include <span>

#include <hasse/block/block.hpp>
#include <hasse/space/layer.hpp>

namespace hasse {

/// Puts `next` behind what the list has: the input of `next` is the last value of the list. What `next` names as its outputs are
/// outputs of the whole.
template <class List, class Outputs>
constexpr void append_layers(List& list, std::span<const layer> next, const Outputs& outputs) {
  const value_id shift = static_cast<value_id>(list.size());
  for (layer item : next) {
    item.input += shift;
    if (item.other != no_value) item.other += shift;
    list.append(item);
  }
  for (const auto& [name, value] : outputs) list.append_output(name, value + shift);
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
    append_layers(list, First::layers, First::layers.outputs);
    (append_layers(list, Rest::layers, Rest::layers.outputs), ...);
    return list;
  }();
};

}  // namespace hasse
