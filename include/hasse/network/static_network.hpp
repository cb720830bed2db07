// A network that is one type: its layers, fusion, costs and memory plan are constants, and it runs on the same steps as a
// run-time network, so that both give the same bits.
// Used by programs that hold a result: `using net = network<space, "[(64,64),(128)]">;`.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <hasse/block/block.hpp>
#include <hasse/block/chain.hpp>
#include <hasse/catalogue/shard.hpp>
#include <hasse/core/fixed_string.hpp>
#include <hasse/network/check.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/plan.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/space/architecture.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/search_space.hpp>

namespace hasse {

namespace detail {
template <int Capacity>
constexpr bool outputs_have_names(const fixed_layers<Capacity>& list) {
  for (const constant_output& each : list.outputs)
    if (!is_output_name(each.name)) return false;
  return true;
}
template <int Capacity>
constexpr bool outputs_differ(const fixed_layers<Capacity>& list) {
  for (const constant_output& each : list.outputs)
    for (const constant_output* other = list.outputs.begin(); other != &each; ++other)
      if (other->name == each.name || other->value == each.value) return false;
  return true;
}
template <int Capacity>
constexpr bool values_are_read(const fixed_layers<Capacity>& list) {
  const auto readers = readers_of(list);
  for (int value = 0; value <= list.count; ++value)
    if (readers[at(value)] == 0) return false;
  return true;
}
}  // namespace detail

/// What follows from a constant layer list; `Listed` has one, as a chain of blocks does.
template <HasLayers Listed>
struct static_network {
  static constexpr auto layers = Listed::layers;  ///< unfused
  static_assert(detail::outputs_have_names(layers),
                "hasse: an output of this network has no name that files could use; begin it with a letter, go on with letters, "
                "digits, '_', '.' and '-'");
  static_assert(detail::outputs_differ(layers),
                "hasse: two outputs of this network have one name or are one value; name each value once, and each differently");
  static_assert(detail::values_are_read(layers),
                "hasse: nobody reads a value of this network; remove its layer, use it or name it as an output");
  static constexpr auto folded = fold_for_inference(layers);
  /// The folded layers that are blocks of a catalogue; empty ones where they are not kept apart.
  static constexpr auto stretches = [] {
    if constexpr (requires { Listed::stretches; }) {
      auto found = Listed::stretches;
      for (stretch& each : found) each = detail::fused_stretch(layers, folded, each);
      return found;
    } else {
      return std::array<stretch, 0>{};
    }
  }();
  static constexpr cost costs = cost_of(layers);
  /// Where every value lies in an inference of `Batch` images.
  template <int Batch, class Scalar>
  static constexpr auto plan = plan_inference(folded.layers, Batch, sizeof(Scalar));

  static constexpr feature_shape in = layers.input, out = layers.output_shape(0);  ///< `out`: of the first output, if there are several
  static constexpr std::int64_t macs() { return costs.macs; }
  static constexpr std::int64_t parameter_count() { return costs.parameters(); }
  /// Peak memory of an inference apart from weights.
  template <int Batch = 1, class Scalar = float>
  static constexpr std::size_t arena_bytes() {
    return plan<Batch, Scalar>.arena_bytes;
  }
};

namespace detail {
template <class Space, fixed_string Text>
struct architecture_layers {
  static constexpr architecture<Space> choice = literal_choice<Space, Text>;
  static constexpr int count = [] {
    std::size_t sum = 0;
    for_each_part(choice, [&](part_id part) { sum += shard_entries<Space, 0, 1>[at(part)].layers.size(); });
    return static_cast<int>(sum);
  }();
  static constexpr auto stretches = [] {
    std::array<stretch, static_cast<std::size_t>(stem_layers<Space> + choice.blocks()) + head_facts<Space>.size()> found{};
    std::size_t next = 0;
    int first = 0;
    for_each_part(choice, [&](part_id part) {
      const entry& block = shard_entries<Space, 0, 1>[at(part)];
      found[next++] = {&block, first, static_cast<int>(block.layers.size())};
      first += static_cast<int>(block.layers.size());
    });
    return found;
  }();
  static constexpr auto layers = [] {
    fixed_layers<count> list{.input = Space::image};
    assemble(choice, [&](part_id part, value_id from, value_id second) {
      const entry& block = shard_entries<Space, 0, 1>[at(part)];
      return append_layers(list, block.layers, block.outputs, from, second);
    });
    return list;
  }();
};

/// In place of a network that was refused, so that nothing more is said of it.
struct no_layers {
  static constexpr fixed_layers<0> layers{.input = {1, 1, 1}};
};

template <class Type>
concept IsHead = requires { typename Type::pieces; } && Type::role == space_role::head;
template <auto Spec>
inline constexpr bool is_head = IsHead<std::remove_const_t<decltype(Spec)>>;
/// Whether specs in a row can be lowered as far as their types tell; a head may stand last.
template <auto... Specs>
inline constexpr bool is_row = (((is_head<Specs> || fault_of_value<Specs>() == spec_fault::none)) && ...);

enum class row_fault : std::uint8_t { none, head_alone, head_before, head_searches };
template <auto... Specs>
constexpr row_fault fault_of_row() {
  row_fault found = row_fault::none;
  bool behind = false;
  const auto look = [&]<class Type>(std::type_identity<Type>) {
    if (behind) found = row_fault::head_before;
    if constexpr (IsHead<Type>) {
      behind = true;
      if (Type::searches_widths) found = row_fault::head_searches;
      if (sizeof...(Specs) == 1) found = row_fault::head_alone;
    }
  };
  (look(std::type_identity<std::remove_const_t<decltype(Specs)>>{}), ...);
  return found;
}

/// Specs in a row on their way from an input: the first layer that cannot be, by the number of its spec; or a head that cannot.
struct row_trace {
  lowered_form made{};
  int spec = 0;
  space_fault fault = space_fault::none;
  int stage = 1;
};
template <class Input, auto... Specs>
constexpr row_trace trace_row() {
  row_trace row{.made = {.out = Input::shape}};
  stage_exits exits[sizeof...(Specs) + 1];
  const auto next = [&](const auto& spec) {
    if (row.made.first.fault != layer_fault::none) return;
    if constexpr (IsHead<std::remove_cvref_t<decltype(spec)>>) {
      using pieces = typename std::remove_cvref_t<decltype(spec)>::pieces;
      tracer trace{.exits = exits, .stages = row.spec};
      trace_head<pieces>(trace);
      row.fault = trace.found.fault, row.stage = trace.found.stage;
      if (trace.found.role == space_role::head) row.made = trace.found.made;  // the head could be followed
    } else {
      row.made = trace_of(spec, row.made.out);
      exits[row.spec] = {row.made.out, row.made.out};
    }
    ++row.spec;
  };
  (next(Specs), ...);
  return row;
}
template <class Type>
concept IsInput = requires { { Type::shape } -> std::convertible_to<feature_shape>; };

template <bool Holds, class Given>
consteval bool check_input() {
  static_assert(Holds, "hasse: an input<C, H, W> is needed first, and something else was given (named in this message); write fixed_network<input<3, 32, 32>, conv{.out = 16}, ...>");
  return true;
}
template <row_fault Fault>
consteval bool check_head_of_row() {
  static_assert(Fault != row_fault::head_alone, "hasse: a head of a fixed_network reads what specs before it give, and there are none; write fixed_network<input<3, 32, 32>, conv{.out = 16}, head<...>{}>");
  static_assert(Fault != row_fault::head_before, "hasse: a head stands last in a fixed_network, and this one has something behind it; put the head behind all that it reads");
  static_assert(Fault != row_fault::head_searches, "hasse: a fixed_network has one width everywhere, and its head has a searched<...>; give that layer one width, as fixed_layer<conv{.out = 32, .kernel = 1}>, or write network<space, \"[(64)]+(32)\"> of a search_space");
  return true;
}
template <auto Spec>
consteval bool check_spec_of_row() {
  if constexpr (is_head<Spec>)
    return true;
  else
    return check_specs<Spec>();
}
template <class Input, auto... Specs>
consteval bool check_row() {
  if constexpr (!IsInput<Input>)
    return check_input<false, Input>();
  else if constexpr (!is_row<Specs...>)
    return (check_spec_of_row<Specs>() && ...);
  else if constexpr (constexpr row_fault fault = fault_of_row<Specs...>(); fault != row_fault::none)
    return check_head_of_row<fault>();
  else if constexpr (constexpr row_trace row = trace_row<Input, Specs...>(); row.fault != space_fault::none)
    return check_space<row.fault, from_stage<row.stage>>();
  else
    return check_layer<row.made.first.fault, network_part<row.spec>, refused_type<row.made.first>>();
}
/// Appends the layers of specs in a row; what the head calls stages are the specs before it.
template <auto... Specs, class List>
constexpr void lower_row(List& list) {
  value_id value = 0;
  value_id exits[sizeof...(Specs) + 1]{};
  std::size_t spec = 0;
  const auto next = [&](const auto& each) {
    if constexpr (IsHead<std::remove_cvref_t<decltype(each)>>)
      lower_pieces(layer_builder<List>{list}, value, exits, typename std::remove_cvref_t<decltype(each)>::pieces{});
    else
      value = exits[spec++] = each.lower(layer_builder<List>{list}, value);
  };
  (next(Specs), ...);
}
template <class Input, auto... Specs>
constexpr int row_length() {  // -1: refused
  if constexpr (!IsInput<Input> || !is_row<Specs...>) {
    return -1;
  } else if constexpr (fault_of_row<Specs...>() != row_fault::none) {
    return -1;
  } else {
    constexpr row_trace row = trace_row<Input, Specs...>();
    if (row.made.first.fault != layer_fault::none || row.fault != space_fault::none) return -1;
    layer_trace list(Input::shape);
    lower_row<Specs...>(list);
    return static_cast<int>(list.size());
  }
}
template <int Count, class Input, auto... Specs>
struct row_layers {
  static constexpr auto layers = [] {
    fixed_layers<Count> list{.input = Input::shape};
    lower_row<Specs...>(list);
    return list;
  }();
};
template <class Input, auto... Specs>
struct row_layers<-1, Input, Specs...> : no_layers {};
}  // namespace detail

/// The network of an architecture, as a type. A text that is none of the space's does not compile.
template <class Space, fixed_string Text>
  requires(detail::check_literal<Space, Text>())
struct network : static_network<detail::architecture_layers<Space, Text>> {
  static constexpr architecture<Space> choice = detail::architecture_layers<Space, Text>::choice;
};

/// A network of specs in a row, as a type: fixed_network<input<3, 32, 32>, conv{.out = 16}, basic{.out = 16},
/// global_average_pool{}, linear<10>{}>. A head may stand last, as head<from_stage<1>, ...>{}: what it calls stages are the specs before it,
/// counted from 1.
template <class Input, auto... SpecsInBraces>
  requires(detail::check_row<Input, SpecsInBraces...>())
struct fixed_network : static_network<detail::row_layers<detail::row_length<Input, SpecsInBraces...>(), Input, SpecsInBraces...>> {};

/// A static network bound to a backend. Same use and same bits as inference_network; planning costs nothing at run time.
template <class Net, Backend Engine, int Batch = 1>
class static_inference {
 public:
  using scalar = typename Engine::scalar;
  using parameter = parameter_of<scalar>;

  static_inference(Engine& backend, const parameters<parameter>& source) : bound_(backend, arena_bytes()) { load(source); }

  /// N x H x W x C in the backend's memory, to be written before run(); stays as it is.
  scalar* input() { return bound_.input(); }
  /// Of output `index`, in the order of Net::layers.outputs, from 0.
  const scalar* output(int index) const { return bound_.output(checked_output(Net::layers, index)); }
  const scalar* output() const {
    only_output();
    return bound_.output(0);
  }
  void write_input(std::span<const scalar> images) { bound_.write(images, Batch * Net::in.size()); }
  void read_output(int index, std::span<scalar> answers) const {
    bound_.read(checked_output(Net::layers, index), answers, Batch * Net::layers.output_shape(index).size());
  }
  void read_output(std::span<scalar> answers) const {
    only_output();
    read_output(0, answers);
  }
  void run() { bound_.run(); }
  /// Takes other parameters of the same layout; makes the steps again.
  void load(const parameters<parameter>& source) {
    bound_.bind(Net::folded.layers, plan().offsets, plan().runs, {bodies.all.data(), bodies.count}, Batch,
                fold_weights<parameter>(Net::layers, Net::folded.layers, Net::folded.origins, source));
  }
  static constexpr std::size_t arena_bytes() { return plan().arena_bytes; }
  std::size_t weight_bytes() const { return bound_.weight_bytes(); }

 private:
  static constexpr void only_output() {
    static_assert(Net::layers.output_count() == 1,
                  "hasse: this network has several outputs; say which one is meant: output(0), read_output(0, answers)");
  }

  /// The stretches for which the engine has a body.
  struct chosen {
    std::remove_const_t<decltype(Net::stretches)> all{};
    std::size_t count = 0;
  };
  static constexpr chosen bodies = [] {
    chosen with;
    for (const stretch& each : Net::stretches)
      if (has_body<Engine>(each, fusion::inference)) with.all[with.count++] = each;
    return with;
  }();
  static constexpr auto& plan() {
    if constexpr (bodies.count == 0)
      return Net::template plan<Batch, scalar>;
    else
      return plan_with_bodies<>;
  }
  template <class Folded = decltype(Net::folded.layers)>
  static constexpr auto plan_with_bodies = plan_inference<Folded>(Net::folded.layers, Batch, sizeof(scalar), {bodies.all.data(), bodies.count});

  detail::bound_inference<Engine> bound_;
};

}  // namespace hasse
