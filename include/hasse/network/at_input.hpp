// A static network on another input, or with another number of classes: a type made of a type.
// Used by network/named.hpp, and by programs that hold a network which was found at another size.
#pragma once

#include <hasse/network/static_network.hpp>
#include <hasse/space/classes.hpp>

namespace hasse {

namespace detail {
/// Appends the layers of a part, whatever the shapes that it reads.
template <class Part, class List>
constexpr value_id lower_part(layer_builder<List> build, value_id from, value_id second) {
  if constexpr (Part::second.c > 0)
    return Part::spec.lower(build, from, second);
  else
    return Part::spec.lower(build, from);
}
/// Appends the layers of an architecture, whatever the input of the list is.
template <class List, class Space>
constexpr void lower_architecture(List& list, const architecture<Space>& choice) {
  assemble(choice, [&](part_id part, value_id from, value_id second) {
    value_id made = from;
    [&]<std::size_t... Id>(std::index_sequence<Id...>) {
      static_cast<void>(((static_cast<int>(Id) == part && (made = lower_part<part_t<Space, static_cast<int>(Id)>>(layer_builder<List>{list}, from, second), true)) || ...));
    }(std::make_index_sequence<static_cast<std::size_t>(part_count<Space>)>{});
    return made;
  });
}

template <class Space, fixed_string Text, class Input>
struct architecture_layers_at {
  struct traced {
    refused_layer first{};
    int count = 0;  ///< on another input a spec may have another number of layers
  };
  static constexpr traced all = [] {
    layer_trace trace(Input::shape);
    lower_architecture(trace, architecture_layers<Space, Text>::choice);
    return traced{trace.first(), static_cast<int>(trace.size())};
  }();
  static constexpr refused_layer first = all.first;
  static constexpr bool is_sound = first.fault == layer_fault::none;
  static constexpr auto layers = [] {
    fixed_layers<is_sound ? all.count : 0> list{.input = Input::shape};
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

namespace detail {
template <class Net>
constexpr bool takes_classes() {
  if constexpr (requires { Net::layers.items; }) {
    auto list = Net::layers;
    return set_classes(list, 2);
  } else {
    return false;
  }
}
template <bool Holds, class Given, int Classes>
consteval bool check_classes() {
  static_assert(Classes >= 1, "hasse: at_classes<net, N> needs one class at least");
  static_assert(Holds, "hasse: at_classes<net, N> takes a network whose last layer with weights is a linear layer or a convolution, and something else was given (named in this message); name a network that tells classes apart");
  return true;
}
template <class Net, int Classes>
struct layers_at_classes {
  static constexpr auto layers = [] {
    auto list = Net::layers;
    set_classes(list, Classes);
    return list;
  }();
};
}  // namespace detail

/// A network with another number of classes: at_classes<resnet18, 37>. Its last linear layer, or convolution, gives so many numbers.
template <class Net, int Classes>
  requires(detail::check_classes<detail::takes_classes<Net>(), Net, Classes>())
using at_classes = static_network<detail::layers_at_classes<Net, Classes>>;

}  // namespace hasse
