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

/// Appends the layers of a choice; false where a number names nothing that its block offers.
template <class Space, class List>
constexpr bool lower_choice(List& list, std::span<const int> choice) {
  const layer_builder<List> build{list};
  value_id value = 0;
  std::size_t block = 0;
  bool found = true;
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
    } else {
      hana::for_each(type::specs, append);
    }
  });
  hana::for_each(Space::head_type::specs, append);
  return found;
}

template <class Space, int... Candidate>
struct choice_layers {
  static_assert(sizeof...(Candidate) == mixed_blocks<Space>,
                "hasse: gated_choice<space, candidates...> takes one candidate per block of the mixed stages, front to back");
  static constexpr std::array<int, sizeof...(Candidate)> choice{Candidate...};
  struct counted {
    int layers = 0;
    bool found = true;
  };
  static constexpr counted count = [] {
    fixed_layers<1024> list{.input = Space::image};
    if (choice.size() != mixed_blocks<Space>) return counted{};
    const bool found = lower_choice<Space>(list, choice);
    return counted{list.count, found};
  }();
  static_assert(
      count.found,
      "hasse: a candidate of gated_choice<space, candidates...> is not one of its block's; count them from 0, and zero only "
      "where it is offered");
  static constexpr auto layers = [] {
    fixed_layers<count.layers> list{.input = Space::image};
    if (count.layers > 0) lower_choice<Space>(list, choice);
    return list;
  }();
};
}  // namespace detail

/// gated_choice<space, 2, 0, 6>: in the first mixed block the third candidate that it offers, and so on. The same network as the
/// path of these numbers in gated_list_of<space>().
template <class Space, int... Candidate>
struct gated_choice : static_network<detail::choice_layers<Space, Candidate...>> {};

}  // namespace hasse
