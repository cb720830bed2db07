// A search space whose layers choose their block, as a type: input, stem, stages that offer several blocks per layer, and head.
// Used by supernet/gated.hpp, which lowers it to the supernet that is searched.
#pragma once

#include <type_traits>

#include <hasse/space/mobile.hpp>
#include <hasse/space/parts.hpp>
#include <hasse/space/search_space.hpp>

namespace hasse {

/// Blocks of one width in a row; the first has the stride, the others stride 1.
struct stage_shape {
  int out = 0, blocks = 1, stride = 1;
  friend constexpr bool operator==(const stage_shape&, const stage_shape&) = default;
};

namespace detail {
/// False when two of the values are of one type and equal.
template <class... Specs>
constexpr bool all_differ(const Specs&... specs) {
  const auto equal = []<class First, class Second>(const First& first, const Second& second) {
    if constexpr (std::is_same_v<First, Second>)
      return first == second;
    else
      return false;
  };
  const auto times = [&](const auto& one) { return (int{equal(one, specs)} + ... + 0); };
  return ((times(specs) == 1) && ...);
}

enum class mixed_fault : std::uint8_t { none, own_width, own_stride, zero_alone, too_many, twice, no_choices, no_width, no_blocks, no_step };

template <auto... Specs>
constexpr bool all_are_blocks = ((fault_of_stage_spec<std::remove_const_t<decltype(Specs)>>() == spec_fault::none) && ...);

template <auto... Specs>
constexpr mixed_fault fault_of_blocks() {  // of specs with out and stride
  if (((Specs.out != 0) || ...)) return mixed_fault::own_width;
  if (((Specs.stride != 1) || ...)) return mixed_fault::own_stride;
  if ((std::is_same_v<std::remove_const_t<decltype(Specs)>, zero> && ...)) return mixed_fault::zero_alone;
  if (sizeof...(Specs) > 64) return mixed_fault::too_many;
  return all_differ(Specs...) ? mixed_fault::none : mixed_fault::twice;
}
template <class Choices>
constexpr mixed_fault fault_of_mixed(stage_shape shape) {
  if (!requires { Choices::specs; typename Choices::are_choices; }) return mixed_fault::no_choices;
  if (shape.out < 1) return mixed_fault::no_width;
  if (shape.blocks < 1 || shape.blocks > 64) return mixed_fault::no_blocks;
  return shape.stride < 1 ? mixed_fault::no_step : mixed_fault::none;
}
template <mixed_fault Fault, class Given>
consteval bool check_mixed() {
  static_assert(Fault != mixed_fault::own_width, "hasse: one of these choices was given a width, and a mixed_stage sets the width of its blocks; leave .out of its choices alone");
  static_assert(Fault != mixed_fault::own_stride, "hasse: one of these choices was given a stride, and a mixed_stage sets the stride of its blocks; leave .stride of its choices alone");
  static_assert(Fault != mixed_fault::zero_alone, "hasse: choices<...> needs at least one block besides zero, and has none; write choices<mbconv{}, zero{}>");
  static_assert(Fault != mixed_fault::too_many, "hasse: choices<...> takes at most 64 blocks, and was given more; leave some out");
  static_assert(Fault != mixed_fault::twice, "hasse: choices<...> lists the same block twice; leave one out, or let them differ");
  static_assert(Fault != mixed_fault::no_choices, "hasse: a mixed_stage needs choices<...> first, and something else stands there (named in this message); write mixed_stage<choices<mbconv{}, zero{}>, stage_shape{.out = 24, .blocks = 2, .stride = 2}>");
  static_assert(Fault != mixed_fault::no_width, "hasse: a mixed_stage needs the width of its blocks, and its stage_shape has none; write stage_shape{.out = 40}");
  static_assert(Fault != mixed_fault::no_blocks, "hasse: a mixed_stage has one to 64 blocks, and its stage_shape says another number; write stage_shape{.out = 40, .blocks = 4}");
  static_assert(Fault != mixed_fault::no_step, "hasse: the stride of a mixed_stage must be at least 1, and its stage_shape has less; write .stride = 1 to keep the size or .stride = 2 to halve it");
  return true;
}
template <auto... Specs>
consteval bool check_blocks() {
  if constexpr (all_are_blocks<Specs...>)
    return check_mixed<fault_of_blocks<Specs...>(), hana::tuple<std::remove_const_t<decltype(Specs)>...>>();
  else
    return (check_spec<fault_of_stage_spec<std::remove_const_t<decltype(Specs)>>(), std::remove_const_t<decltype(Specs)>>() && ...);
}
template <auto... Specs>
constexpr bool are_choices() {
  if constexpr (all_are_blocks<Specs...>)
    return fault_of_blocks<Specs...>() == mixed_fault::none;
  else
    return false;
}
}  // namespace detail

/// What each layer of a stage may be: choices<mbconv{.kernel = 3, .expand = 3}, mbconv{.kernel = 5, .expand = 6}, zero{}>.
/// `zero` (the block is its shortcut: one layer less) is offered where there is a shortcut, to blocks of stride 1 and equal
/// channels.
template <auto... SpecsInBraces>
  requires(detail::check_blocks<SpecsInBraces...>())
struct choices : detail::row_of_specs<detail::are_choices<SpecsInBraces...>(), SpecsInBraces...> {
  using are_choices = void;
};

namespace detail {
template <bool Sound, class Choices, stage_shape Shape>
struct mixed_members {
  static constexpr stage_shape shape = Shape;
  using choices = Choices;
};
template <class Choices, stage_shape Shape>
struct mixed_members<false, Choices, Shape> : mixed_members<true, hasse::choices<hasse::basic{}>, stage_shape{.out = 8}> {
  using is_refused = void;
};
}  // namespace detail

/// Layers that each choose one of the blocks: mixed_stage<mobile_choices, stage_shape{.out = 40, .blocks = 4, .stride = 2}>.
template <class Choices, stage_shape Shape = stage_shape{}>
  requires(detail::check_mixed<detail::fault_of_mixed<Choices>(Shape), Choices>())
struct mixed_stage
    : detail::mixed_members<detail::fault_of_mixed<Choices>(Shape) == detail::mixed_fault::none && !detail::Refused<Choices>, Choices, Shape> {
  static constexpr space_role role = space_role::mixed;
};

namespace detail {
/// Zero is the one choice that is not offered everywhere: it needs a shortcut.
template <class Type>
constexpr bool is_offered(feature_shape in, int out, int stride) {
  return !std::is_same_v<Type, zero> || (stride == 1 && in.c == out);
}

template <class Part>
constexpr bool searches_widths() {
  if constexpr (requires { Part::searches_widths; })
    return Part::searches_widths;
  else
    return false;
}
template <class... Parts>
constexpr space_fault fault_of_gated_space() {
  if constexpr (!(SpacePart<Parts> && ...)) {
    return space_fault::no_part;
  } else {
    constexpr auto count = [](space_role role) { return (int{Parts::role == role} + ... + 0); };
    if (count(space_role::stage) + count(space_role::limit) > 0) return space_fault::stages;
    if (count(space_role::input) != 1) return space_fault::not_one_input;
    if (count(space_role::stem) != 1) return space_fault::not_one_stem;
    if (count(space_role::head) != 1) return space_fault::not_one_head;
    if (count(space_role::mixed) < 1) return space_fault::no_mixed_stage;
    return (searches_widths<Parts>() || ...) ? space_fault::gated_head : space_fault::none;
  }
}

template <class... Parts>
struct gated_space_members {
  using input_type = only_part<with_role<space_role::input, Parts...>>;
  using stem_type = only_part<with_role<space_role::stem, Parts...>>;
  using head_type = only_part<with_role<space_role::head, Parts...>>;
  /// Mixed stages and fixed layers: hana::tuple of hana::type.
  static constexpr auto body_types = hana::filter(hana::tuple_t<Parts...>, [](auto part) {
    constexpr space_role role = decltype(part)::type::role;
    return hana::bool_c < role == space_role::mixed || role == space_role::fixed > ;
  });
  static constexpr feature_shape image = input_type::shape;
};

/// What becomes of the image in a supernet.
struct gated_trace {
  space_trace found{};
  feature_shape features{};  ///< what the head reads
  int disagreeing = 0;       ///< body part whose choices have several output shapes, counted from 1
};

/// Whether the last part before the head is a mixed stage.
template <class... Parts>
constexpr bool ends_in_stage() {
  bool found = false;
  ((Parts::role == space_role::mixed ? void(found = true) : Parts::role == space_role::fixed ? void(found = false) : void()), ...);
  return found;
}
/// Whether a part is a head that reads a stage by its number.
template <class Part>
constexpr bool reads_behind(int stage) {
  if constexpr (Part::role == space_role::head)
    for (const piece_trace& piece : traced_pieces<typename Part::pieces>::all)
      if (piece.stage == stage) return true;
  return false;
}
template <class... Parts>
constexpr gated_trace trace_gated_space() {
  const auto& parts = traced_parts<Parts...>::all;
  stage_exits exits[sizeof...(Parts)];
  tracer trace{.exits = exits};
  trace_stem(trace, parts);
  int disagreeing = 0;
  const auto body = [&]<class Part>(std::type_identity<Part>) {
    if constexpr (Part::role == space_role::mixed) {
      constexpr stage_shape form = Part::shape;
      for (int place = 0; place < (form.blocks > 1 ? 2 : 1); ++place) {
        const feature_shape in = trace.shape;
        const int stride = place == 0 ? form.stride : 1;
        bool first = true;
        Part::choices::for_each_spec([&]<class Type>(Type spec) {
          if (!is_offered<Type>(in, form.out, stride)) return;
          spec.out = form.out, spec.stride = stride;
          const feature_shape own = trace.lower(spec, in, space_role::mixed, 0);
          if (!first && !(own == trace.shape) && disagreeing == 0) disagreeing = trace.index + 1;
          trace.shape = own, first = false;
        });
      }
      exits[trace.stages++] = {trace.shape, trace.shape};
      ++trace.index;
    } else if constexpr (Part::role == space_role::fixed) {
      Part::for_each_spec([&](const auto& spec) { trace.shape = trace.lower(spec, trace.shape, space_role::fixed, 0); });
      ++trace.index;
    }
  };
  (body(std::type_identity<Parts>{}), ...);
  const feature_shape features = trace.shape;
  // What stands behind the last stage is one more, which only the head's first specs read.
  if (!ends_in_stage<Parts...>()) {
    exits[trace.stages++] = {features, features};
    if ((reads_behind<Parts>(trace.stages) || ...)) trace.refuse(space_fault::no_such_stage, trace.stages);
  }
  if (trace.found.fault == space_fault::none) trace_role(trace, parts, space_role::head);
  return {trace.found, features, disagreeing};
}
/// Followed once, whoever asks.
template <class... Parts>
inline constexpr gated_trace traced_gated_space = trace_gated_space<Parts...>();
template <class... Parts>
consteval bool check_gated_space() {
  if constexpr ((Refused<Parts> || ...)) {
    return true;  // said where the part is named
  } else if constexpr (constexpr space_fault fault = fault_of_gated_space<Parts...>(); fault != space_fault::none) {
    return check_space<fault, typename first_without_role<Parts...>::type>();
  } else {
    constexpr gated_trace all = traced_gated_space<Parts...>;
    if constexpr (all.found.made.first.fault != layer_fault::none)
      return check_layer<all.found.made.first.fault, place_in_space<all.found>, refused_type<all.found.made.first>>();
    else if constexpr (all.found.fault != space_fault::none)
      return check_space<all.found.fault, from_stage<all.found.stage>>();
    else
      return check_space<all.disagreeing == 0 ? space_fault::none : space_fault::not_one_shape, body_part<all.disagreeing>>();
  }
}
template <class... Parts>
constexpr bool is_gated_space() {
  if constexpr ((Refused<Parts> || ...) || fault_of_gated_space<Parts...>() != space_fault::none) {
    return false;
  } else {
    constexpr gated_trace all = traced_gated_space<Parts...>;
    return all.found.made.first.fault == layer_fault::none && all.found.fault == space_fault::none && all.disagreeing == 0;
  }
}

template <bool Sound, class... Parts>
struct gated_space_of : gated_space_members<Parts...> {
  /// What the head reads.
  static constexpr feature_shape features = traced_gated_space<Parts...>.features;
};
/// In place of a space that was refused, so that nothing more is said of it.
template <class... Parts>
struct gated_space_of<false, Parts...>
    : gated_space_of<true, hasse::input<1, stand_in_side<Parts...>, 64>, hasse::stem<hasse::conv{.out = 8}>,
                     hasse::mixed_stage<hasse::choices<hasse::basic{}>, stage_shape{.out = 8}>, hasse::head<hasse::global_average_pool, hasse::linear<1>>> {
  using is_refused = void;
};
}  // namespace detail

/// The supernet that the parts describe. Stages stand in the order in which they are listed, fixed layers among them.
template <class... PartsWithBlocksInStages>
  requires(detail::check_gated_space<PartsWithBlocksInStages...>())
struct gated_space : detail::gated_space_of<detail::is_gated_space<PartsWithBlocksInStages...>(), PartsWithBlocksInStages...> {};

}  // namespace hasse
