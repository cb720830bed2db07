// A search space as a type: input, stem, stages and head. The stages' facts are constants that ordinary loops read.
// Used by architecture, parts, order, count and every later stage as the template parameter `Space`.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include <boost/hana/at.hpp>
#include <boost/hana/filter.hpp>
#include <boost/hana/integral_constant.hpp>
#include <boost/hana/length.hpp>
#include <boost/hana/tuple.hpp>
#include <boost/hana/type.hpp>
#include <boost/hana/unpack.hpp>

#include <hasse/space/spec.hpp>

namespace hasse {

namespace hana = boost::hana;

/// What a part of a search space is for.
enum class space_role : std::uint8_t { input, stem, stage, head, limit, mixed, fixed };

/// Channels, height, width of the images (written as the papers do: C x H x W).
template <int C, int H, int W>
struct input {
  static_assert(C > 0 && H > 0 && W > 0, "hasse: input<C, H, W> needs positive sizes, for instance input<3, 224, 224>");
  static constexpr space_role role = space_role::input;
  static constexpr feature_shape shape{H, W, C};
};

/// The widths (output channels) that a stage's blocks may have, in increasing order.
template <int... Width>
struct widths {
  static constexpr std::array<int, sizeof...(Width)> values{Width...};
  static_assert(sizeof...(Width) >= 1 && sizeof...(Width) <= 16, "hasse: widths<...> needs one to sixteen widths");
  static_assert(std::ranges::is_sorted(values, std::ranges::less_equal{}) || sizeof...(Width) == 1,
                "hasse: widths<...> must increase from left to right, for instance widths<32, 64, 128>");
  static_assert(((Width > 0) && ...), "hasse: widths<...> must be positive");
};

/// How many blocks a stage may have.
template <int Least, int Most>
struct depth {
  static_assert(1 <= Least && Least <= Most && Most <= 64, "hasse: depth<Least, Most> needs 1 <= Least <= Most <= 64");
  static constexpr int least = Least, most = Most;
};

/// Layers before the searched stages, the same in every architecture: stem<conv{.out = 32, .stride = 2}>.
template <auto... Specs>
struct stem {
  static_assert((Spec<std::remove_const_t<decltype(Specs)>> && ...), "hasse: stem<...> takes spec values such as conv{.out = 32}");
  static constexpr space_role role = space_role::stem;
  static constexpr auto specs = hana::tuple<std::remove_const_t<decltype(Specs)>...>{Specs...};
};

/// Blocks of one kind, repeated: the first has the spec's stride, the others stride 1; each has one of the widths.
template <auto BlockSpec, class Widths, class Depth>
struct stage {
  using spec_type = std::remove_const_t<decltype(BlockSpec)>;
  static_assert(StageSpec<spec_type>, "hasse: stage<...> takes a spec with members out and stride, such as basic{.stride = 2}");
  static_assert(BlockSpec.out == 0, "hasse: a stage sets the width of its blocks; leave .out of its spec at 0 and list widths<...>");
  static_assert(BlockSpec.stride >= 1, "hasse: a stage's stride must be at least 1");
  static constexpr space_role role = space_role::stage;
  static constexpr spec_type spec = BlockSpec;
  using widths = Widths;
  using depth = Depth;
};

/// Layers after the searched stages: head<global_average_pool, linear<10>>.
template <class... Specs>
struct head {
  static_assert((Spec<Specs> && ...), "hasse: head<...> takes spec types such as global_average_pool and linear<10>");
  static constexpr space_role role = space_role::head;
  static constexpr auto specs = hana::tuple<Specs...>{};
};

/// Optional: bounds on the number of blocks of all stages together.
template <int Least, int Most>
struct total_depth {
  static_assert(1 <= Least && Least <= Most && Most <= 255, "hasse: total_depth<Least, Most> needs 1 <= Least <= Most <= 255");
  static constexpr space_role role = space_role::limit;
  static constexpr int least = Least, most = Most;
};

/// One stage's choices as numbers.
struct stage_facts {
  std::array<int, 16> widths{};
  int width_count = 0, least_depth = 0, most_depth = 0;
  constexpr int option_of(int width) const {
    for (int option = 0; option < width_count; ++option)
      if (widths[static_cast<std::size_t>(option)] == width) return option;
    return -1;
  }
};

namespace detail {
template <space_role Role, class... Parts>
inline constexpr auto parts_with_role =
    hana::filter(hana::tuple_t<Parts...>, [](auto part) { return hana::bool_c<decltype(part)::type::role == Role>; });

template <class Stage>
constexpr stage_facts facts_of() {
  stage_facts facts{.width_count = static_cast<int>(Stage::widths::values.size()), .least_depth = Stage::depth::least, .most_depth = Stage::depth::most};
  std::ranges::copy(Stage::widths::values, facts.widths.begin());
  return facts;
}
}  // namespace detail

/// The space of all architectures that the parts allow. Widths never decrease from block to block, across stages too.
/// Example: examples/01_space.cpp.
template <class... Parts>
struct search_space {
 private:
  template <space_role Role>
  using with_role = std::remove_const_t<decltype(detail::parts_with_role<Role, Parts...>)>;
  template <space_role Role>
  static constexpr int count = static_cast<int>(decltype(hana::length(with_role<Role>{}))::value);
  static_assert(count<space_role::input> == 1, "hasse: a search_space needs exactly one input<C, H, W>");
  static_assert(count<space_role::stem> == 1, "hasse: a search_space needs exactly one stem<...>");
  static_assert(count<space_role::head> == 1, "hasse: a search_space needs exactly one head<...>");
  static_assert(count<space_role::stage> >= 1, "hasse: a search_space needs at least one stage<...>");
  static_assert(count<space_role::limit> <= 1, "hasse: a search_space takes at most one total_depth<...>");
  static_assert(count<space_role::mixed> + count<space_role::fixed> == 0,
                "hasse: a search_space searches widths and depths with stage<...>; mixed_stage<...> and fixed_layer<...> make a gated_space");

 public:
  using input_type = typename decltype(+with_role<space_role::input>{}[hana::size_c<0>])::type;
  using stem_type = typename decltype(+with_role<space_role::stem>{}[hana::size_c<0>])::type;
  using head_type = typename decltype(+with_role<space_role::head>{}[hana::size_c<0>])::type;
  static constexpr with_role<space_role::stage> stage_types{};  ///< hana::tuple of hana::type: walk it with hana::for_each
  static constexpr int stages = count<space_role::stage>;
  template <int Index>
  using stage_type = typename decltype(+stage_types[hana::size_c<Index>])::type;

  static constexpr feature_shape image = input_type::shape;

  /// The stages' choices, front to back.
  static constexpr std::array<stage_facts, static_cast<std::size_t>(stages)> facts = hana::unpack(stage_types, [](auto... stage) {
    return std::array<stage_facts, sizeof...(stage)>{detail::facts_of<typename decltype(stage)::type>()...};
  });

  static constexpr int least_blocks = [] {
    int sum = 0, limit = 0;
    for (const stage_facts& stage : facts) sum += stage.least_depth;
    hana::unpack(with_role<space_role::limit>{}, [&](auto... part) { ((limit = decltype(part)::type::least), ...); });
    return std::max(sum, limit);
  }();
  static constexpr int most_blocks = [] {
    int sum = 0, limit = 255;
    for (const stage_facts& stage : facts) sum += stage.most_depth;
    hana::unpack(with_role<space_role::limit>{}, [&](auto... part) { ((limit = decltype(part)::type::most), ...); });
    return std::min(sum, limit);
  }();
  static_assert(least_blocks <= most_blocks, "hasse: total_depth<...> leaves no architecture: the stages' own depths exceed it");
};

}  // namespace hasse
