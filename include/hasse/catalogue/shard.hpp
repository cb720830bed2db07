// The heavy half of the catalogue: instantiates the blocks of a space. Included once per program, or by one file per shard.
// Used by programs, by tests, and by static networks.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include <hasse/block/block.hpp>
#include <hasse/catalogue/catalogue.hpp>

namespace hasse {

namespace detail {
/// The layers and outputs of a block without the spare room of its list: this is what stays in the program.
template <class Block>
inline constexpr auto kept_layers = [] {
  std::array<layer, Block::layers.size()> kept{};
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = Block::layers.items[i];
  return kept;
}();

template <class Block>
inline constexpr auto kept_outputs = [] {
  std::array<constant_output, Block::layers.outputs.size()> kept{};
  for (std::size_t i = 0; i < kept.size(); ++i) kept[i] = Block::layers.outputs[i];
  return kept;
}();

template <class Block>
std::string spec_text_of() {
  return Block::spec.text();
}

template <class Space, part_id Id>
constexpr entry entry_of() {
  using made = block_of<part_t<Space, Id>>;
  return {Id, part_keys<Space>[static_cast<std::size_t>(Id)], made::in, made::out, kept_layers<made>, kept_outputs<made>, made::costs,
          &spec_text_of<made>};
}

/// The entries Shard, Shard + Shards, Shard + 2 Shards ... of a space.
template <class Space, int Shard, int Shards>
inline constexpr auto shard_entries = []<std::size_t... Row>(std::index_sequence<Row...>) {
  return std::array<entry, sizeof...(Row)>{entry_of<Space, Shard + static_cast<int>(Row) * Shards>()...};
}(std::make_index_sequence<static_cast<std::size_t>((part_count<Space> - Shard + Shards - 1) / Shards)>{});
}  // namespace detail

template <class Space, int Shard, int Shards>
void catalogue_shard<Space, Shard, Shards>::fill(std::span<entry> table) {
  for (const entry& each : detail::shard_entries<Space, Shard, Shards>) table[static_cast<std::size_t>(each.id)] = each;
}

}  // namespace hasse
