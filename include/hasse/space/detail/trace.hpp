// What becomes of the image on its way through the parts of a space: the first layer that cannot be, or a head that reads what it cannot.
// Used by search_space and gated_space.
#pragma once

#include <cstdint>
#include <type_traits>

#include <hasse/space/head.hpp>
#include <hasse/space/refusal.hpp>

namespace hasse::detail {

enum class space_fault : std::uint8_t { none, no_part, not_one_input, not_one_stem, not_one_head, no_stage, no_mixed_stage, limits, mixed_parts, stages, no_architecture, not_one_shape, no_such_stage, last_stage_unread, nothing_reads_stage, width_varies, value_dropped, gated_head };

/// What becomes of the image: the first layer of a space that cannot be, and where it is; or a head that cannot.
struct space_trace {
  lowered_form made{};
  space_role role = space_role::stem;
  int index = 0, width = 0;
  space_fault fault = space_fault::none;
  int stage = 1;  ///< that the head reads
};

template <class... Parts>
constexpr feature_shape image_of() {
  feature_shape image;
  const auto look = [&]<class Part>(std::type_identity<Part>) {
    if constexpr (Part::role == space_role::input) image = Part::shape;
  };
  (look(std::type_identity<Parts>{}), ...);
  return image;
}
template <class Part, class Visit>
constexpr void for_each_spec_in(space_role role, Visit visit) {
  if constexpr (Part::role == space_role::stem || Part::role == space_role::head || Part::role == space_role::fixed)
    if (Part::role == role) Part::for_each_spec(visit);
}

/// Follows the image through specs in a row, as far as the first that cannot be.
struct tracer {
  space_trace found{};
  feature_shape shape{};
  int index = 0;

  constexpr feature_shape lower(const auto& spec, feature_shape in, space_role role, int width) {
    return joined(spec, in, {}, role, width);
  }
  constexpr feature_shape joined(const auto& spec, feature_shape in, feature_shape second, space_role role, int width) {
    if (found.made.first.fault != layer_fault::none) return in;
    found = {.made = trace_of(spec, in, second), .role = role, .index = index, .width = width};
    return found.made.out;
  }
  template <class... Parts>
  constexpr void row(space_role role) {
    index = 0;
    (for_each_spec_in<Parts>(role, [&](const auto& spec) { shape = lower(spec, shape, role, 0), ++index; }), ...);
  }
};

/// What stages give, at the least and at the greatest of their widths.
struct stage_exits {
  feature_shape least{}, greatest{};
};

/// The first fault of how the pieces of a head read stages: known before anything is lowered.
struct head_fault {
  space_fault fault = space_fault::none;
  int stage = 1;
};
template <class... Piece>
constexpr head_fault fault_of_pieces(head_pieces<Piece...>, int stages) {
  head_fault found;
  bool reads_last = false, nothing_before = true;
  const auto look = [&](int stage, bool joins, int specs) {
    const int number = stage > 0 ? stage : stages;
    if (found.fault == space_fault::none && number > stages) found = {space_fault::no_such_stage, number};
    if (found.fault == space_fault::none && joins && nothing_before) found = {space_fault::width_varies, number};
    if (found.fault == space_fault::none && stage > 0 && specs == 0) found = {space_fault::nothing_reads_stage, number};
    reads_last = reads_last || number == stages, nothing_before = specs == 0;
  };
  (look(Piece::stage, Piece::joins, Piece::specs), ...);
  if (found.fault == space_fault::none && !reads_last) found = {space_fault::last_stage_unread, stages};
  return found;
}

/// The pieces of a head, each at the least and at the greatest width of the stage that it reads.
template <class... Piece>
constexpr void trace_pieces(tracer& trace, head_pieces<Piece...>, const stage_exits* exits, int stages) {
  trace.index = 0;
  feature_shape made{};
  bool varies = true, handed_out = true;
  const auto look = [&]<class One>(std::type_identity<One>) {
    const int stage = One::stage > 0 ? One::stage : stages;
    const auto refuse = [&](space_fault fault) {
      if (trace.found.made.first.fault == layer_fault::none && trace.found.fault == space_fault::none) trace.found.fault = fault, trace.found.stage = stage;
    };
    if (One::joins && varies) refuse(space_fault::width_varies);
    if (!One::joins && !handed_out) refuse(space_fault::value_dropped);
    if (trace.found.fault != space_fault::none) return;
    const int first = trace.index;
    feature_shape ends[2];
    for (const bool wide : {false, true}) {
      const feature_shape exit = wide ? exits[stage - 1].greatest : exits[stage - 1].least;
      trace.index = first;
      feature_shape shape = One::joins ? made : exit;
      One::for_each_spec([&](const auto& spec) { shape = trace.joined(spec, shape, exit, space_role::head, 0), ++trace.index; },
                         [&](const auto& spec) { shape = trace.lower(spec, shape, space_role::head, 0), ++trace.index; });
      ends[wide] = shape;
    }
    made = ends[0], varies = !(ends[0] == ends[1]), handed_out = trace.found.made.hands_out;
  };
  (look(std::type_identity<Piece>{}), ...);
}

/// Stages at the least and the greatest of their widths, behind the least of those before, first and later blocks: enough to find what
/// cannot be; each part is looked at where it is compiled.
template <class... Parts>
constexpr space_trace trace_space() {
  tracer trace{.shape = image_of<Parts...>()};
  trace.template row<Parts...>(space_role::stem);
  trace.index = 0;
  stage_exits exits[sizeof...(Parts)];
  const auto stage = [&]<class Part>(std::type_identity<Part>) {
    if constexpr (Part::role == space_role::stage) {
      const feature_shape in = trace.shape;
      for (const int width : Part::widths::values) {
        if (width != Part::widths::values[0] && width != Part::widths::values.back()) continue;
        auto spec = Part::spec;
        spec.out = width;
        const feature_shape out = trace.lower(spec, in, space_role::stage, width);
        spec.stride = 1;
        if (Part::depth::most > 1) trace.lower(spec, out, space_role::stage, width);
        if (width == Part::widths::values[0]) trace.shape = exits[trace.index].least = out;
        exits[trace.index].greatest = out;
      }
      ++trace.index;
    }
  };
  (stage(std::type_identity<Parts>{}), ...);
  const int stages = trace.index;
  const auto head = [&]<class Part>(std::type_identity<Part>) {
    if constexpr (Part::role == space_role::head) {
      if (const head_fault wrong = fault_of_pieces(typename Part::pieces{}, stages); trace.found.made.first.fault == layer_fault::none && wrong.fault != space_fault::none)
        trace.found.fault = wrong.fault, trace.found.stage = wrong.stage;
      else
        trace_pieces(trace, typename Part::pieces{}, exits, stages);
    }
  };
  (head(std::type_identity<Parts>{}), ...);
  return trace.found;
}

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
