// A static network with other channel counts: a type made of a type.
// Used by programs that hold what slimming found: `using net = narrowed<resnet18, 64, 32, ...>;`.
#pragma once

#include <array>
#include <type_traits>
#include <utility>

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

}  // namespace hasse
