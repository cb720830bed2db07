// The finite set of blocks that a space can ever need: one entry per part, found by id or by name. This header only declares
// the table; catalogue/shard.hpp makes it, in one file of a program or spread over several.
// Used by network and latency; an architecture becomes a network by walking this table.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <hasse/block/chain.hpp>
#include <hasse/catalogue/entry.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/space/architecture.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/space/parts.hpp>

namespace hasse {

/// How many files the table of a space is compiled in. To spread it, specialise this beside the space and compile
/// `template struct hasse::catalogue_shard<my_space, 0, 4>;` ... `<my_space, 3, 4>` with catalogue/shard.hpp, each in a file.
template <class Space>
inline constexpr int catalogue_shards = 1;

/// Every `Shards`-th entry. Defined in catalogue/shard.hpp: a program that links without it has not included that header anywhere.
template <class Space, int Shard, int Shards>
struct catalogue_shard {
  static void fill(std::span<entry> table);
};

/// The blocks of a space. Every part of every legal architecture has its entry, since both are counted by space/parts.hpp.
template <class Space>
struct catalogue {
  /// Number of compiled blocks.
  static constexpr int size = part_count<Space>;

  static std::span<const entry> entries() {
    static const auto table = []<std::size_t... Shard>(std::index_sequence<Shard...>) {
      std::array<entry, static_cast<std::size_t>(size)> filled{};
      (catalogue_shard<Space, static_cast<int>(Shard), static_cast<int>(sizeof...(Shard))>::fill(filled), ...);
      return filled;
    }(std::make_index_sequence<static_cast<std::size_t>(catalogue_shards<Space>)>{});
    return table;
  }
  /// The entry of a part; `id` in [0, size).
  static const entry& at(part_id id) { return entries()[static_cast<std::size_t>(id)]; }

  /// The entry that a text names; parts that are the same block share a text, the first is given. Throws when there is none.
  static const entry& find(std::string_view text) {
    for (const entry& each : entries())
      if (each.text() == text) return each;
    throw error("block " + detail::in_quotes(text) + " is not one of the " + std::to_string(size) +
                " blocks of this space; write it like \"" + at(size - 1).text() + "\"");
  }
};

/// The layers of one block, as a network of its own. A block that joins two values is none.
inline layer_list layers_of(const entry& block) {
  if (block.joins())
    throw error("block " + detail::in_quotes(block.text()) + " reads two values, so it is no network of its own; look at it in a network of its space");
  layer_list list{.input = block.in, .items = {}, .stretches = {{&block, 0, static_cast<int>(block.layers.size())}}};
  append_layers(list, block.layers, block.outputs);
  return list;
}

/// The layers of an architecture: those of its blocks, one behind the other, each stretch with its entry.
template <class Space>
layer_list layers_of(const architecture<Space>& choice) {
  layer_list list{.input = Space::image, .items = {}};
  assemble(choice, [&](part_id part, value_id from, value_id second) {
    const entry& block = catalogue<Space>::at(part);
    list.stretches.push_back({&block, static_cast<int>(list.size()), static_cast<int>(block.layers.size())});
    return append_layers(list, block.layers, block.outputs, from, second);
  });
  return list;
}

}  // namespace hasse
