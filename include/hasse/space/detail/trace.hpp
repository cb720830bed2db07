// What becomes of the image on its way through the parts of a space: the first layer that cannot be, or a head that reads what it cannot.
// Used by search_space and gated_space.
#pragma once

#include <cstdint>
#include <span>
#include <type_traits>

#include <hasse/space/head.hpp>
#include <hasse/space/refusal.hpp>
#include <hasse/space/widths.hpp>

namespace hasse::detail {

enum class space_fault : std::uint8_t { none, no_part, not_one_input, not_one_stem, not_one_head, no_stage, no_mixed_stage, limits, mixed_parts, stages, no_architecture, not_one_shape, no_such_stage, last_stage_unread, nothing_reads_stage, width_varies, value_dropped, widths_rise, width_twice, width_of_fixed, fuses_fixed, no_head_widths, gated_head };

/// What becomes of the image: the first layer of a space that cannot be, and where it is; or a head that cannot.
struct space_trace {
  lowered_form made{};
  space_role role = space_role::stem;
  int index = 0, width = 0;
  space_fault fault = space_fault::none;
  int stage = 1;  ///< that the head reads
};

/// What stages give, at the least and at the greatest of their widths.
struct stage_exits {
  feature_shape least{}, greatest{};
  int count = 1;
};

/// Follows the image through specs in a row, as far as the first that cannot be.
struct tracer {
  stage_exits* exits = nullptr;
  space_trace found{};
  feature_shape shape{};
  int index = 0, stages = 0;

  constexpr feature_shape lower(const auto& spec, feature_shape in, space_role role, int width) {
    return joined(spec, in, {}, role, width);
  }
  constexpr feature_shape joined(const auto& spec, feature_shape in, feature_shape second, space_role role, int width) {
    if (found.made.first.fault != layer_fault::none) return in;
    found = {.made = trace_of(spec, in, second), .role = role, .index = index, .width = width};
    return found.made.out;
  }
  constexpr bool is_sound() const { return found.made.first.fault == layer_fault::none && found.fault == space_fault::none; }
  constexpr void refuse(space_fault fault, int stage) {
    if (is_sound()) found.fault = fault, found.stage = stage;
  }
};

/// A piece of a head as numbers, and its specs as calls: one for each type of a piece, whatever heads have it.
struct piece_trace {
  piece_kind kind = piece_kind::reads;
  int stage = 0, specs = 0;
  width_list widths{};                                                            ///< that are searched
  feature_shape (*at_width)(tracer&, feature_shape in, int width) = nullptr;      ///< where they are
  feature_shape (*along)(tracer&, feature_shape in, feature_shape second) = nullptr;  ///< where none is
};
template <class Piece>
constexpr feature_shape trace_at_width(tracer& trace, feature_shape in, int width) {
  return trace.lower(Piece::searched_type::at_width(width), in, space_role::head, 0);
}
template <class Piece>
constexpr feature_shape trace_along(tracer& trace, feature_shape in, feature_shape second) {
  Piece::for_each_spec([&](const auto& spec) { in = trace.joined(spec, in, second, space_role::head, 0), ++trace.index; },
                       [&](const auto& spec) { in = trace.lower(spec, in, space_role::head, 0), ++trace.index; });
  return in;
}
template <class Piece>
constexpr piece_trace traced_piece() {
  if constexpr (searches_width(Piece::kind))
    return {Piece::kind, Piece::stage, Piece::specs, Piece::searched_type::list, trace_at_width<Piece>, nullptr};
  else
    return {Piece::kind, Piece::stage, Piece::specs, {}, nullptr, trace_along<Piece>};
}
template <class Pieces>
struct traced_pieces;
template <class... Piece>
struct traced_pieces<head_pieces<Piece...>> {
  static constexpr piece_trace all[] = {traced_piece<Piece>()...};
};

/// The first fault of how the pieces of a head read stages: known before anything is lowered.
struct head_fault {
  space_fault fault = space_fault::none;
  int stage = 1;
};
constexpr head_fault fault_of_pieces(std::span<const piece_trace> pieces, int stages) {
  head_fault found;
  bool reads_last = false, nothing_before = true, searched = false;
  int made_of = stages, last_searched = stages + 1, most = 0;  // most: the greatest width that a shallower stage may have
  for (const piece_trace& one : pieces) {
    const int number = one.stage > 0 ? one.stage : one.stage == 0 ? stages : made_of;
    const auto refuse = [&](space_fault fault) {
      if (found.fault == space_fault::none) found = {fault, number};
    };
    if (one.stage >= 0) reads_last = reads_last || number == stages;
    if (number > stages) refuse(space_fault::no_such_stage);
    if ((one.kind == piece_kind::joins || one.kind == piece_kind::controls) && nothing_before) refuse(space_fault::width_varies);
    if (one.stage > 0 && one.specs == 0) refuse(space_fault::nothing_reads_stage);
    if (one.stage >= 0 && one.kind != piece_kind::controls) searched = false, made_of = number;
    if (searches_width(one.kind)) {
      if (one.kind == piece_kind::widens && searched) refuse(space_fault::width_twice);
      if (number >= last_searched) refuse(space_fault::widths_rise);
      int own = 0;
      for (int at = 0; at < one.widths.width_count; ++at)
        if (most == 0 || one.widths[at] <= most) own = one.widths[at];
      if (own == 0) refuse(space_fault::no_head_widths);
      most = own, last_searched = number, searched = true;
    }
    nothing_before = one.specs == 0;
  }
  if (found.fault == space_fault::none && !reads_last) found = {space_fault::last_stage_unread, stages};
  return found;
}

/// What was made on the way through a head, where its width is the least and where it is the greatest.
struct made_shapes {
  feature_shape least{}, greatest{};
  int least_width = 0, greatest_width = 0;  ///< 0: not searched
  constexpr bool varies() const { return !(least == greatest); }
};

/// The pieces of a head, each at the least and at the greatest width of what it depends on.
constexpr void trace_pieces(tracer& trace, std::span<const piece_trace> pieces) {
  trace.index = 0;
  made_shapes made, beside;
  bool nothing_made = true, handed_out = true;
  int made_of = trace.stages;
  for (const piece_trace& one : pieces) {
    const int stage = one.stage > 0 ? one.stage : one.stage == 0 ? trace.stages : made_of;
    const stage_exits& exit = trace.exits[stage - 1];
    const auto refuse = [&](space_fault fault) { trace.refuse(fault, stage); };
    if (one.kind == piece_kind::joins && (nothing_made || made.varies())) refuse(space_fault::width_varies);
    if (one.kind == piece_kind::controls && made.least_width == 0 && made.varies()) refuse(space_fault::width_varies);
    if (one.kind == piece_kind::controls && made.least_width < made.greatest_width && !made.varies()) refuse(space_fault::fuses_fixed);
    if (one.kind == piece_kind::reads && !handed_out) refuse(space_fault::value_dropped);
    if (one.kind == piece_kind::widens && one.stage < 0 && exit.count > 1 && !made.varies()) refuse(space_fault::width_of_fixed);
    if (trace.found.fault != space_fault::none) return;
    if (searches_width(one.kind)) {
      const auto at = [&](feature_shape in, int width) { return one.at_width(trace, in, width); };
      const feature_shape least = one.stage < 0 ? made.least : exit.least, greatest = one.stage < 0 ? made.greatest : exit.greatest;
      int last = one.widths[0];
      for (int option = 0; option < one.widths.width_count; ++option)
        if (const int width = one.widths[option]; one.kind == piece_kind::widens || made.greatest_width == 0 || width <= made.greatest_width) last = width;
      const made_shapes own{at(least, one.widths[0]), at(greatest, last), one.widths[0], last};
      if (!(at(greatest, one.widths[0]) == own.least)) refuse(space_fault::width_varies);
      (one.kind == piece_kind::widens ? made : beside) = own, ++trace.index;
    } else {
      const auto along = [&, first = trace.index](feature_shape shape, feature_shape second) {
        trace.index = first;
        return one.along(trace, shape, second);
      };
      if (one.kind == piece_kind::fuses) {
        const feature_shape least = along(made.least_width < beside.least_width ? made.greatest : made.least, beside.least);
        const feature_shape again = along(made.greatest, beside.least), greatest = along(made.greatest, beside.greatest);
        if (!(again == least)) refuse(space_fault::width_varies);
        made = {least, greatest, beside.least_width, beside.greatest_width};
      } else if (one.kind == piece_kind::goes_on) {
        made = {along(made.least, {}), along(made.greatest, {}), made.least_width, made.greatest_width};
      } else {
        const feature_shape least = along(one.kind == piece_kind::joins ? made.least : exit.least, exit.least);
        made = {least, along(one.kind == piece_kind::joins ? made.least : exit.greatest, exit.greatest)};
        made_of = stage;
      }
    }
    if (one.kind == piece_kind::widens && one.stage >= 0) made_of = stage;
    nothing_made = false, handed_out = trace.found.made.hands_out;
  }
}
/// The first fault of a head behind the stages that were followed.
template <class Pieces>
constexpr void trace_head(tracer& trace) {
  if (const head_fault wrong = fault_of_pieces(traced_pieces<Pieces>::all, trace.stages); wrong.fault != space_fault::none)
    trace.refuse(wrong.fault, wrong.stage);
  else
    trace_pieces(trace, traced_pieces<Pieces>::all);
}

/// A part of a space as numbers, and what becomes of the image in it as a call: one for each type of a part, whatever spaces have it.
struct part_trace {
  space_role role = space_role::input;
  feature_shape shape{};                 ///< of an input
  int least = 0, most = 0;               ///< blocks of a stage, or of all stages
  void (*follow)(tracer&) = nullptr;     ///< through a stem, a stage or a head
};
/// A stage at the least and the greatest of its widths, behind the least of that before, first and later blocks: enough to find what cannot
/// be; each part is looked at where it is compiled.
template <class Part>
constexpr void trace_stage(tracer& trace) {
  const feature_shape in = trace.shape;
  stage_exits& exit = trace.exits[trace.index];
  for (const int width : Part::widths::values) {
    if (width != Part::widths::values[0] && width != Part::widths::values.back()) continue;
    auto spec = Part::spec;
    spec.out = width;
    const feature_shape out = trace.lower(spec, in, space_role::stage, width);
    spec.stride = 1;
    if (Part::depth::most > 1) trace.lower(spec, out, space_role::stage, width);
    if (width == Part::widths::values[0]) trace.shape = exit.least = out;
    exit.greatest = out, exit.count = static_cast<int>(Part::widths::values.size());
  }
  trace.stages = ++trace.index;
}
template <class Part>
constexpr void trace_specs(tracer& trace) {
  Part::for_each_spec([&](const auto& spec) { trace.shape = trace.lower(spec, trace.shape, Part::role, 0), ++trace.index; });
}
template <class Part>
constexpr part_trace traced_part() {
  if constexpr (Part::role == space_role::input)
    return {.role = Part::role, .shape = Part::shape};
  else if constexpr (Part::role == space_role::stem)
    return {.role = Part::role, .follow = trace_specs<Part>};
  else if constexpr (Part::role == space_role::stage)
    return {.role = Part::role, .least = Part::depth::least, .most = Part::depth::most, .follow = trace_stage<Part>};
  else if constexpr (Part::role == space_role::head)
    return {.role = Part::role, .follow = trace_head<typename Part::pieces>};
  else if constexpr (Part::role == space_role::limit)
    return {.role = Part::role, .least = Part::least, .most = Part::most};
  else
    return {.role = Part::role};
}
template <class... Parts>
struct traced_parts {
  static constexpr part_trace all[] = {traced_part<Parts>()...};
};

/// Follows the image through the parts of one role, in the order in which they stand.
constexpr void trace_role(tracer& trace, std::span<const part_trace> parts, space_role role) {
  trace.index = 0;
  for (const part_trace& each : parts)
    if (each.role == role && each.follow) each.follow(trace);
}
/// What is before the stages: the image, and what the stem makes of it.
constexpr void trace_stem(tracer& trace, std::span<const part_trace> parts) {
  for (const part_trace& each : parts)
    if (each.role == space_role::input) trace.shape = each.shape;
  trace_role(trace, parts, space_role::stem);
  trace.index = 0;
}
template <class... Parts>
constexpr space_trace trace_space() {
  const auto& parts = traced_parts<Parts...>::all;
  stage_exits exits[sizeof...(Parts)];
  tracer trace{.exits = exits};
  trace_stem(trace, parts);
  trace_role(trace, parts, space_role::stage);
  trace_role(trace, parts, space_role::head);
  return trace.found;
}
/// Followed once, whoever asks.
template <class... Parts>
inline constexpr space_trace traced_space = trace_space<Parts...>();

template <space_role Role, int Index, int Width>
struct place_type : std::type_identity<body_part<Index>> {};
template <int Index, int Width>
struct place_type<space_role::stem, Index, Width> : std::type_identity<stem_layer<Index>> {};
template <int Index, int Width>
struct place_type<space_role::stage, Index, Width> : std::type_identity<stage_at_width<Index, Width>> {};
template <int Index, int Width>
struct place_type<space_role::head, Index, Width> : std::type_identity<head_layer<Index>> {};
template <space_trace Found>
using place_in_space = typename place_type<Found.role, Found.index + 1, Found.width>::type;

}  // namespace hasse::detail
