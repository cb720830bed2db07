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
#include <hasse/space/widths.hpp>

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
template <int Stage, class JoiningSpec, class Controller, bool Sound>
struct stage_join {
  static constexpr int reads_stage = Stage;
  using joining_spec = JoiningSpec;
  using controller = Controller;
};
/// In place of what was refused, so that nothing more is said of it.
template <int Stage, class JoiningSpec, class Controller>
struct stage_join<Stage, JoiningSpec, Controller, false> {
  static constexpr int reads_stage = Stage;
  using is_refused = void;
};
template <class Type>
concept ReadsStage = requires { { Type::reads_stage } -> std::convertible_to<int>; };
template <class Type>
concept JoinsStage = ReadsStage<Type> && requires { typename Type::joining_spec; };
template <class Type>
concept SearchesWidth = requires { typename Type::searched_widths; };

template <auto SpecValue>
constexpr spec_fault fault_of_searched_value() {
  using type = std::remove_const_t<decltype(SpecValue)>;
  if constexpr (constexpr spec_fault fault = fault_of_spec<type>(); fault != spec_fault::none)
    return fault;
  else if constexpr (!HasOut<type>)
    return spec_fault::no_out;
  else
    return SpecValue.out != 0 ? spec_fault::own_width : LowersInConstants<with_width(SpecValue), probe_shape> ? spec_fault::none : spec_fault::runs_later;
}
enum class searched_fault : std::uint8_t { none, no_widths, other_widths, other_controller };
template <class Widths>
constexpr searched_fault fault_of_widths() {
  return std::is_same_v<Widths, not_given> ? searched_fault::no_widths : ListsWidths<Widths> ? searched_fault::none : searched_fault::other_widths;
}
template <searched_fault Fault, class Given>
consteval bool check_searched_widths() {
  static_assert(Fault != searched_fault::no_widths, "hasse: searched<...> needs the widths that its spec may have, and was given none; write searched<conv{.kernel = 1}, widths<16, 32, 64>>");
  static_assert(Fault != searched_fault::other_widths, "hasse: searched<...> needs widths<...> behind its spec, and something else stands there (named in this message); write searched<conv{.kernel = 1}, widths<16, 32, 64>>");
  static_assert(Fault != searched_fault::other_controller, "hasse: with_stage<...> takes a searched<...> behind its joining spec, for what the stage gives, and something else stands there (named in this message); write with_stage<2, fusion_node, searched<conv{.kernel = 1}, widths<16, 32, 64>>>");
  return true;
}
template <auto SpecValue, class Widths>
consteval bool check_searched() {
  constexpr spec_fault fault = fault_of_searched_value<SpecValue>();
  if constexpr (fault != spec_fault::none)
    return check_spec<fault, std::remove_const_t<decltype(SpecValue)>>();
  else
    return check_searched_widths<fault_of_widths<Widths>(), Widths>();
}
template <bool Sound, auto SpecValue, class Widths>
struct searched_members {
  using searched_widths = Widths;
  static constexpr width_list list = listed<Widths>();
  static constexpr auto at_width(int width) {
    auto spec = SpecValue;
    spec.out = width;
    return spec;
  }
};
template <auto SpecValue, class Widths>
struct searched_members<false, SpecValue, Widths> {
  using searched_widths = Widths;
  using is_refused = void;
};
template <class Controller>
constexpr searched_fault fault_of_controller() {
  return std::is_same_v<Controller, not_given> || SearchesWidth<Controller> ? searched_fault::none : searched_fault::other_controller;
}
}  // namespace detail

/// In a head: a layer whose width is searched, searched<conv{.kernel = 1}, widths<16, 32, 64>>: of what the specs before it give, which
/// depends on one stage. The widths that a head searches are choices of an architecture beside its blocks: a decoder's.
/// Example: examples/16_own_head.cpp.
template <auto SpecInBraces, class Widths = detail::not_given>
  requires(detail::check_searched<SpecInBraces, Widths>())
struct searched : detail::searched_members<detail::fault_of_searched_value<SpecInBraces>() == detail::spec_fault::none && detail::fault_of_widths<Widths>() == detail::searched_fault::none,
                                           SpecInBraces, Widths> {};

/// In a head: the specs behind it read what stage `Stage` gives, counted from 1: head<from_stage<1>, scores, from_stage<2>, scores>.
template <int Stage>
  requires(detail::check_stage_number<(Stage > 0)>())
struct from_stage {
  static constexpr int reads_stage = Stage;
};

/// In a head: a joining spec, a type without braces, reads what the specs before it give and what stage `Stage` gives, counted from 1; the specs behind it go on
/// from what it makes: head<reduce, with_stage<2, lateral>, with_stage<1, lateral>, scores>. A `Controller`, which is a searched<...>, reads the stage first, and the
/// joining spec reads what that makes.
template <int Stage, class SpecTypeWithoutBraces, class Controller = detail::not_given>
  requires(detail::check_stage_number<(Stage > 0)>() && detail::check_spec<detail::fault_of_joining_spec<SpecTypeWithoutBraces>(), SpecTypeWithoutBraces>() &&
           detail::check_searched_widths<detail::fault_of_controller<Controller>(), Controller>())
struct with_stage
    : detail::stage_join<Stage, SpecTypeWithoutBraces, Controller,
                         (Stage > 0 && detail::fault_of_joining_spec<SpecTypeWithoutBraces>() == detail::spec_fault::none &&
                          detail::fault_of_controller<Controller>() == detail::searched_fault::none && !detail::Refused<Controller>)> {};

namespace detail {
/// What a piece of a head does with what was made before it.
enum class piece_kind : std::uint8_t {
  reads,     ///< reads what a stage gives instead
  joins,     ///< joins it to what a stage gives
  goes_on,   ///< goes on from a searched width
  widens,    ///< gives it, or what a stage gives, a searched width
  controls,  ///< leaves it alone: gives what a stage gives a searched width
  fuses      ///< joins it to what that made
};

/// A row of specs. `stage`: which one is read, counted from 1; 0: the last; -1: none.
template <piece_kind Kind, int Stage, class... Specs>
struct head_piece {
  static constexpr piece_kind kind = Kind;
  static constexpr int stage = Stage, specs = sizeof...(Specs);
  using spec_type = sequence<Specs...>;
  /// visit(spec) for those that read one value, after first(spec) for one that reads two.
  template <class First, class Visit>
  static constexpr void for_each_spec(First, [[maybe_unused]] Visit visit) { (visit(Specs{}), ...); }
};
template <piece_kind Kind, int Stage, class Joining, class... Specs>
  requires(Kind == piece_kind::joins || Kind == piece_kind::fuses)
struct head_piece<Kind, Stage, Joining, Specs...> {
  static constexpr piece_kind kind = Kind;
  static constexpr int stage = Stage, specs = 1 + sizeof...(Specs);
  using spec_type = joining_sequence<Joining, Specs...>;
  template <class First, class Visit>
  static constexpr void for_each_spec(First first, [[maybe_unused]] Visit visit) { first(Joining{}), (visit(Specs{}), ...); }
};
template <piece_kind Kind, int Stage, class Searched>
  requires(Kind == piece_kind::widens || Kind == piece_kind::controls)
struct head_piece<Kind, Stage, Searched> {
  static constexpr piece_kind kind = Kind;
  static constexpr int stage = Stage, specs = 1;
  using searched_type = Searched;
};
constexpr bool searches_width(piece_kind kind) { return kind == piece_kind::widens || kind == piece_kind::controls; }

template <class... Pieces>
struct head_pieces {
  static constexpr int count = sizeof...(Pieces);
  static constexpr int searched = (int{searches_width(Pieces::kind)} + ... + 0);
};

template <class Piece, class Spec>
struct longer_piece;
template <piece_kind Kind, int Stage, class... Specs, class Spec>
struct longer_piece<head_piece<Kind, Stage, Specs...>, Spec> : std::type_identity<head_piece<Kind, Stage, Specs..., Spec>> {};

template <class Piece>
concept EmptyPiece = Piece::specs == 0;
/// Behind a searched width a new piece begins, since it depends on that alone.
template <class Piece>
concept EndsInWidth = Piece::kind == piece_kind::widens || Piece::kind == piece_kind::fuses;

/// Gathers the elements of a head: a new piece begins where a stage is read or a width is searched. One that begins the head leaves no
/// empty piece before it.
template <class Done, class Piece, class... Left>
struct gathered;
template <class... Done, class Piece>
struct gathered<head_pieces<Done...>, Piece> : std::type_identity<head_pieces<Done..., Piece>> {};
template <class... Done, class Piece, class Next, class... Left>
struct gathered<head_pieces<Done...>, Piece, Next, Left...> : gathered<head_pieces<Done...>, typename longer_piece<Piece, Next>::type, Left...> {};
template <class... Done, EndsInWidth Piece, class Next, class... Left>
  requires(!ReadsStage<Next> && !SearchesWidth<Next>)
struct gathered<head_pieces<Done...>, Piece, Next, Left...> : gathered<head_pieces<Done..., Piece>, head_piece<piece_kind::goes_on, -1, Next>, Left...> {};
template <class... Done, class Piece, SearchesWidth Next, class... Left>
struct gathered<head_pieces<Done...>, Piece, Next, Left...> : gathered<head_pieces<Done..., Piece>, head_piece<piece_kind::widens, -1, Next>, Left...> {};
template <class... Done, EmptyPiece Piece, SearchesWidth Next, class... Left>
struct gathered<head_pieces<Done...>, Piece, Next, Left...> : gathered<head_pieces<Done...>, head_piece<piece_kind::widens, Piece::stage, Next>, Left...> {};
template <class... Done, class Piece, ReadsStage Next, class... Left>
  requires(!JoinsStage<Next>)
struct gathered<head_pieces<Done...>, Piece, Next, Left...>
    : gathered<std::conditional_t<Piece::stage == 0 && Piece::specs == 0, head_pieces<>, head_pieces<Done..., Piece>>, head_piece<piece_kind::reads, Next::reads_stage>, Left...> {};
template <class... Done, class Piece, JoinsStage Next, class... Left>
struct gathered<head_pieces<Done...>, Piece, Next, Left...>
    : gathered<head_pieces<Done..., Piece>, head_piece<piece_kind::joins, Next::reads_stage, typename Next::joining_spec>, Left...> {};
template <class... Done, class Piece, JoinsStage Next, class... Left>
  requires SearchesWidth<typename Next::controller>
struct gathered<head_pieces<Done...>, Piece, Next, Left...>
    : gathered<head_pieces<Done..., Piece, head_piece<piece_kind::controls, Next::reads_stage, typename Next::controller>>,
               head_piece<piece_kind::fuses, -1, typename Next::joining_spec>, Left...> {};

/// Appends the layers of a head that searches no width, behind `value`; `exits` are what the stages give. The answer is the value that it gives.
template <class List, class... Piece>
constexpr value_id lower_pieces(layer_builder<List> build, value_id value, [[maybe_unused]] const value_id* exits, head_pieces<Piece...>) {
  const auto append = [&]<class One>(std::type_identity<One>) {
    const value_id read = One::stage > 0 ? exits[One::stage - 1] : value;
    if constexpr (One::kind == piece_kind::joins)
      value = typename One::spec_type{}.lower(build, value, read);
    else
      value = typename One::spec_type{}.lower(build, read);
  };
  (append(std::type_identity<Piece>{}), ...);
  return value;
}

template <class Type>
constexpr spec_fault fault_of_head_element() {
  if constexpr (ReadsStage<Type> || SearchesWidth<Type>)
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
  using pieces = typename gathered<head_pieces<>, head_piece<piece_kind::reads, 0>, Elements...>::type;
  static constexpr bool reads_stages = (ReadsStage<Elements> || ...), searches_widths = pieces::searched > 0;
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
