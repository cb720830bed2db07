// A static network with other channel counts, and on another input: types made of a type.
// Used by programs that hold what slimming found: `using net = narrowed<resnet18, 64, 32, ...>;`.
#pragma once

#include <array>

#include <boost/hana/for_each.hpp>

#include <hasse/network/channel_groups.hpp>
#include <hasse/network/static_network.hpp>

namespace hasse {

namespace detail {
template <class Net, int... Counts>
struct narrowed_layers {
  static constexpr auto groups = channel_groups_of(Net::layers);
  static_assert(sizeof...(Counts) == groups.size(),
                "hasse: narrowed<net, counts...> takes one channel count per channel group of the network; "
                "channel_groups_of(net::layers).size() says how many there are");
  static_assert(((Counts > 0) && ...), "hasse: every channel count of narrowed<net, counts...> is at least 1");
  static constexpr std::array<int, sizeof...(Counts)> counts{Counts...};
  static constexpr bool keeps_parts = [] {
    for (std::size_t group = 0; group < counts.size() && group < at(groups.size()); ++group)
      if (counts[group] % groups.groups[group].parts != 0) return false;
    return true;
  }();
  static_assert(keeps_parts, "hasse: a grouped convolution of narrowed<net, counts...> needs a multiple of its groups");
  static constexpr auto layers = with_channels(Net::layers, groups, counts);
};
}  // namespace detail

/// The network with Counts[g] channels in group g, fewer or more than it has: what with_channels makes of a list.
template <class Net, int... Counts>
struct narrowed : static_network<detail::narrowed_layers<Net, Counts...>> {};

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
  static constexpr auto layers = [] {
    fixed_layers<architecture_layers<Space, Text>::count> list{.input = Input::shape};
    lower_architecture(list, architecture_layers<Space, Text>::choice);
    return list;
  }();
};

template <class Net, class Input>
struct with_input;
template <class From, class Input, auto... Specs>
struct with_input<fixed_network<From, Specs...>, Input> {
  using type = fixed_network<Input, Specs...>;
};
template <class Space, fixed_string Text, class Input>
struct with_input<network<Space, Text>, Input> {
  using type = static_network<architecture_layers_at<Space, Text, Input>>;
};
}  // namespace detail

/// A network of specs, or an architecture of a space, on another input: at_input<resnet18, input<3, 64, 64>>.
template <class Net, class Input>
using at_input = typename detail::with_input<Net, Input>::type;

}  // namespace hasse
