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
struct kept_outputs {
  constant_output items[static_cast<std::size_t>(Block::layers.outputs.count)];
};
template <class Block>
inline constexpr auto kept_outputs_of = [] {
  kept_outputs<Block> kept{};
  for (int i = 0; i < Block::layers.outputs.count; ++i) kept.items[i] = Block::layers.outputs.items[static_cast<std::size_t>(i)];
  return kept;
}();
template <class Block>
constexpr constant_output_range outputs_of() {
  if constexpr (Block::layers.outputs.count == 0)
    return {};
  else
    return {kept_outputs_of<Block>.items, kept_outputs_of<Block>.items + Block::layers.outputs.count};
}

template <class Block>
std::string spec_text_of() {
  return Block::spec.text();
}

template <class Space, part_id Id>
constexpr entry entry_of() {
  using made = block_of<part_t<Space, Id>>;
  return {Id, part_keys<Space>[static_cast<std::size_t>(Id)], made::in, made::second, made::out, kept_layers<made>, outputs_of<made>(), made::costs,
          &spec_text_of<made>, bodies_for<made>(engines_of<Space>)};
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
