// A search space whose layers choose their block, as a type: input, stem, stages that offer several blocks per layer, and head.
// Used by network/gated.hpp, which lowers it to the supernet that is searched.
#pragma once

#include <array>
#include <type_traits>

#include <boost/hana/for_each.hpp>

#include <hasse/space/mobile.hpp>
#include <hasse/space/parts.hpp>
#include <hasse/space/search_space.hpp>

namespace hasse {

/// Blocks of one width in a row; the first has the stride, the others stride 1.
struct stage_shape {
  int out = 0, blocks = 1, stride = 1;
  friend constexpr bool operator==(const stage_shape&, const stage_shape&) = default;
};

namespace detail {
/// False when two of the values are of one type and equal.
template <class... Specs>
constexpr bool all_differ(const Specs&... specs) {
  const auto equal = []<class First, class Second>(const First& first, const Second& second) {
    if constexpr (std::is_same_v<First, Second>)
      return first == second;
    else
      return false;
  };
  const auto times = [&](const auto& one) { return (int{equal(one, specs)} + ... + 0); };
  return ((times(specs) == 1) && ...);
}
template <class Type>
constexpr bool leaves_width_alone(const Type& spec) {
  if constexpr (StageSpec<Type>)
    return spec.out == 0;
  else
    return true;
}
template <class Type>
constexpr bool leaves_stride_alone(const Type& spec) {
  if constexpr (StageSpec<Type>)
    return spec.stride == 1;
  else
    return true;
}
}  // namespace detail

/// What each layer of a stage may be: choices<mbconv{.kernel = 3, .expand = 3}, mbconv{.kernel = 5, .expand = 6}, zero{}>.
/// `zero` (the block is its shortcut: one layer less) is offered where there is a shortcut, to blocks of stride 1 and equal
/// channels.
template <auto... Specs>
struct choices {
  static_assert(
      (StageSpec<std::remove_const_t<decltype(Specs)>> && ...),
      "hasse: choices<...> takes specs with members out and stride, such as mbconv{.kernel = 5, .expand = 3}, and zero{}");
  static_assert((detail::leaves_width_alone(Specs) && ...), "hasse: a mixed_stage sets the width of its blocks; leave .out of its choices alone");
  static_assert((detail::leaves_stride_alone(Specs) && ...), "hasse: a mixed_stage sets the stride of its blocks; leave .stride of its choices alone");
  static_assert((!std::is_same_v<std::remove_const_t<decltype(Specs)>, zero> || ...),
                "hasse: choices<...> needs at least one block besides zero");
  static_assert(sizeof...(Specs) <= 64, "hasse: choices<...> takes at most 64 blocks");
  static_assert(detail::all_differ(Specs...), "hasse: choices<...> lists the same block twice");
  static constexpr auto specs = hana::tuple<std::remove_const_t<decltype(Specs)>...>{Specs...};
};

/// Layers that each choose one of the blocks: mixed_stage<mobile_choices, stage_shape{.out = 40, .blocks = 4, .stride = 2}>.
template <class Choices, stage_shape Shape>
struct mixed_stage {
  static_assert(Shape.out >= 1, "hasse: a mixed_stage needs the width of its blocks: stage_shape{.out = 40}");
  static_assert(Shape.blocks >= 1 && Shape.blocks <= 64, "hasse: a mixed_stage has one to 64 blocks");
  static_assert(Shape.stride >= 1, "hasse: a stage's stride must be at least 1");
  static constexpr space_role role = space_role::mixed;
  static constexpr stage_shape shape = Shape;
  using choices = Choices;
};

/// Layers behind or between mixed stages that are the same in every network: fixed_layer<conv{.out = 1280, .kernel = 1}>.
template <auto... Specs>
struct fixed_layer {
  static_assert((Spec<std::remove_const_t<decltype(Specs)>> && ...),
                "hasse: fixed_layer<...> takes spec values such as conv{.out = 1280, .kernel = 1}");
  static constexpr space_role role = space_role::fixed;
  static constexpr auto specs = hana::tuple<std::remove_const_t<decltype(Specs)>...>{Specs...};
};

namespace detail {
/// What `specs` in a row make of a shape.
template <class Specs>
constexpr feature_shape shape_after(const Specs& specs, feature_shape in) {
  hana::for_each(specs, [&](const auto& spec) {
    const auto layers = layers_of(spec, in);
    in = layers.shape_of(layers.count);
  });
  return in;
}

/// Zero is the one choice that is not offered everywhere: it needs a shortcut.
template <class Type>
constexpr bool is_offered(feature_shape in, int out, int stride) {
  return !std::is_same_v<Type, zero> || (stride == 1 && in.c == out);
}

/// What a block of a mixed stage writes; no channels at all when its candidates disagree.
template <class Choices>
constexpr feature_shape mixed_shape(feature_shape in, int out, int stride) {
  feature_shape found{};
  bool agree = true;
  hana::for_each(Choices::specs, [&]<class Type>(Type spec) {
    if (!is_offered<Type>(in, out, stride)) return;
    spec.out = out, spec.stride = stride;
    const auto layers = layers_of(spec, in);
    const feature_shape own = layers.shape_of(layers.count);
    agree = agree && (found == feature_shape{} || found == own);
    found = own;
  });
  return agree ? found : feature_shape{found.h, found.w, 0};
}

template <class Part>
constexpr feature_shape shape_behind(feature_shape in) {
  if constexpr (Part::role == space_role::mixed) {
    constexpr stage_shape form = Part::shape;
    in = mixed_shape<typename Part::choices>(in, form.out, form.stride);
    return form.blocks > 1 && in.size() > 0 ? mixed_shape<typename Part::choices>(in, form.out, 1) : in;
  } else {
    return shape_after(Part::specs, in);
  }
}
}  // namespace detail

/// The supernet that the parts describe. Stages stand in the order in which they are listed, fixed layers among them.
template <class... Parts>
struct gated_space {
 private:
  template <space_role Role>
  using with_role = std::remove_const_t<decltype(detail::parts_with_role<Role, Parts...>)>;
  template <space_role Role>
  static constexpr int count = static_cast<int>(decltype(hana::length(with_role<Role>{}))::value);
  static_assert(count<space_role::input> == 1, "hasse: a gated_space needs exactly one input<C, H, W>");
  static_assert(count<space_role::stem> == 1, "hasse: a gated_space needs exactly one stem<...>");
  static_assert(count<space_role::head> == 1, "hasse: a gated_space needs exactly one head<...>");
  static_assert(count<space_role::mixed> >= 1, "hasse: a gated_space needs at least one mixed_stage<...>");
  static_assert(count<space_role::stage> + count<space_role::limit> == 0,
                "hasse: a gated_space chooses blocks with mixed_stage<...>; stage<...> and total_depth<...> make a search_space");

 public:
  using input_type = typename decltype(+with_role<space_role::input>{}[hana::size_c<0>])::type;
  using stem_type = typename decltype(+with_role<space_role::stem>{}[hana::size_c<0>])::type;
  using head_type = typename decltype(+with_role<space_role::head>{}[hana::size_c<0>])::type;
  /// Mixed stages and fixed layers: hana::tuple of hana::type.
  static constexpr auto body_types = hana::filter(hana::tuple_t<Parts...>, [](auto part) {
    constexpr space_role role = decltype(part)::type::role;
    return hana::bool_c < role == space_role::mixed || role == space_role::fixed > ;
  });

  static constexpr feature_shape image = input_type::shape;
  /// What the head reads.
  static constexpr feature_shape features = [] {
    feature_shape shape = detail::shape_after(stem_type::specs, image);
    hana::for_each(body_types, [&](auto part) {
      if (shape.size() > 0) shape = detail::shape_behind<typename decltype(part)::type>(shape);
    });
    return shape;
  }();
  static_assert(features.c > 0, "hasse: the choices of a mixed_stage must have one output shape; these write different ones");
  static_assert(features.c <= 0 || features.size() > 0, "hasse: nothing is left of the image before the head; give a larger input or fewer strides");
};

}  // namespace hasse
