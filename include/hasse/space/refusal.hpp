// What is wrong with a spec, a block, a space or an architecture, said while compiling: one sentence each, with what was given as the
// types of the same message. A check is a consteval function that always answers true: the sentence is its static_assert, and what it
// guards goes on with something valid, so that nothing else is said.
// Used by the types that a user names: stem, stage, head, search_space, gated_space, block, fixed_network, network.
#pragma once

#include <concepts>
#include <type_traits>

#include <hasse/space/spec.hpp>

namespace hasse {

/// Numbers dressed as types, so that compilers print them.
template <int H, int W, int C>
struct map_of {};
template <int Kernel, int Stride, int Groups>
struct window {};
template <int Index>
struct stem_layer {};
template <int Index, int Width>
struct stage_at_width {};
template <int Index>
struct head_layer {};
template <int Index>
struct body_part {};
template <int Index>
struct network_part {};
template <int Least, int Most>
struct blocks_between {};

namespace detail {
/// Converts to floating-point numbers and to structs that have one, and to nothing else; `anything` to everything.
struct anything {
  template <class Type>
  constexpr operator Type() const;
};
template <class Type>
constexpr bool has_floating_member();
struct something_floating {
  template <class Type>
    requires(std::floating_point<Type> || (std::is_class_v<Type> && has_floating_member<Type>()))
  constexpr operator Type() const;
};
template <class Type, class... Before>
concept FloatsBehind = requires { Type{Before{}..., something_floating{}}; };
template <class Type, class... Before>
constexpr bool floats_somewhere() {
  if constexpr (FloatsBehind<Type, Before...>)
    return true;
  else if constexpr (sizeof...(Before) < 32 && requires { Type{Before{}..., anything{}}; })
    return floats_somewhere<Type, Before..., anything>();
  else
    return false;
}
template <class Type>
constexpr bool has_floating_member() {
  if constexpr (std::is_aggregate_v<Type>)
    return floats_somewhere<Type>();
  else
    return false;
}

/// Whether lower can run in the compiler, tried on one shape.
inline constexpr feature_shape probe_shape{32, 32, 32};
template <auto SpecValue, feature_shape In>
concept LowersInConstants = requires { typename std::bool_constant<(trace_of(SpecValue, In), true)>; };

enum class spec_fault : std::uint8_t { none, no_struct, no_lower, no_text, no_out, no_stride, floats, own_width, no_step, runs_later, no_joining_lower };

template <class Type>
constexpr spec_fault fault_of_spec() {
  if (!std::is_class_v<Type>) return spec_fault::no_struct;
  if (!HasLower<Type>) return spec_fault::no_lower;
  if (!HasText<Type>) return spec_fault::no_text;
  return has_floating_member<Type>() ? spec_fault::floats : spec_fault::none;
}
template <class Type>
constexpr spec_fault fault_of_stage_spec() {
  if (const spec_fault fault = fault_of_spec<Type>(); fault != spec_fault::none) return fault;
  if (!HasOut<Type>) return spec_fault::no_out;
  return HasStride<Type> ? spec_fault::none : spec_fault::no_stride;
}

template <auto SpecValue>
constexpr spec_fault fault_of_value() {
  if constexpr (constexpr spec_fault fault = fault_of_spec<std::remove_const_t<decltype(SpecValue)>>(); fault != spec_fault::none)
    return fault;
  else
    return LowersInConstants<SpecValue, probe_shape> ? spec_fault::none : spec_fault::runs_later;
}
constexpr auto with_width(auto spec) {
  spec.out = 32;
  return spec;
}

template <spec_fault Fault, class Given>
consteval bool check_spec() {
  static_assert(Fault != spec_fault::no_struct,
                "hasse: a spec is needed here and something else was given (named in this message); write a struct such as conv{.out = 32, .kernel = 3} or basic{.stride = 2}");
  static_assert(Fault != spec_fault::no_lower,
                "hasse: this spec has no lower that can be called, and it needs one; write: template <class List> constexpr value_id lower(layer_builder<List> list, value_id from) const { ... } as max_pool has it in space/spec.hpp");
  static_assert(Fault != spec_fault::no_text, "hasse: this spec has no text, and it needs one to be named by; write: std::string text() const { return \"name s\" + std::to_string(stride); }");
  static_assert(Fault != spec_fault::no_out, "hasse: this spec has no member out, and a stage or a searched<...> sets its width; write: int out = 0, stride = 1; (a pool has no width of its own: it goes into stem<...> or fixed_layer<...>)");
  static_assert(Fault != spec_fault::no_stride, "hasse: this spec has no member stride, and a stage sets the stride of its blocks; write: int out = 0, stride = 1; and give the stride to one of its layers");
  static_assert(Fault != spec_fault::floats, "hasse: this spec has a floating-point member, and specs are template arguments, whose numbers are integers; write a share in percent: int keep_percent = 75;");
  static_assert(Fault != spec_fault::runs_later, "hasse: lower of this spec cannot run in the compiler, and must; declare it constexpr and call in it only what is: no input, no output, no static variables, no throw");
  static_assert(Fault != spec_fault::no_joining_lower, "hasse: with_stage<...> needs a spec that joins two values, and lower of this one does not read two; write: template <class List> constexpr value_id lower(layer_builder<List> list, value_id from, value_id stage) const { ... }");
  static_assert(Fault != spec_fault::own_width, "hasse: this spec was given a width, and a stage or a searched<...> sets it; leave .out of its spec at 0 and list widths<...>");
  static_assert(Fault != spec_fault::no_step, "hasse: a stage's stride must be at least 1, and its spec has less; write .stride = 1 to keep the size or .stride = 2 to halve it");
  return true;
}

template <layer_fault Fault, class Place, class Given>
consteval bool check_layer() {
  using enum layer_fault;
  static_assert(Fault != reads_no_value, "hasse: a layer of this spec reads a value that no layer before it has made; read from, or what a call of the builder gave");
  static_assert(Fault != bad_window, "hasse: a layer has a kernel, stride or number of groups below 1, or padding below 0 (window<kernel, stride, groups> says which); give each at least 1");
  static_assert(Fault != no_channels, "hasse: a layer would write no channels, and it needs one at least; give its spec .out, for instance conv{.out = 32}, and a bottleneck four times its middle");
  static_assert(Fault != nothing_left, "hasse: nothing is left of the image: a layer's window<kernel, stride, groups> is larger than the map_of<h, w, channels> that it reads; give a larger input, a smaller window or fewer strides before it");
  static_assert(Fault != groups_do_not_divide, "hasse: the groups of a convolution, window<kernel, stride, groups>, do not divide the channels of the maps that it reads and writes; take a number that divides both");
  static_assert(Fault != operands_differ, "hasse: an add has two operands of different shapes, and needs two of one; put a 1x1 convolution with the block's stride and width on the shortcut, or add only where the shapes agree");
  static_assert(Fault != gate_differs, "hasse: the gate of a scale is not one number per channel of what it scales; make it 1 x 1 x C with global_average_pool and a 1x1 convolution");
  static_assert(Fault != sides_differ, "hasse: a concat has operands of different height or width; resize one of them or give both branches the same stride");
  static_assert(Fault != fewer_channels, "hasse: a pad_channels would write fewer channels than it reads, and it only adds some; give it more, or use a 1x1 convolution for fewer");
  static_assert(Fault != square_does_not_divide, "hasse: a depth_to_space takes block x block channels for a pixel, which do not divide those that it reads; give it a multiple of them");
  static_assert(Fault != changes_shape, "hasse: an identity (zero) stands where the shape changes, and a layer can only be skipped where the stride is 1 and the channels agree; put another block there");
  static_assert(Fault != answers_other_value, "hasse: lower of this spec gives another value than that of the last layer that it appended; return what the last call of the builder gave");
  static_assert(Fault != nobody_reads, "hasse: this spec makes a value that none of its layers reads, or does not read its input; remove that layer or use its value");
  return true;
}

/// The layer that was refused, what it reads, its other operand or else what it writes.
template <layer_kind Kind, class Reads, class Other, class Window>
struct refused;
template <refused_layer First>
struct refused_of {
  static constexpr layer item = First.item;
  static constexpr feature_shape in = item.in, other = item.other == no_value ? item.out : First.second;
  using type = refused<item.kind, map_of<in.h, in.w, in.c>, map_of<other.h, other.w, other.c>, window<item.kernel, item.stride, item.groups>>;
};
template <refused_layer First>
using refused_type = typename refused_of<First>::type;

/// What becomes of a shape in a spec, tried once, whoever asks.
template <auto SpecValue, feature_shape In, feature_shape Second>
inline constexpr lowered_form placed_form = trace_of(SpecValue, In, Second);

template <auto SpecValue, feature_shape In, feature_shape Second = feature_shape{}>
consteval bool check_placed() {
  using type = std::remove_const_t<decltype(SpecValue)>;
  if constexpr (constexpr spec_fault fault = Second.c > 0 ? spec_fault::none : fault_of_value<SpecValue>(); fault != spec_fault::none)
    return check_spec<fault, type>();
  else if constexpr (constexpr lowered_form made = placed_form<SpecValue, In, Second>; true)
    return check_layer<made.first.fault, type, refused_type<made.first>>();
}
}  // namespace detail

/// The layers of a spec on an input shape, as a constant of their number; `Second` is what a joining spec reads besides. What cannot be
/// lowered is a sentence of the compiler.
template <auto SpecInBraces, feature_shape In, feature_shape Second = feature_shape{}>
  requires(detail::check_placed<SpecInBraces, In, Second>())
constexpr auto layers_of() {
  constexpr lowered_form made = [] {
    if constexpr (Second.c > 0 || detail::fault_of_value<SpecInBraces>() == detail::spec_fault::none)
      return detail::placed_form<SpecInBraces, In, Second>;
    else
      return lowered_form{.first = {.fault = layer_fault::reads_no_value}};
  }();
  constexpr bool sound = made.first.fault == layer_fault::none;
  fixed_layers<sound ? made.count : 0> list{.input = In, .second = Second};
  if constexpr (sound && Second.c > 0)
    SpecInBraces.lower(layer_builder<fixed_layers<made.count>>{list}, 0, second_input);
  else if constexpr (sound)
    SpecInBraces.lower(layer_builder<fixed_layers<made.count>>{list}, 0);
  return list;
}

}  // namespace hasse
