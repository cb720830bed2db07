// The finite set of things that a space's architectures are made of: stem layers, blocks at every width pair, pieces of the head.
// Used by architecture (cost), count (latency sums), catalogue (which compiles one entry per part) and latency (one row per part).
#pragma once

#include <hasse/space/cost.hpp>
#include <hasse/space/part_key.hpp>
#include <hasse/space/search_space.hpp>

namespace hasse {

/// A spec at the place where it is used: everything that a block type needs. `Second` is what it reads besides, where it joins two values.
template <auto SpecValue, feature_shape In, feature_shape Second = feature_shape{}>
struct placed {
  using spec_type = std::remove_const_t<decltype(SpecValue)>;
  static constexpr spec_type spec = SpecValue;
  static constexpr feature_shape in = In, second = Second;
  static constexpr auto layers = layers_of<SpecValue, In, Second>();
  static constexpr feature_shape out = layers.shape_of(layers.count);
};

namespace detail {
template <class Space>
inline constexpr int stem_layers = static_cast<int>(decltype(hana::length(Space::stem_type::specs))::value);

/// Which stage, from 0, a piece of the head reads, and whether it joins that to what was made before.
struct piece_facts {
  int stage = 0;
  bool joins = false;
};
template <class Space, class... Piece>
constexpr auto piece_facts_of(head_pieces<Piece...>) {
  return std::array<piece_facts, sizeof...(Piece)>{piece_facts{(Piece::stage > 0 ? Piece::stage : Space::stages) - 1, Piece::joins}...};
}
template <class Space>
inline constexpr auto head_facts = piece_facts_of<Space>(typename Space::head_type::pieces{});
template <int Index, class First, class... Rest>
constexpr auto piece_at(head_pieces<First, Rest...>) {
  if constexpr (Index == 0)
    return typename First::spec_type{};
  else
    return piece_at<Index - 1>(head_pieces<Rest...>{});
}

/// Width option pairs (before, own) that may follow each other.
constexpr bool may_follow(const stage_facts& before, int option_before, const stage_facts& own, int option) {
  return before.widths[static_cast<std::size_t>(option_before)] <= own.widths[static_cast<std::size_t>(option)];
}

/// Calls `visit(part_key)` for every part, in the order of their ids.
template <class Space, class Visit>
constexpr void for_each_part(Visit visit) {
  for (int layer = 0; layer < stem_layers<Space>; ++layer) visit(part_key{part_kind::stem, layer, 0, 0});
  for (int stage = 0; stage < Space::stages; ++stage) {
    const stage_facts& own = Space::facts[static_cast<std::size_t>(stage)];
    const stage_facts& before = Space::facts[static_cast<std::size_t>(stage > 0 ? stage - 1 : 0)];
    for (int from = 0; from < (stage > 0 ? before.width_count : 1); ++from)
      for (int to = 0; to < own.width_count; ++to)
        if (stage == 0 || may_follow(before, from, own, to)) visit(part_key{part_kind::first_block, stage, from, to});
    for (int from = 0; own.most_depth > 1 && from < own.width_count; ++from)
      for (int to = from; to < own.width_count; ++to) visit(part_key{part_kind::later_block, stage, from, to});
  }
  for (int piece = 0; piece < static_cast<int>(head_facts<Space>.size()); ++piece)
    for (int option = 0; option < Space::facts[static_cast<std::size_t>(head_facts<Space>[static_cast<std::size_t>(piece)].stage)].width_count; ++option)
      visit(part_key{part_kind::head, piece, option, 0});
}
}  // namespace detail

/// Number of parts: what a latency table measures and a catalogue compiles.
template <class Space>
inline constexpr int part_count = [] {
  int count = 0;
  detail::for_each_part<Space>([&](part_key) { ++count; });
  return count;
}();

/// The key of every part.
template <class Space>
inline constexpr auto part_keys = [] {
  std::array<part_key, static_cast<std::size_t>(part_count<Space>)> keys{};
  std::size_t at = 0;
  detail::for_each_part<Space>([&](part_key key) { keys[at++] = key; });
  return keys;
}();

namespace detail {
/// part ids of blocks by [later][stage][before][own]; -1 where widths would decrease.
template <class Space>
inline constexpr auto block_ids = [] {
  std::array<std::array<std::array<std::array<std::int16_t, 16>, 16>, static_cast<std::size_t>(Space::stages)>, 2> table{};
  for (auto& later : table)
    for (auto& stage : later)
      for (auto& before : stage) before.fill(-1);
  std::int16_t id = 0;
  for (const part_key& key : part_keys<Space>) {
    if (key.kind == part_kind::first_block || key.kind == part_kind::later_block)
      table[key.kind == part_kind::later_block][static_cast<std::size_t>(key.index)][static_cast<std::size_t>(key.before)][static_cast<std::size_t>(key.own)] = id;
    ++id;
  }
  return table;
}();

/// The first part of each piece of the head; the others follow by the option of its stage.
template <class Space>
inline constexpr auto head_ids = [] {
  std::array<part_id, head_facts<Space>.size()> ids{};
  part_id id = 0;
  for (const part_key& key : part_keys<Space>) {
    if (key.kind == part_kind::head && key.before == 0) ids[static_cast<std::size_t>(key.index)] = id;
    ++id;
  }
  return ids;
}();

template <auto Stage, int Width, bool First>
constexpr auto stage_spec_at() {
  auto spec = Stage;
  spec.out = Width;
  if (!First) spec.stride = 1;
  return spec;
}

template <class Space, int Layer>
constexpr feature_shape stem_output() {  // shape after `Layer` stem layers
  if constexpr (Layer == 0) {
    return Space::image;
  } else {
    constexpr feature_shape before = stem_output<Space, Layer - 1>();
    return trace_of(Space::stem_type::specs[hana::size_c<Layer - 1>], before).out;
  }
}

/// Height and width after a stage (its channels are the width of its last block).
template <class Space, int Stage>
constexpr feature_shape stage_output() {
  if constexpr (Stage < 0) {
    return stem_output<Space, stem_layers<Space>>();
  } else {
    using type = typename Space::template stage_type<Stage>;
    return trace_of(stage_spec_at<type::spec, type::widths::values[0], true>(), stage_output<Space, Stage - 1>()).out;
  }
}

constexpr feature_shape with_channels(feature_shape shape, int channels) { return {shape.h, shape.w, channels}; }

/// What a stage gives at one of its widths.
template <class Space, int Stage>
constexpr feature_shape exit_of(int option) {
  return with_channels(stage_output<Space, Stage>(), Space::facts[static_cast<std::size_t>(Stage)].widths[static_cast<std::size_t>(option)]);
}

template <class Space, part_key Key>
constexpr feature_shape block_input() {
  if constexpr (Key.kind == part_kind::later_block)
    return with_channels(stage_output<Space, Key.index>(), Space::facts[static_cast<std::size_t>(Key.index)].widths[static_cast<std::size_t>(Key.before)]);
  else if constexpr (Key.index == 0)
    return stage_output<Space, -1>();
  else
    return with_channels(stage_output<Space, Key.index - 1>(),
                         Space::facts[static_cast<std::size_t>(Key.index - 1)].widths[static_cast<std::size_t>(Key.before)]);
}

template <class Space, int Id>
constexpr auto part_of() {
  constexpr part_key key = part_keys<Space>[static_cast<std::size_t>(Id)];
  if constexpr (key.kind == part_kind::stem) {
    return placed<Space::stem_type::specs[hana::size_c<key.index>], stem_output<Space, key.index>()>{};
  } else if constexpr (key.kind == part_kind::head) {
    constexpr piece_facts piece = head_facts<Space>[static_cast<std::size_t>(key.index)];
    constexpr auto spec = piece_at<key.index>(typename Space::head_type::pieces{});
    constexpr feature_shape exit = exit_of<Space, piece.stage>(key.before);
    if constexpr (piece.joins)
      return placed<spec, decltype(part_of<Space, head_ids<Space>[static_cast<std::size_t>(key.index - 1)]>())::out, exit>{};
    else
      return placed<spec, exit>{};
  } else {
    using type = typename Space::template stage_type<key.index>;
    constexpr bool first = key.kind == part_kind::first_block;
    constexpr int width = type::widths::values[static_cast<std::size_t>(key.own)];
    return placed<stage_spec_at<type::spec, width, first>(), block_input<Space, key>()>{};
  }
}
}  // namespace detail

/// The part `Id` of a space as a type: a spec value and its input shape.
template <class Space, part_id Id>
using part_t = decltype(detail::part_of<Space, Id>());

/// The cost of every part, in the order of their ids.
template <class Space>
inline constexpr auto part_costs = []<std::size_t... Id>(std::index_sequence<Id...>) {
  return std::array<cost, sizeof...(Id)>{cost_of(part_t<Space, static_cast<int>(Id)>::layers)...};
}(std::make_index_sequence<static_cast<std::size_t>(part_count<Space>)>{});

/// How many elements every part gives, in the order of their ids.
template <class Space>
inline constexpr auto part_output_sizes = []<std::size_t... Id>(std::index_sequence<Id...>) {
  return std::array<std::int64_t, sizeof...(Id)>{part_t<Space, static_cast<int>(Id)>::out.size()...};
}(std::make_index_sequence<static_cast<std::size_t>(part_count<Space>)>{});

namespace detail {
/// Whether what a stage gives is still read when others have run behind it: all that the head reads but what it begins with.
template <class Space>
inline constexpr auto is_kept = [] {
  std::array<bool, static_cast<std::size_t>(Space::stages)> kept{};
  for (std::size_t piece = 0; piece < head_facts<Space>.size(); ++piece)
    if (const int stage = head_facts<Space>[piece].stage; piece > 0 || stage + 1 < Space::stages) kept[static_cast<std::size_t>(stage)] = true;
  return kept;
}();
}  // namespace detail

}  // namespace hasse
