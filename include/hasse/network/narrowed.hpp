// A static network with other channel counts, and on another input: types made of a type.
// Used by programs that hold what slimming found: `using net = narrowed<resnet18, 64, 32, ...>;`.
#pragma once

#include <array>
#include <type_traits>
#include <utility>

#include <boost/hana/for_each.hpp>

#include <hasse/network/channel_groups.hpp>
#include <hasse/network/static_network.hpp>

namespace hasse {

namespace detail {
template <class Net, int... Counts>
struct narrowed_layers {
  static constexpr auto groups = channel_groups_of(Net::layers);
  static constexpr std::array<int, sizeof...(Counts)> counts{Counts...};
  static constexpr bool keeps_parts = [] {
    for (std::size_t group = 0; group < counts.size() && group < at(groups.size()); ++group)
      if (counts[group] % groups.groups[group].parts != 0) return false;
    return true;
  }();
  static constexpr auto layers = with_channels(Net::layers, groups, counts);
};

enum class narrowed_fault : std::uint8_t { none, no_network, other_number, below_one, no_multiple };

template <class Net, int... Counts>
constexpr narrowed_fault fault_of_counts() {
  if constexpr (!HasLayers<Net>) {
    return narrowed_fault::no_network;
  } else if constexpr (sizeof...(Counts) != static_cast<std::size_t>(channel_groups_of(Net::layers).size())) {
    return narrowed_fault::other_number;
  } else {
    if (!((Counts > 0) && ...)) return narrowed_fault::below_one;
    return narrowed_layers<Net, Counts...>::keeps_parts ? narrowed_fault::none : narrowed_fault::no_multiple;
  }
}
template <class Net>
constexpr int groups_in() {
  if constexpr (HasLayers<Net>)
    return channel_groups_of(Net::layers).size();
  else
    return 0;
}
template <narrowed_fault Fault, class Given, int Groups>
consteval bool check_counts() {
  static_assert(Fault != narrowed_fault::no_network, "hasse: narrowed<net, counts...> takes a network<...> or fixed_network<...>, and something else was given; write narrowed<resnet20, 8, ...>");
  static_assert(Fault != narrowed_fault::other_number, "hasse: narrowed<net, counts...> takes one channel count per channel group of the network, and was given another number of them; `Groups` in this message is how many there are");
  static_assert(Fault != narrowed_fault::below_one, "hasse: every channel count of narrowed<net, counts...> is at least 1, and one of those given is less; leave each group one channel");
  static_assert(Fault != narrowed_fault::no_multiple, "hasse: a grouped convolution of narrowed<net, counts...> needs a multiple of its groups, and was given another number of channels; give it a multiple");
  return true;
}
}  // namespace detail

/// The network with Counts[g] channels in group g, fewer or more than it has: what with_channels makes of a list.
template <class Net, int... Counts>
  requires(detail::check_counts<detail::fault_of_counts<Net, Counts...>(), std::integer_sequence<int, Counts...>, detail::groups_in<Net>()>())
struct narrowed : static_network<std::conditional_t<detail::fault_of_counts<Net, Counts...>() == detail::narrowed_fault::none,
                                                    detail::narrowed_layers<Net, Counts...>, detail::no_layers>> {};

namespace detail {
/// Appends the layers of an architecture, whatever the input of the list is.
template <class List, class Space>
constexpr void lower_architecture(List& list, const architecture<Space>& choice) {
  const layer_builder<List> build{list};
  value_id value = 0;
  const auto append = [&](const auto& spec) { value = spec.lower(build, value); };
  hana::for_each(Space::stem_type::specs, append);
  for_each_block(choice, [&](int stage, int position, int option) {
    int index = 0;
    hana::for_each(Space::stage_types, [&](auto type) {
      if (index++ != stage) return;
      auto spec = decltype(type)::type::spec;
      spec.out = decltype(type)::type::widths::values[at(option)];
      if (position > 0) spec.stride = 1;
      append(spec);
    });
  });
  hana::for_each(Space::head_type::specs, append);
}

template <class Space, fixed_string Text, class Input>
struct architecture_layers_at {
  static constexpr refused_layer first = [] {
    layer_trace trace(Input::shape);
    lower_architecture(trace, architecture_layers<Space, Text>::choice);
    return trace.first();
  }();
  static constexpr bool is_sound = first.fault == layer_fault::none;
  static constexpr auto layers = [] {
    fixed_layers<is_sound ? architecture_layers<Space, Text>::count : 0> list{.input = Input::shape};
    if constexpr (is_sound) lower_architecture(list, architecture_layers<Space, Text>::choice);
    return list;
  }();
};

template <class Net, class Input>
struct with_input {
  using is_refused = void;
  using type = static_network<no_layers>;
};
template <class From, class Input, auto... Specs>
struct with_input<fixed_network<From, Specs...>, Input> {
  using type = fixed_network<Input, Specs...>;
};
template <class Space, fixed_string Text, class Input>
struct with_input<network<Space, Text>, Input> {
  using listed = architecture_layers_at<Space, Text, Input>;
  static_assert(check_layer<listed::first.fault, Input, refused_type<listed::first>>());
  using type = static_network<listed>;
};
template <bool Holds, class Given>
consteval bool check_has_input() {
  static_assert(Holds, "hasse: at_input<net, input<C, H, W>> takes a network<...> or fixed_network<...>, and something else was given (named in this message); name the network that was made of such a one");
  return true;
}
template <class Net, class Input>
  requires(check_has_input<!Refused<with_input<Net, Input>>, Net>() && check_input<IsInput<Input>, Input>())
struct on_input : with_input<Net, Input> {};
}  // namespace detail

/// A network of specs, or an architecture of a space, on another input: at_input<resnet18, input<3, 64, 64>>.
template <class Net, class Input>
using at_input = typename detail::on_input<Net, Input>::type;

}  // namespace hasse
