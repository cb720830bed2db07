// What becomes of the image on its way through the parts of a space: the first layer that cannot be, or a head that reads what it cannot.
// Used by search_space and gated_space.
#pragma once

#include <cstdint>
#include <type_traits>

#include <hasse/space/head.hpp>
#include <hasse/space/refusal.hpp>

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
  int count = 1;
};

/// The first fault of how the pieces of a head read stages: known before anything is lowered.
struct head_fault {
  space_fault fault = space_fault::none;
  int stage = 1;
};
template <class... Piece>
constexpr head_fault fault_of_pieces(head_pieces<Piece...>, int stages) {
  head_fault found;
  bool reads_last = false, nothing_before = true, searched = false;
  int made_of = stages, last_searched = stages + 1, most = 0;  // most: the greatest width that a shallower stage may have
  const auto look = [&]<class One>(std::type_identity<One>) {
    const int number = One::stage > 0 ? One::stage : One::stage == 0 ? stages : made_of;
    const auto refuse = [&](space_fault fault) {
      if (found.fault == space_fault::none) found = {fault, number};
    };
    if (One::stage >= 0) reads_last = reads_last || number == stages;
    if (number > stages) refuse(space_fault::no_such_stage);
    if ((One::kind == piece_kind::joins || One::kind == piece_kind::controls) && nothing_before) refuse(space_fault::width_varies);
    if (One::stage > 0 && One::specs == 0) refuse(space_fault::nothing_reads_stage);
    if (One::stage >= 0 && One::kind != piece_kind::controls) searched = false, made_of = number;
    if constexpr (searches_width(One::kind)) {
      if (One::kind == piece_kind::widens && searched) refuse(space_fault::width_twice);
      if (number >= last_searched) refuse(space_fault::widths_rise);
      int own = 0;
      for (const int width : One::searched_type::searched_widths::values)
        if (most == 0 || width <= most) own = width;
      if (own == 0) refuse(space_fault::no_head_widths);
      most = own, last_searched = number, searched = true;
    }
    nothing_before = One::specs == 0;
  };
  (look(std::type_identity<Piece>{}), ...);
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
template <class... Piece>
constexpr void trace_pieces(tracer& trace, head_pieces<Piece...>, const stage_exits* exits, int stages) {
  trace.index = 0;
  made_shapes made, beside;
  bool nothing_made = true, handed_out = true;
  int made_of = stages;
  const auto look = [&]<class One>(std::type_identity<One>) {
    const int stage = One::stage > 0 ? One::stage : One::stage == 0 ? stages : made_of;
    const stage_exits& exit = exits[stage - 1];
    const auto refuse = [&](space_fault fault) {
      if (trace.found.made.first.fault == layer_fault::none && trace.found.fault == space_fault::none) trace.found.fault = fault, trace.found.stage = stage;
    };
    if (One::kind == piece_kind::joins && (nothing_made || made.varies())) refuse(space_fault::width_varies);
    if (One::kind == piece_kind::controls && made.least_width == 0 && made.varies()) refuse(space_fault::width_varies);
    if (One::kind == piece_kind::controls && made.least_width < made.greatest_width && !made.varies()) refuse(space_fault::fuses_fixed);
    if (One::kind == piece_kind::reads && !handed_out) refuse(space_fault::value_dropped);
    if (One::kind == piece_kind::widens && One::stage < 0 && exit.count > 1 && !made.varies()) refuse(space_fault::width_of_fixed);
    if (trace.found.fault != space_fault::none) return;
    if constexpr (searches_width(One::kind)) {
      const auto& widths = One::searched_type::searched_widths::values;
      const auto at = [&](feature_shape in, int width) { return trace.lower(One::searched_type::at_width(width), in, space_role::head, 0); };
      const feature_shape least = One::stage < 0 ? made.least : exit.least, greatest = One::stage < 0 ? made.greatest : exit.greatest;
      int last = widths[0];
      for (const int width : widths)
        if (One::kind == piece_kind::widens || made.greatest_width == 0 || width <= made.greatest_width) last = width;
      const made_shapes own{at(least, widths[0]), at(greatest, last), widths[0], last};
      if (!(at(greatest, widths[0]) == own.least)) refuse(space_fault::width_varies);
      (One::kind == piece_kind::widens ? made : beside) = own, ++trace.index;
    } else {
      const auto along = [&, first = trace.index](feature_shape shape, feature_shape second) {
        trace.index = first;
        One::for_each_spec([&](const auto& spec) { shape = trace.joined(spec, shape, second, space_role::head, 0), ++trace.index; },
                           [&](const auto& spec) { shape = trace.lower(spec, shape, space_role::head, 0), ++trace.index; });
        return shape;
      };
      if constexpr (One::kind == piece_kind::fuses) {
        const feature_shape least = along(made.least_width < beside.least_width ? made.greatest : made.least, beside.least);
        const feature_shape again = along(made.greatest, beside.least), greatest = along(made.greatest, beside.greatest);
        if (!(again == least)) refuse(space_fault::width_varies);
        made = {least, greatest, beside.least_width, beside.greatest_width};
      } else if constexpr (One::kind == piece_kind::goes_on) {
        made = {along(made.least, {}), along(made.greatest, {}), made.least_width, made.greatest_width};
      } else {
        const feature_shape least = along(One::kind == piece_kind::joins ? made.least : exit.least, exit.least);
        made = {least, along(One::kind == piece_kind::joins ? made.least : exit.greatest, exit.greatest)};
        made_of = stage;
      }
    }
    if constexpr (One::kind == piece_kind::widens && One::stage >= 0) made_of = stage;
    nothing_made = false, handed_out = trace.found.made.hands_out;
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
        exits[trace.index].greatest = out, exits[trace.index].count = static_cast<int>(Part::widths::values.size());
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
