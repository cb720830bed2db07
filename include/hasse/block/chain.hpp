// Blocks in a row: lists put behind each other, at run time and as constants, and a chain of blocks that is checked by types.
// Used by catalogue and network.
#pragma once

#include <span>

#include <hasse/block/block.hpp>
#include <hasse/space/layer.hpp>

namespace hasse {

/// Puts `next` behind what the list has; it reads value `from` and, where it joins two values, `second`. What `next` names as its outputs
/// are outputs of the whole. The answer is the value that it gives.
template <class List, class Outputs>
constexpr value_id append_layers(List& list, std::span<const layer> next, const Outputs& outputs, value_id from, value_id second = no_value) {
  const value_id shift = static_cast<value_id>(list.size());
  const auto moved = [&](value_id value) { return value == 0 ? from : value == second_input ? second : value == no_value ? no_value : value + shift; };
  for (layer item : next) {
    item.input = moved(item.input), item.other = moved(item.other);
    list.append(item);
  }
  for (const auto& [name, value] : outputs) list.append_output(name, moved(value));
  return next.empty() ? from : static_cast<value_id>(list.size());
}
/// Reads the last value of the list.
template <class List, class Outputs>
constexpr void append_layers(List& list, std::span<const layer> next, const Outputs& outputs) {
  append_layers(list, next, outputs, static_cast<value_id>(list.size()));
}

namespace detail {
template <bool Holds, class Writes, class Reads>
consteval bool check_neighbours() {
  static_assert(Holds, "hasse: a block of this chain does not read what the one before it writes (Writes and Reads, named in this message); give it the shape that comes in");
  return true;
}
template <class Last>
consteval bool check_chain() {
  return true;
}
template <class First, class Next, class... Rest>
consteval bool check_chain() {
  if constexpr (!Feeds<First, Next>)
    return check_neighbours<false, map_of<First::out.h, First::out.w, First::out.c>, map_of<Next::in.h, Next::in.w, Next::in.c>>();
  else
    return check_chain<Next, Rest...>();
}
}  // namespace detail

/// Hand-written blocks in a row; a neighbour that does not fit is shown with both shapes.
template <Block First, Block... Rest>
  requires(detail::check_chain<First, Rest...>())
struct chain {
  static constexpr feature_shape in = First::in;
  static constexpr auto layers = [] {
    fixed_layers<static_cast<int>((First::layers.size() + ... + Rest::layers.size()))> list{.input = in};
    append_layers(list, First::layers, First::layers.outputs);
    (append_layers(list, Rest::layers, Rest::layers.outputs), ...);
    return list;
  }();
};

}  // namespace hasse
