// One network of a gated_space as a type: the choice is its template arguments.
// Used by programs that hold what a search found, and by constants such as its MACs.
#pragma once

#include <array>
#include <cstddef>
#include <span>

#include <boost/hana/for_each.hpp>

#include <hasse/network/static_network.hpp>
#include <hasse/space/gated_space.hpp>

namespace hasse {

namespace detail {
template <class Space>
inline constexpr int mixed_blocks = [] {
  int sum = 0;
  hana::for_each(Space::body_types, [&](auto part) {
    using type = typename decltype(part)::type;
    if constexpr (type::role == space_role::mixed) sum += type::shape.blocks;
  });
  return sum;
}();

template <class Space>
inline constexpr std::size_t mixed_stages = [] {
  std::size_t sum = 0;
  hana::for_each(Space::body_types, [&](auto part) { sum += decltype(part)::type::role == space_role::mixed; });
  return sum;
}();

/// Appends the layers of a choice; false where a number names nothing that its block offers.
template <class Space, class List>
constexpr bool lower_choice(List& list, std::span<const int> choice) {
  const layer_builder<List> build{list};
  value_id value = 0;
  std::size_t block = 0;
  bool found = true;
  std::array<value_id, mixed_stages<Space>> exits{};
  std::size_t stage = 0;
  const auto append = [&](const auto& spec) { value = spec.lower(build, value); };
  hana::for_each(Space::stem_type::specs, append);
  hana::for_each(Space::body_types, [&](auto part) {
    using type = typename decltype(part)::type;
    if constexpr (type::role == space_role::mixed) {
      for (int place = 0; place < type::shape.blocks; ++place, ++block) {
        const int out = type::shape.out, stride = place == 0 ? type::shape.stride : 1;
        const feature_shape in = build.shape_of(value);
        int index = 0;
        bool here = false;
        hana::for_each(type::choices::specs, [&]<class Type>(Type spec) {
          if (!is_offered<Type>(in, out, stride) || index++ != choice[block]) return;
          spec.out = out, spec.stride = stride, here = true;
          append(spec);
        });
        found = found && here;
      }
      exits[stage++] = value;
    } else {
      hana::for_each(type::specs, append);
    }
  });
  lower_pieces(build, value, exits.data(), typename Space::head_type::pieces{});
  return found;
}

template <class Space, int... Candidate>
struct choice_layers {
  static constexpr std::array<int, sizeof...(Candidate)> choice{Candidate...};
  struct counted {
    int layers = 0;
    bool found = true;
  };
  static constexpr counted count = [] {
    layer_trace list(Space::image);
    if (choice.size() != mixed_blocks<Space>) return counted{};
    const bool found = lower_choice<Space>(list, choice);
    return counted{static_cast<int>(list.size()), found};
  }();
  static constexpr auto layers = [] {
    fixed_layers<count.found ? count.layers : 0> list{.input = Space::image};
    if constexpr (count.found && count.layers > 0) lower_choice<Space>(list, choice);
    return list;
  }();
};

enum class choice_fault : std::uint8_t { none, no_gated_space, other_number, not_offered };

template <class Space, int... Candidate>
constexpr choice_fault fault_of_choice() {
  if constexpr (!requires { Space::body_types; })
    return choice_fault::no_gated_space;
  else if constexpr (sizeof...(Candidate) != mixed_blocks<Space>)
    return choice_fault::other_number;
  else
    return choice_layers<Space, Candidate...>::count.found ? choice_fault::none : choice_fault::not_offered;
}
template <choice_fault Fault, class Given, int Blocks>
consteval bool check_choice() {
  static_assert(Fault != choice_fault::no_gated_space, "hasse: gated_choice<space, candidates...> takes a gated_space<...>, and something else was given (named in this message); an architecture of a search_space is network<space, \"[(32),(64)]\">");
  static_assert(Fault != choice_fault::other_number, "hasse: gated_choice<space, candidates...> takes one candidate per block of the mixed stages, front to back, and was given another number of them; `Blocks` in this message is how many there are");
  static_assert(Fault != choice_fault::not_offered, "hasse: a candidate of gated_choice<space, candidates...> is not one of its block's; count them from 0, and zero only where it is offered: stride 1, equal channels");
  return true;
}
template <class Space>
constexpr int blocks_to_choose() {
  if constexpr (requires { Space::body_types; })
    return mixed_blocks<Space>;
  else
    return 0;
}
}  // namespace detail

/// gated_choice<space, 2, 0, 6>: in the first mixed block the third candidate that it offers, and so on. The same network as the
/// path of these numbers in gated_list_of<space>().
template <class Space, int... Candidate>
  requires(detail::check_choice<detail::fault_of_choice<Space, Candidate...>(), std::integer_sequence<int, Candidate...>, detail::blocks_to_choose<Space>()>())
struct gated_choice : static_network<std::conditional_t<detail::fault_of_choice<Space, Candidate...>() == detail::choice_fault::none,
                                                        detail::choice_layers<Space, Candidate...>, detail::no_layers>> {};

}  // namespace hasse
