// The head of a space: what stands behind its stages. It may read what any stage gives, as a decoder and a detector do; each row of
// its specs that depends on the width of one stage is a part of its own, so that costs add up and counting stays exact.
// Used by search_space, gated_space and parts; how to write one: docs/how-to/own-space.md.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <type_traits>

#include <boost/hana/tuple.hpp>

#include <hasse/space/refusal.hpp>

namespace hasse {

namespace hana = boost::hana;

/// What a part of a search space is for.
enum class space_role : std::uint8_t { input, stem, stage, head, limit, mixed, fixed };

/// A spec that reads two values: lower(list, from, stage).
template <class Type>
concept LowersTwo = requires(const Type& spec, layer_builder<layer_trace> list) {
  { spec.lower(list, value_id{}, value_id{}) } -> std::same_as<value_id>;
};

/// Several specs in a row as one spec.
template <class... Specs>
struct sequence {
  friend constexpr bool operator==(const sequence&, const sequence&) = default;
  template <class List>
  constexpr value_id lower([[maybe_unused]] layer_builder<List> list, value_id from) const {
    ((from = Specs{}.lower(list, from)), ...);
    return from;
  }
  std::string text() const {
    std::string all;
    ((all += (all.empty() ? "" : " + ") + Specs{}.text()), ...);
    return all;
  }
};

/// As above; the first one reads two values.
template <class First, class... Rest>
struct joining_sequence {
  friend constexpr bool operator==(const joining_sequence&, const joining_sequence&) = default;
  template <class List>
  constexpr value_id lower(layer_builder<List> list, value_id from, value_id stage) const {
    return sequence<Rest...>{}.lower(list, First{}.lower(list, from, stage));
  }
  std::string text() const { return First{}.text() + (sizeof...(Rest) > 0 ? " + " : "") + sequence<Rest...>{}.text(); }
};

namespace detail {
template <class Type>
constexpr spec_fault fault_of_spec_type() {
  if constexpr (constexpr spec_fault fault = fault_of_spec<Type>(); fault != spec_fault::none)
    return fault;
  else
    return fault_of_value<Type{}>();
}
template <class Type>
concept JoinsInConstants = requires { typename std::bool_constant<(trace_of(Type{}, probe_shape, probe_shape), true)>; };
template <class Type>
constexpr spec_fault fault_of_joining_spec() {
  if constexpr (!std::is_class_v<Type>)
    return spec_fault::no_struct;
  else if constexpr (!LowersTwo<Type>)
    return spec_fault::no_joining_lower;
  else if constexpr (!HasText<Type>)
    return spec_fault::no_text;
  else
    return JoinsInConstants<Type> ? spec_fault::none : spec_fault::runs_later;
}
template <bool Holds>
consteval bool check_stage_number() {
  static_assert(Holds, "hasse: a head counts the stages of its space from 1, and was given less; write from_stage<1> or with_stage<1, spec> for what the first stage gives");
  return true;
}
template <class Type>
concept Refused = requires { typename Type::is_refused; };
template <int Stage, class JoiningSpec, bool Sound>
struct stage_join {
  static constexpr int reads_stage = Stage;
  using joining_spec = JoiningSpec;
};
/// In place of what was refused, so that nothing more is said of it.
template <int Stage, class JoiningSpec>
struct stage_join<Stage, JoiningSpec, false> {
  static constexpr int reads_stage = Stage;
  using is_refused = void;
};
template <class Type>
concept ReadsStage = requires { { Type::reads_stage } -> std::convertible_to<int>; };
template <class Type>
concept JoinsStage = ReadsStage<Type> && requires { typename Type::joining_spec; };
}  // namespace detail

/// In a head: the specs behind it read what stage `Stage` gives, counted from 1: head<from_stage<1>, scores, from_stage<2>, scores>.
template <int Stage>
  requires(detail::check_stage_number<(Stage > 0)>())
struct from_stage {
  static constexpr int reads_stage = Stage;
};

/// In a head: a joining spec, a type without braces, reads what the specs before it give and what stage `Stage` gives, counted from 1; the specs behind it go on
/// from what it makes: head<reduce, with_stage<2, lateral>, with_stage<1, lateral>, scores>.
template <int Stage, class SpecTypeWithoutBraces>
  requires(detail::check_stage_number<(Stage > 0)>() && detail::check_spec<detail::fault_of_joining_spec<SpecTypeWithoutBraces>(), SpecTypeWithoutBraces>())
struct with_stage : detail::stage_join<Stage, SpecTypeWithoutBraces, (Stage > 0 && detail::fault_of_joining_spec<SpecTypeWithoutBraces>() == detail::spec_fault::none)> {};

namespace detail {
/// A row of specs of which the first reads what `Stage` gives (0: the last stage) and, if it joins, what was made before.
template <int Stage, bool Joins, class... Specs>
struct head_piece {
  static constexpr int stage = Stage, specs = sizeof...(Specs);
  static constexpr bool joins = false;
  using spec_type = sequence<Specs...>;
  /// visit(spec) for those that read one value, after first(spec) for one that reads two.
  template <class First, class Visit>
  static constexpr void for_each_spec(First, [[maybe_unused]] Visit visit) { (visit(Specs{}), ...); }
};
template <int Stage, class Joining, class... Specs>
struct head_piece<Stage, true, Joining, Specs...> {
  static constexpr int stage = Stage, specs = 1 + sizeof...(Specs);
  static constexpr bool joins = true;
  using spec_type = joining_sequence<Joining, Specs...>;
  template <class First, class Visit>
  static constexpr void for_each_spec(First first, [[maybe_unused]] Visit visit) { first(Joining{}), (visit(Specs{}), ...); }
};
template <class... Pieces>
struct head_pieces {
  static constexpr int count = sizeof...(Pieces);
};

template <class Piece, class Spec>
struct longer_piece;
template <int Stage, bool Joins, class... Specs, class Spec>
struct longer_piece<head_piece<Stage, Joins, Specs...>, Spec> : std::type_identity<head_piece<Stage, Joins, Specs..., Spec>> {};

/// Gathers the elements of a head: a new piece begins where a stage is read. One that begins the head leaves no empty piece before it.
template <class Done, class Piece, class... Left>
struct gathered;
template <class... Done, class Piece>
struct gathered<head_pieces<Done...>, Piece> : std::type_identity<head_pieces<Done..., Piece>> {};
template <class... Done, class Piece, class Next, class... Left>
  requires(!ReadsStage<Next>)
struct gathered<head_pieces<Done...>, Piece, Next, Left...> : gathered<head_pieces<Done...>, typename longer_piece<Piece, Next>::type, Left...> {};
template <class... Done, class Piece, ReadsStage Next, class... Left>
  requires(!JoinsStage<Next>)
struct gathered<head_pieces<Done...>, Piece, Next, Left...>
    : gathered<std::conditional_t<Piece::stage == 0 && Piece::specs == 0, head_pieces<>, head_pieces<Done..., Piece>>, head_piece<Next::reads_stage, false>, Left...> {};
template <class... Done, class Piece, JoinsStage Next, class... Left>
struct gathered<head_pieces<Done...>, Piece, Next, Left...>
    : gathered<head_pieces<Done..., Piece>, head_piece<Next::reads_stage, true, typename Next::joining_spec>, Left...> {};

template <class Type>
constexpr spec_fault fault_of_head_element() {
  if constexpr (ReadsStage<Type>)
    return spec_fault::none;  // said where it is named
  else
    return fault_of_spec_type<Type>();
}
template <class... Elements>
consteval bool check_head_elements() {
  return (check_spec<fault_of_head_element<Elements>(), Elements>() && ...);
}
template <bool Sound, class... Elements>
struct head_members {
  using pieces = typename gathered<head_pieces<>, head_piece<0, false>, Elements...>::type;
  static constexpr bool reads_stages = (ReadsStage<Elements> || ...);
  static constexpr auto specs = hana::tuple<Elements...>{};
  /// Of a head that reads no stage but the last.
  template <class Visit>
  static constexpr void for_each_spec([[maybe_unused]] Visit visit) { (visit(Elements{}), ...); }
};
template <class... Elements>
struct head_members<false, Elements...> {
  using is_refused = void;
};
}  // namespace detail

/// Layers after the searched stages: head<global_average_pool, linear<10>>. Types, without braces; what needs values is a fixed_layer:
/// head<fixed_layer<conv{.out = 1280, .kernel = 1}>, global_average_pool, linear<1000>>. Specs read what the last stage gives, until a
/// from_stage or with_stage among them says otherwise.
template <class... SpecTypesWithoutBraces>
  requires(detail::check_head_elements<SpecTypesWithoutBraces...>())
struct head : detail::head_members<((detail::fault_of_head_element<SpecTypesWithoutBraces>() == detail::spec_fault::none && !detail::Refused<SpecTypesWithoutBraces>) && ...),
                                   SpecTypesWithoutBraces...> {
  static constexpr space_role role = space_role::head;
};

}  // namespace hasse
