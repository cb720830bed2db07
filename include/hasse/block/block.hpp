// A block: the type made from a spec value and an input shape. Its layers, shapes and costs are constants.
// Used by catalogue (one entry per block) and by networks that are written down as a chain of blocks.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>

// First, so that a compiler's sentence is not behind the list of headers that led to it.
#include <hasse/space/refusal.hpp>
#include <hasse/space/search_space.hpp>

#include <hasse/space/cost.hpp>
#include <hasse/space/part_key.hpp>
#include <hasse/space/parts.hpp>
#include <hasse/space/spec.hpp>

namespace hasse {

/// Models Block. `block<basic{.out = 64, .stride = 2}, feature_shape{32, 32, 32}>` is a basic block that reads 32 x 32 x 32; `Second` is
/// what one that joins two values reads besides. A block that its spec cannot make on that shape does not compile.
template <auto SpecInBraces, feature_shape In, feature_shape Second = feature_shape{}>
  requires(detail::check_placed<SpecInBraces, In, Second>())
struct block : placed<SpecInBraces, In, Second> {
  using placed<SpecInBraces, In, Second>::layers;
  static constexpr cost costs = cost_of(layers);
  static constexpr std::int64_t macs = costs.macs, parameters = costs.parameters();

  /// "basic s2 32>64 @32x32": spec, channels, input size.
  static std::string text() { return block::spec.text() + ' ' + place_text(In, Second, block::out); }
};

namespace detail {
template <class Part>
struct block_at;
template <auto SpecValue, feature_shape In, feature_shape Second>
struct block_at<placed<SpecValue, In, Second>> {
  using type = block<SpecValue, In, Second>;
};
}  // namespace detail

/// The block at a part of a space.
template <class Part>
using block_of = typename detail::block_at<Part>::type;

/// What a block must have, one requirement a name, so that a compiler's message is the reason.
template <class Type>
concept HasSpec = Spec<std::remove_const_t<decltype(Type::spec)>>;
template <class Type>
concept HasShapes = requires {
  { Type::in } -> std::convertible_to<feature_shape>;
  { Type::out } -> std::convertible_to<feature_shape>;
};
template <class Type>
concept HasLayers = requires {
  { Type::layers.begin() } -> std::convertible_to<const layer*>;
  { Type::layers.size() } -> std::convertible_to<std::size_t>;
};
template <class Type>
concept Block = HasSpec<Type> && HasShapes<Type> && HasLayers<Type>;

/// The first block gives the shape that the next one reads.
template <class First, class Next>
concept Feeds = std::same_as<map_of<First::out.h, First::out.w, First::out.c>, map_of<Next::in.h, Next::in.w, Next::in.c>>;

}  // namespace hasse
