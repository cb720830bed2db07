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

/// What a piece of the head reads, and the choices that it depends on. Stages are counted from 0, searched widths as Space::head_widths.
struct piece_facts {
  piece_kind kind = piece_kind::reads;
  int stage = -1;  ///< whose exit it reads; -1: what was made before it
  int exit = -1;   ///< the stage whose option is part_key::before, or else
  int deep = -1;   ///< the searched width whose option that is; -1: neither
  int width = -1;  ///< the searched width whose option is part_key::own; -1: none
  constexpr bool joins() const { return kind == piece_kind::joins || kind == piece_kind::fuses; }
};
template <class Space>
constexpr auto piece_facts_of() {
  using pieces = typename Space::head_type::pieces;
  std::array<piece_facts, static_cast<std::size_t>(pieces::count)> all{};
  std::size_t at = 0;
  int made_exit = -1, made_width = -1, next = static_cast<int>(Space::head_widths.size());
  for (const piece_trace& one : traced_pieces<pieces>::all) {
    piece_facts& own = all[at++];
    own.kind = one.kind;
    if (one.stage >= 0) own.stage = (one.stage > 0 ? one.stage : Space::stages) - 1;
    if (one.kind == piece_kind::goes_on || one.kind == piece_kind::fuses)
      own.deep = made_width;
    else
      own.exit = own.stage >= 0 ? own.stage : made_exit;
    if (searches_width(one.kind)) --next;
    if (searches_width(one.kind) || one.kind == piece_kind::fuses) own.width = next;
    if (one.kind == piece_kind::reads || one.kind == piece_kind::joins) made_exit = own.exit, made_width = -1;
    if (one.kind == piece_kind::widens || one.kind == piece_kind::fuses) made_width = next;
  }
  return all;
}
template <class Space>
inline constexpr auto head_facts = piece_facts_of<Space>();
template <int Index, class First, class... Rest>
constexpr auto piece_type_at(head_pieces<First, Rest...>) {
  if constexpr (Index == 0)
    return std::type_identity<First>{};
  else
    return piece_type_at<Index - 1>(head_pieces<Rest...>{});
}
template <class Space, int Index>
using piece_type = typename decltype(piece_type_at<Index>(typename Space::head_type::pieces{}))::type;

/// Whether a searched width can have an option: the others leave it one.
template <class Space>
constexpr bool is_usable(int which, int option) {
  const auto& all = Space::head_widths;
  const auto own = static_cast<std::size_t>(which);
  int least = 0, most = 0;
  for (std::size_t shallower = 0; shallower < own; ++shallower) {
    int at = 0;
    while (at + 1 < all[shallower].width_count && all[shallower][at] < least) ++at;
    least = all[shallower][at];
  }
  for (std::size_t deeper = all.size(); --deeper > own;) {
    int greatest = 0;
    for (int at = 0; at < all[deeper].width_count; ++at)
      if (most == 0 || all[deeper][at] <= most) greatest = all[deeper][at];
    most = greatest;
  }
  return least <= all[own][option] && (most == 0 || all[own][option] <= most);
}

/// Options of a piece that may stand together: visit(before, own).
template <class Space, class Visit>
constexpr void for_each_option(const piece_facts& piece, Visit visit) {
  const auto width_of = [](int which) -> const head_width& { return Space::head_widths[static_cast<std::size_t>(which)]; };
  const int befores = piece.exit >= 0 ? Space::facts[static_cast<std::size_t>(piece.exit)].width_count : piece.deep >= 0 ? width_of(piece.deep).width_count : 1;
  const int owns = piece.width >= 0 ? width_of(piece.width).width_count : 1;
  for (int before = 0; before < befores; ++before)
    for (int own = 0; own < owns; ++own)
      if ((piece.deep < 0 || is_usable<Space>(piece.deep, before)) && (piece.width < 0 || is_usable<Space>(piece.width, own)) &&
          (piece.deep < 0 || piece.width < 0 || may_follow(width_of(piece.width), own, width_of(piece.deep), before)))
        visit(before, own);
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
    for_each_option<Space>(head_facts<Space>[static_cast<std::size_t>(piece)], [&](int before, int own) { visit(part_key{part_kind::head, piece, before, own}); });
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

/// part ids of the head by [piece][before][own]; -1 where these do not stand together.
template <class Space>
inline constexpr auto head_ids = [] {
  std::array<std::array<std::array<std::int16_t, 16>, 16>, head_facts<Space>.size()> table{};
  for (auto& piece : table)
    for (auto& before : piece) before.fill(-1);
  std::int16_t id = 0;
  for (const part_key& key : part_keys<Space>) {
    if (key.kind == part_kind::head) table[static_cast<std::size_t>(key.index)][static_cast<std::size_t>(key.before)][static_cast<std::size_t>(key.own)] = id;
    ++id;
  }
  return table;
}();
template <class Space>
constexpr part_id head_part(std::size_t piece, int before, int own) {
  return head_ids<Space>[piece][static_cast<std::size_t>(before)][static_cast<std::size_t>(own)];
}

/// The searched width that depends on a stage; -1: none.
template <class Space>
constexpr int width_at(int stage) {
  for (std::size_t which = 0; which < Space::head_widths.size(); ++which)
    if (Space::head_widths[which].stage == stage) return static_cast<int>(which);
  return -1;
}

/// visit(part) for the parts of the head that are settled when a stage is left at `option`: `own` is what is chosen there of the width that
/// the head searches at it, `shallower` what was chosen of the one before.
template <class Space, class Visit>
constexpr void for_each_exit_part(int stage, int option, int shallower, int own, Visit visit) {
  const int width = width_at<Space>(stage);
  for (std::size_t piece = 0; piece < head_facts<Space>.size(); ++piece) {
    const piece_facts& facts = head_facts<Space>[piece];
    if (facts.exit == stage)
      visit(head_part<Space>(piece, option, facts.width >= 0 ? own : 0));
    else if (width >= 0 && facts.deep == width)
      visit(head_part<Space>(piece, own, facts.width >= 0 ? shallower : 0));
    else if (width >= 0 && facts.width == width && facts.exit < 0 && facts.deep < 0)
      visit(head_part<Space>(piece, 0, own));
  }
}
/// visit(own) for what may be chosen of the width that the head searches at a stage, behind `shallower`; once, with that, where it searches none.
template <class Space, class Visit>
constexpr void for_each_exit(int stage, int shallower, Visit visit) {
  const int width = width_at<Space>(stage);
  if (width < 0) return visit(shallower);
  const auto& list = Space::head_widths[static_cast<std::size_t>(width)];
  for (int own = 0; own < list.width_count; ++own)
    if (is_usable<Space>(width, own) && (width == 0 || may_follow(Space::head_widths[static_cast<std::size_t>(width - 1)], shallower, list, own))) visit(own);
}

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
constexpr auto part_of();

/// What a piece of the head gives at an option of the width that it searches, or else of what it reads; any option: where that does not matter.
inline constexpr int any_option = -1;
template <class Space, int Piece, int Option>
constexpr feature_shape made_at() {
  constexpr part_id part = [] {
    constexpr piece_facts facts = head_facts<Space>[static_cast<std::size_t>(Piece)];
    part_id found = -1;
    for_each_option<Space>(facts, [&](int before, int own) {
      if (found < 0 && (Option == any_option || (facts.width >= 0 ? own : before) == Option)) found = head_part<Space>(static_cast<std::size_t>(Piece), before, own);
    });
    return found;
  }();
  return decltype(part_of<Space, part>())::out;
}
/// What a piece of the head reads, but for the second value of one that joins two.
template <class Space, int Piece, int Before>
constexpr feature_shape read_at() {
  constexpr piece_facts facts = head_facts<Space>[static_cast<std::size_t>(Piece)];
  if constexpr (facts.kind == piece_kind::fuses)
    return made_at<Space, Piece - 2, facts.deep >= 0 ? Before : any_option>();
  else if constexpr (facts.kind == piece_kind::joins)
    return made_at<Space, Piece - 1, any_option>();
  else if constexpr (facts.stage < 0)
    return made_at<Space, Piece - 1, Before>();
  else
    return exit_of<Space, facts.stage>(Before);
}

template <class Space, int Id>
constexpr auto part_of() {
  constexpr part_key key = part_keys<Space>[static_cast<std::size_t>(Id)];
  if constexpr (key.kind == part_kind::stem) {
    return placed<Space::stem_type::specs[hana::size_c<key.index>], stem_output<Space, key.index>()>{};
  } else if constexpr (key.kind == part_kind::head) {
    using piece = piece_type<Space, key.index>;
    constexpr feature_shape in = read_at<Space, key.index, key.before>();
    if constexpr (searches_width(piece::kind))
      return placed<piece::searched_type::at_width(piece::searched_type::list[key.own]), in>{};
    else if constexpr (piece::kind == piece_kind::joins)
      return placed<typename piece::spec_type{}, in, exit_of<Space, piece::stage - 1>(key.before)>{};
    else if constexpr (piece::kind == piece_kind::fuses)
      return placed<typename piece::spec_type{}, in, made_at<Space, key.index - 1, key.own>()>{};
    else
      return placed<typename piece::spec_type{}, in>{};
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
/// At least the most that numbers, one for each part, add up to in an architecture: the largest of every piece of the head, and of blocks the
/// largest as often as there may be blocks.
template <class Space, class Numbers>
constexpr auto largest_sum(const Numbers& numbers) {
  using number = std::remove_cvref_t<decltype(numbers[0])>;
  number stem{}, block{}, head{};
  std::array<number, head_facts<Space>.size()> pieces{};
  for (std::size_t part = 0; part < static_cast<std::size_t>(part_count<Space>); ++part) {
    const part_key& key = part_keys<Space>[part];
    number& most = key.kind == part_kind::head ? pieces[static_cast<std::size_t>(key.index)] : block;
    if (key.kind == part_kind::stem)
      stem += numbers[part];
    else if (numbers[part] > most)
      most = numbers[part];
  }
  for (const number piece : pieces) head += piece;
  return stem + static_cast<number>(Space::most_blocks) * block + head;
}

/// Whether what a stage gives is still read when others have run behind it: all that the head reads but what it begins with.
template <class Space>
inline constexpr auto is_kept = [] {
  std::array<bool, static_cast<std::size_t>(Space::stages)> kept{};
  for (std::size_t piece = 0; piece < head_facts<Space>.size(); ++piece)
    if (const int stage = head_facts<Space>[piece].stage; stage >= 0 && (piece > 0 || stage + 1 < Space::stages)) kept[static_cast<std::size_t>(stage)] = true;
  return kept;
}();
}  // namespace detail

}  // namespace hasse
