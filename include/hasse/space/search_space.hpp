// A search space as a type: input, stem, stages and head. The stages' facts are constants that ordinary loops read.
// Used by architecture, parts, order, count and every later stage as the template parameter `Space`.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include <boost/hana/at.hpp>
#include <boost/hana/filter.hpp>
#include <boost/hana/integral_constant.hpp>
#include <boost/hana/length.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>
#include <boost/hana/unpack.hpp>

#include <hasse/space/refusal.hpp>
#include <hasse/space/detail/trace.hpp>
#include <hasse/space/head.hpp>
#include <hasse/space/widths.hpp>

namespace hasse {

namespace detail {
template <int C, int H, int W>
consteval bool check_input_size() {
  static_assert(C > 0 && H > 0 && W > 0, "hasse: input<C, H, W> needs three positive sizes, for instance input<3, 224, 224>");
  return true;
}
template <int Least, int Most>
inline constexpr bool is_depth = 1 <= Least && Least <= Most && Most <= 64;
template <int Least, int Most>
consteval bool check_depth() {
  static_assert(is_depth<Least, Most>,
                "hasse: depth<Least, Most> needs 1 <= Least <= Most <= 64, for instance depth<1, 3>, or depth<3, 3> for always three");
  return true;
}
}  // namespace detail

/// Channels, height, width of the images (written as the papers do: C x H x W).
template <int C, int H = 0, int W = 0>
  requires(detail::check_input_size<C, H, W>())
struct input {
  static constexpr space_role role = space_role::input;
  static constexpr feature_shape shape = C > 0 && H > 0 && W > 0 ? feature_shape{H, W, C} : feature_shape{64, 64, 1};  // one fault, one sentence
};

/// How many blocks a stage may have.
template <int Least, int Most = 0>
  requires(detail::check_depth<Least, Most>())
struct depth {
  static constexpr int least = detail::is_depth<Least, Most> ? Least : 1, most = detail::is_depth<Least, Most> ? Most : 1;
};

namespace detail {
/// Depth as a stage needs it, whatever the order of mistakes.
template <class Type>
concept BoundsDepth = requires {
  { Type::least } -> std::convertible_to<int>;
  { Type::most } -> std::convertible_to<int>;
} && !requires { Type::role; };
enum class stage_fault : std::uint8_t { none, no_widths, no_depth, other_widths, other_depth };

template <class Widths, class Depth>
constexpr stage_fault fault_of_choices() {
  if (std::is_same_v<Widths, not_given>) return stage_fault::no_widths;
  if (!ListsWidths<Widths>) return stage_fault::other_widths;
  if (std::is_same_v<Depth, not_given>) return stage_fault::no_depth;
  return BoundsDepth<Depth> ? stage_fault::none : stage_fault::other_depth;
}
template <stage_fault Fault, class Widths, class Depth>
consteval bool check_choices() {
  static_assert(Fault != stage_fault::no_widths, "hasse: a stage needs the widths and the depth that its blocks may have, and has neither; write stage<basic{.stride = 2}, widths<32, 64>, depth<1, 3>>");
  static_assert(Fault != stage_fault::no_depth, "hasse: a stage needs the depth that it may have, and has widths only; write stage<basic{.stride = 2}, widths<32, 64>, depth<1, 3>>");
  static_assert(Fault != stage_fault::other_widths, "hasse: a stage needs widths<...> behind its spec, and something else stands there (named in this message); write stage<basic{.stride = 2}, widths<32, 64>, depth<1, 3>>");
  static_assert(Fault != stage_fault::other_depth, "hasse: a stage needs depth<least, most> behind its widths, and something else stands there (named in this message); write stage<basic{.stride = 2}, widths<32, 64>, depth<1, 3>>");
  return true;
}

template <auto BlockSpec>
constexpr spec_fault fault_of_stage_value() {
  using type = std::remove_const_t<decltype(BlockSpec)>;
  if constexpr (constexpr spec_fault fault = fault_of_stage_spec<type>(); fault != spec_fault::none)
    return fault;
  else
    return BlockSpec.out != 0 ? spec_fault::own_width : BlockSpec.stride < 1 ? spec_fault::no_step : LowersInConstants<with_width(BlockSpec), probe_shape> ? spec_fault::none : spec_fault::runs_later;
}

/// Each is true, when it has said what is wrong.
template <auto... Specs>
consteval bool check_specs() {
  return (check_spec<fault_of_value<Specs>(), std::remove_const_t<decltype(Specs)>>() && ...);
}
template <auto BlockSpec, class Widths, class Depth>
consteval bool check_stage() {
  constexpr spec_fault fault = fault_of_stage_value<BlockSpec>();
  if constexpr (fault != spec_fault::none)
    return check_spec<fault, std::remove_const_t<decltype(BlockSpec)>>();
  else
    return check_choices<fault_of_choices<Widths, Depth>(), Widths, Depth>();
}
template <auto BlockSpec, class Widths, class Depth>
inline constexpr bool is_stage = fault_of_stage_value<BlockSpec>() == spec_fault::none && fault_of_choices<Widths, Depth>() == stage_fault::none;

template <bool Sound, auto BlockSpec, class Widths, class Depth>
struct stage_members {
  using spec_type = std::remove_const_t<decltype(BlockSpec)>;
  static constexpr spec_type spec = BlockSpec;
  using widths = Widths;
  using depth = Depth;
};
/// In place of a stage that was refused, so that nothing more is said of it.
template <auto BlockSpec, class Widths, class Depth>
struct stage_members<false, BlockSpec, Widths, Depth> : stage_members<true, hasse::basic{}, hasse::widths<8>, hasse::depth<1, 1>> {
  using is_refused = void;
};
template <auto... Specs>
inline constexpr bool are_specs = ((fault_of_value<Specs>() == spec_fault::none) && ...);
template <bool Sound, auto... Specs>
struct row_of_specs {
  static constexpr auto specs = hana::tuple<std::remove_const_t<decltype(Specs)>...>{Specs...};
  template <class Visit>
  static constexpr void for_each_spec(Visit visit) { (visit(Specs), ...); }
};
template <auto... Specs>
struct row_of_specs<false, Specs...> {
  static constexpr auto specs = hana::tuple<>{};
  using is_refused = void;
};
}  // namespace detail

/// Layers before the searched stages, the same in every architecture: stem<conv{.out = 32, .stride = 2}>. Values, with their braces.
template <auto... SpecsInBraces>
  requires(detail::check_specs<SpecsInBraces...>())
struct stem : detail::row_of_specs<detail::are_specs<SpecsInBraces...>, SpecsInBraces...> {
  static constexpr space_role role = space_role::stem;
};

/// Blocks of one kind, repeated: the first has the spec's stride, the others stride 1; each has one of the widths.
template <auto SpecInBraces, class Widths = detail::not_given, class Depth = detail::not_given>
  requires(detail::check_stage<SpecInBraces, Widths, Depth>())
struct stage : detail::stage_members<detail::is_stage<SpecInBraces, Widths, Depth>, SpecInBraces, Widths, Depth> {
  static constexpr space_role role = space_role::stage;
};

/// Layers that are the same in every network: fixed_layer<conv{.out = 1280, .kernel = 1}>. A part of a gated_space, between or behind its
/// mixed stages, and a spec: so it also stands in a head, whose other specs are types.
template <auto... SpecsInBraces>
  requires(detail::check_specs<SpecsInBraces...>())
struct fixed_layer : detail::row_of_specs<detail::are_specs<SpecsInBraces...>, SpecsInBraces...> {
  static constexpr space_role role = space_role::fixed;
  friend constexpr bool operator==(const fixed_layer&, const fixed_layer&) = default;

  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from) const {
    fixed_layer::for_each_spec([&](const auto& spec) { from = spec.lower(list, from); });
    return from;
  }
  std::string text() const {
    std::string all;
    fixed_layer::for_each_spec([&](const auto& spec) { all += (all.empty() ? "" : " + ") + spec.text(); });
    return all;
  }
};

/// Optional: bounds on the number of blocks of all stages together.
template <int Least, int Most>
struct total_depth {
  static_assert(1 <= Least && Least <= Most && Most <= 255, "hasse: total_depth<Least, Most> needs 1 <= Least <= Most <= 255");
  static constexpr space_role role = space_role::limit;
  static constexpr int least = Least, most = Most;
};

/// One stage's choices as numbers.
struct stage_facts : width_list {
  int least_depth = 0, most_depth = 0;
};
/// A width that the head searches, as numbers; `stage`, from 0, is the one that it depends on.
struct head_width : width_list {
  int stage = 0;
};

namespace detail {
template <space_role Role, class... Parts>
inline constexpr auto parts_with_role =
    hana::filter(hana::tuple_t<Parts...>, [](auto part) { return hana::bool_c<decltype(part)::type::role == Role>; });
template <space_role Role, class... Parts>
using with_role = std::remove_const_t<decltype(parts_with_role<Role, Parts...>)>;
template <class Parts>
using only_part = typename decltype(+Parts{}[hana::size_c<0>])::type;

template <class Stage>
constexpr stage_facts facts_of() {
  return {listed<typename Stage::widths>(), Stage::depth::least, Stage::depth::most};
}

/// The widths that a head searches, from the shallowest stage to the deepest. The head itself has them the other way round.
template <class Pieces>
constexpr auto head_widths_of(int stages) {
  std::array<head_width, static_cast<std::size_t>(Pieces::searched)> found{};
  std::size_t left = found.size();
  int stage = stages - 1;
  for (const piece_trace& one : traced_pieces<Pieces>::all) {
    if (one.stage >= 0) stage = (one.stage > 0 ? one.stage : stages) - 1;
    if (searches_width(one.kind)) found[--left] = {one.widths, stage};
  }
  return found;
}

/// How many blocks all stages may have together.
struct block_bounds {
  int least = 0, most = 0;
};
template <class... Parts>
constexpr block_bounds blocks_of() {
  block_bounds sum, limit{0, 255};
  for (const part_trace& part : traced_parts<Parts...>::all) {
    if (part.role == space_role::stage) sum.least += part.least, sum.most += part.most;
    if (part.role == space_role::limit) limit = {part.least, part.most};
  }
  return {std::max(sum.least, limit.least), std::min(sum.most, limit.most)};
}

/// What a search_space has, of parts that can make one.
template <class... Parts>
struct search_space_members {
  using input_type = only_part<with_role<space_role::input, Parts...>>;
  using stem_type = only_part<with_role<space_role::stem, Parts...>>;
  using head_type = only_part<with_role<space_role::head, Parts...>>;
  static constexpr with_role<space_role::stage, Parts...> stage_types{};  ///< hana::tuple of hana::type: walk it with hana::for_each
  static constexpr int stages = static_cast<int>(decltype(hana::length(stage_types))::value);
  template <int Index>
  using stage_type = typename decltype(+stage_types[hana::size_c<Index>])::type;

  static constexpr feature_shape image = input_type::shape;

  /// The stages' choices, front to back.
  static constexpr std::array<stage_facts, static_cast<std::size_t>(stages)> facts = hana::unpack(stage_types, [](auto... stage) {
    return std::array<stage_facts, sizeof...(stage)>{detail::facts_of<typename decltype(stage)::type>()...};
  });

  /// What the head searches, from the shallowest stage to the deepest; a width never is larger than one of a deeper stage.
  static constexpr auto head_widths = head_widths_of<typename head_type::pieces>(stages);

  static constexpr int least_blocks = blocks_of<Parts...>().least, most_blocks = blocks_of<Parts...>().most;
};

template <class Part>
concept SpacePart = requires {
  { Part::role } -> std::convertible_to<space_role>;
};

template <class... Parts>
struct first_without_role : std::type_identity<not_given> {};
template <class First, class... Rest>
struct first_without_role<First, Rest...> : std::conditional_t<SpacePart<First>, first_without_role<Rest...>, std::type_identity<First>> {};

template <class... Parts>
constexpr space_fault fault_of_search_space() {
  if constexpr (!(SpacePart<Parts> && ...)) {
    return space_fault::no_part;
  } else {
    constexpr auto count = [](space_role role) { return (int{Parts::role == role} + ... + 0); };
    if (count(space_role::mixed) + count(space_role::fixed) > 0) return space_fault::mixed_parts;
    if (count(space_role::input) != 1) return space_fault::not_one_input;
    if (count(space_role::stem) != 1) return space_fault::not_one_stem;
    if (count(space_role::head) != 1) return space_fault::not_one_head;
    if (count(space_role::stage) < 1) return space_fault::no_stage;
    if (count(space_role::limit) > 1) return space_fault::limits;
    return space_fault::none;
  }
}

template <space_fault Fault, class Given>
consteval bool check_space() {
  static_assert(Fault != space_fault::no_part, "hasse: a space is made of parts, and one of its arguments is none (named in this message); a block goes into a part, as in stage<basic{.stride = 2}, widths<32, 64>, depth<1, 3>>, a plain layer into stem<conv{.out = 32}>, a width into its stage");
  static_assert(Fault != space_fault::not_one_input, "hasse: a space needs exactly one input<C, H, W>, and this one has none or several; write search_space<input<3, 32, 32>, stem<...>, stage<...>, head<...>>");
  static_assert(Fault != space_fault::not_one_stem, "hasse: a space needs exactly one stem<...>, and this one has none or several; list all its layers in one, stem<conv{.out = 32}, max_pool{}>, or none, stem<>");
  static_assert(Fault != space_fault::not_one_head, "hasse: a space needs exactly one head<...>, and this one has none or several; for images of ten classes write head<global_average_pool, linear<10>>");
  static_assert(Fault != space_fault::no_stage, "hasse: a search_space needs at least one stage<...>, and this one has none; write stage<basic{.stride = 2}, widths<32, 64>, depth<1, 3>>");
  static_assert(Fault != space_fault::limits, "hasse: a search_space takes at most one total_depth<...>, and this one has several; keep the narrower one");
  static_assert(Fault != space_fault::mixed_parts, "hasse: a search_space searches widths and depths with stage<...>, and was given a mixed_stage<...> or fixed_layer<...>; these make a gated_space");
  static_assert(Fault != space_fault::no_architecture, "hasse: total_depth<...> leaves no architecture, since the depths of the stages cannot sum up to it; widen it or the depth<...> of the stages");
  static_assert(Fault != space_fault::no_mixed_stage, "hasse: a gated_space needs at least one mixed_stage<...>, and this one has none; write mixed_stage<choices<mbconv{}, zero{}>, stage_shape{.out = 24, .blocks = 2, .stride = 2}>");
  static_assert(Fault != space_fault::stages, "hasse: a gated_space chooses blocks with mixed_stage<...>, and was given a stage<...> or total_depth<...>; these make a search_space");
  static_assert(Fault != space_fault::not_one_shape, "hasse: the choices of a mixed_stage must have one output shape, and these write different ones; give each the stage's width and stride in its lower");
  static_assert(Fault != space_fault::no_such_stage, "hasse: the head reads a stage that this space has not (its from_stage<...> is named in this message); count the stages from 1");
  static_assert(Fault != space_fault::last_stage_unread, "hasse: the head reads earlier stages only, so nobody reads the last one (its from_stage<...> is named in this message); begin the head with specs that read it, read it with from_stage<...>, or leave the stage out");
  static_assert(Fault != space_fault::nothing_reads_stage, "hasse: a from_stage<...> of the head (named in this message) is followed by no spec that reads the stage; put one behind it or leave it out");
  static_assert(Fault != space_fault::width_varies, "hasse: what a with_stage<...> of the head joins to its stage (named in this message) has another shape for each width of another stage, and one part may depend on one stage only; put a layer of fixed width before it, such as fixed_layer<conv{.out = 32, .kernel = 1}>, or search the width of both, as with_stage<1, fusion_node, searched<conv{.kernel = 1}, widths<16, 32>>> does behind a searched<...>");
  static_assert(Fault != space_fault::value_dropped, "hasse: nobody reads what the specs before a from_stage<...> of the head (named in this message) have made, and it is no output; join it with with_stage<...>, name it with tap<\"name\">, or leave these specs out");
  static_assert(Fault != space_fault::widths_rise, "hasse: the widths that a head searches are listed from the deepest stage to the shallowest, one for a stage, and one that depends on a deeper or the same stage (from_stage<...> in this message) stands behind another; change their order, or leave one out");
  static_assert(Fault != space_fault::width_twice, "hasse: a searched<...> of the head goes on from a width that is searched already (of the from_stage<...> in this message), and a part may depend on one such width only; leave one of the two out, or put the second into a with_stage<...>");
  static_assert(Fault != space_fault::width_of_fixed, "hasse: a searched<...> of the head (for the from_stage<...> in this message) reads a layer that is the same at every width of its stage; put it directly behind what reads the stage");
  static_assert(Fault != space_fault::fuses_fixed, "hasse: what a with_stage<...> with a searched<...> (of the from_stage<...> in this message) joins to its stage is the same at every width that is searched before it; leave the layer of fixed width before it out");
  static_assert(Fault != space_fault::no_head_widths, "hasse: no widths are left for the head, since a searched width never is larger than one of a deeper stage, and those of the from_stage<...> in this message are all larger; give the deeper stage larger widths");
  static_assert(Fault != space_fault::gated_head, "hasse: a gated_space chooses blocks, not widths, and its head has a searched<...>; give that layer one width, as fixed_layer<conv{.out = 32, .kernel = 1}>, or search widths in a search_space");
  return true;
}

template <class... Parts>
constexpr bool is_search_space() {
  if constexpr ((Refused<Parts> || ...) || fault_of_search_space<Parts...>() != space_fault::none)
    return false;
  else if constexpr (blocks_of<Parts...>().least > blocks_of<Parts...>().most)
    return false;
  else
    return traced_space<Parts...>.made.first.fault == layer_fault::none && traced_space<Parts...>.fault == space_fault::none;
}
template <class... Parts>
consteval bool check_search_space() {
  if constexpr ((Refused<Parts> || ...)) {
    return true;  // said where the part is named
  } else if constexpr (constexpr space_fault fault = fault_of_search_space<Parts...>(); fault != space_fault::none) {
    return check_space<fault, typename first_without_role<Parts...>::type>();
  } else {
    constexpr block_bounds blocks = blocks_of<Parts...>();
    if constexpr (blocks.least > blocks.most)
      return check_space<space_fault::no_architecture, blocks_between<blocks.least, blocks.most>>();
    else if constexpr (constexpr space_trace found = traced_space<Parts...>; found.fault != space_fault::none)
      return check_space<found.fault, from_stage<found.stage>>();
    else
      return check_layer<found.made.first.fault, place_in_space<found>, refused_type<found.made.first>>();
  }
}

template <bool Sound, class... Parts>
struct search_space_of : search_space_members<Parts...> {};
/// A size that depends on what was refused, so that what takes its place is made only where it is needed.
template <class... Parts>
inline constexpr int stand_in_side = sizeof...(Parts) > 0 ? 64 : 32;
/// In place of a space that was refused, so that nothing more is said of it.
template <class... Parts>
struct search_space_of<false, Parts...>
    : search_space_members<hasse::input<1, stand_in_side<Parts...>, 64>, hasse::stem<hasse::conv{.out = 8}>,
                           hasse::stage<hasse::basic{}, hasse::widths<8>, hasse::depth<1, 1>>, hasse::head<hasse::global_average_pool, hasse::linear<1>>> {
  using is_refused = void;
};
}  // namespace detail

/// The space of all architectures that the parts allow. Widths never decrease from block to block, across stages too.
/// Example: examples/01_space.cpp.
template <class... PartsWithBlocksInStages>
  requires(detail::check_search_space<PartsWithBlocksInStages...>())
struct search_space : detail::search_space_of<detail::is_search_space<PartsWithBlocksInStages...>(), PartsWithBlocksInStages...> {};

}  // namespace hasse
