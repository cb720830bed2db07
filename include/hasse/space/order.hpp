// The partial order: which architectures are certainly not more accurate, and not slower, than others.
// Used by search (pruning), the reports, and the static_asserts of user code. Laws: tests/laws; the why: docs/explanation/order.md.
#pragma once

#include <span>

#include <hasse/space/architecture.hpp>

namespace hasse {

/// An architecture as bytes such that the order is "every byte at most the other's": one vector comparison.
template <class Space>
struct alignas(16) order_signature {
  /// Where the widths that the head searches begin.
  static constexpr std::size_t head = [] {
    std::size_t bytes = static_cast<std::size_t>(Space::stages);
    for (const stage_facts& stage : Space::facts) bytes += static_cast<std::size_t>(stage.width_count);
    return bytes;
  }();
  static constexpr std::size_t size = (head + Space::head_widths.size() + 15) / 16 * 16;
  std::array<std::uint8_t, size> bytes{};

  friend constexpr bool operator==(const order_signature&, const order_signature&) = default;
  /// True when every byte is at most the other's.
  constexpr bool below(const order_signature& other) const {
    std::uint8_t above = 0;
    for (std::size_t at = 0; at < size; ++at) above |= static_cast<std::uint8_t>(bytes[at] > other.bytes[at]);
    return above == 0;
  }
};

/// What an order policy offers: a signature per architecture.
template <class Type, class Space>
concept OrderPolicy = std::default_initializable<Type> && requires(const Type& order, const architecture<Space>& choice) {
  { order.signature(choice) } -> std::same_as<order_signature<Space>>;
  { order.name } -> std::convertible_to<std::string_view>;
};

/// What an order offers so that what precedes an architecture is counted without listing it: the order compares stage by stage, and in
/// a stage of as many blocks as `bound` is long, x precedes `top` (width options, front to back) exactly if no block of x is wider than
/// `bound` says, which the order writes. False: no stage of that depth precedes. No width that the head searches may be larger, either.
template <class Type>
concept BoundsStages = requires(const Type& order, std::span<const std::uint8_t> top, std::span<std::uint8_t> bound) {
  { order.bound(top, bound) } -> std::same_as<bool>;
};

/// A step up: one block, or a width that the head searches, wider; a copy of a block beside it; a narrower block in front of a stage.
enum class order_step : std::uint8_t { widen, duplicate, put_before };

/// What an order offers so that a latency table is compared with it: the order is the closure of the steps that it takes.
template <class Type>
concept NamesSteps = requires(const Type& order, order_step step) {
  { order.takes(step) } -> std::same_as<bool>;
};

/// x can be embedded block by block into y: in each stage, for every width, x has at most as many blocks at least that wide; and no width
/// that the head searches is larger.
/// (Stages are Young diagrams; right-aligned comparison and these counts say the same.)
struct embedding_order {
  static constexpr std::string_view name = "embedding";

  template <class Space>
  static constexpr order_signature<Space> signature(const architecture<Space>& choice) {
    order_signature<Space> result;
    std::array<std::size_t, static_cast<std::size_t>(Space::stages)> start{};
    std::size_t next = static_cast<std::size_t>(Space::stages);
    for (std::size_t stage = 0; stage < start.size(); ++stage) start[stage] = next, next += static_cast<std::size_t>(Space::facts[stage].width_count);
    for_each_block(choice, [&](int stage, int, int option) {
      for (int at = 0; at <= option; ++at) ++result.bytes[start[static_cast<std::size_t>(stage)] + static_cast<std::size_t>(at)];
    });
    for (std::size_t which = 0; which < choice.head.size(); ++which) result.bytes[next + which] = choice.head[which];
    return result;
  }

  static constexpr bool takes(order_step) { return true; }

  /// Aligned at the right.
  static bool bound(std::span<const std::uint8_t> top, std::span<std::uint8_t> bound) {
    if (bound.size() > top.size()) return false;
    std::ranges::copy(top.last(bound.size()), bound.begin());
    return true;
  }
};

/// y is reachable from x by widening a block or duplicating a block (the relation of Partial Order Pruning): embedding, and in each
/// stage the first block of y is at least as wide as that of x. The default order.
struct strict_order {
  static constexpr std::string_view name = "strict";

  template <class Space>
  static constexpr order_signature<Space> signature(const architecture<Space>& choice) {
    order_signature<Space> result = embedding_order::signature(choice);
    for_each_block(choice, [&](int stage, int position, int option) {
      if (position == 0) result.bytes[static_cast<std::size_t>(stage)] = static_cast<std::uint8_t>(option);
    });
    return result;
  }

  static constexpr bool takes(order_step step) { return step != order_step::put_before; }

  /// Aligned at the right, and the first block at most as wide as the first one of `top`.
  static bool bound(std::span<const std::uint8_t> top, std::span<std::uint8_t> bound) {
    if (!embedding_order::bound(top, bound)) return false;
    bound[0] = std::min(bound[0], top[0]);
    return true;
  }
};

/// Either of the two, chosen at run time: what a program reads from its command line. Another name is refused.
struct chosen_order {
  std::string_view name = strict_order::name;

  constexpr chosen_order() = default;
  explicit constexpr chosen_order(std::string_view wanted) : name(wanted == embedding_order::name ? embedding_order::name : strict_order::name) {
    if (wanted != name) throw error("there is no order '" + std::string(wanted) + "'; choose strict or embedding");
  }

  template <class Space>
  constexpr order_signature<Space> signature(const architecture<Space>& choice) const {
    return name == embedding_order::name ? embedding_order::signature(choice) : strict_order::signature(choice);
  }
  constexpr bool takes(order_step step) const { return name == embedding_order::name ? embedding_order::takes(step) : strict_order::takes(step); }
  bool bound(std::span<const std::uint8_t> top, std::span<std::uint8_t> bound) const {
    return name == embedding_order::name ? embedding_order::bound(top, bound) : strict_order::bound(top, bound);
  }
};

namespace detail {
template <class One, class Other>
consteval bool check_one_space() {
  static_assert(std::is_same_v<One, Other>, "hasse: precedes compares architectures of one space, and these are of two (named in this message); parse both texts in one of them, or in a space that has both");
  return true;
}
}  // namespace detail

/// x <= y in the order (reflexive): `precedes(x, y)`, `precedes<space, embedding_order>(x, y)`, or with literals.
template <class Space, class Order = strict_order>
constexpr bool precedes(const architecture<Space>& x, const architecture<Space>& y) {
  return Order{}.signature(x).below(Order{}.signature(y));
}
template <class Space, class Order = strict_order, class Other>
  requires(!std::is_same_v<Space, Other> && detail::check_one_space<Space, Other>())
constexpr bool precedes(const architecture<Space>&, const architecture<Other>&) {
  return false;
}
template <class Space, class Order = strict_order, fixed_string X, fixed_string Y>
  requires(detail::check_literal<Space, X>() && detail::check_literal<Space, Y>())
constexpr bool precedes(architecture_literal<X> x, architecture_literal<Y> y) {
  return precedes<detail::checked_space<Space>, Order>(parse<Space>(x), parse<Space>(y));
}

}  // namespace hasse
