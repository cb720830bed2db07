// The laws of an order of a space, for whoever claims one: the compiler checks a few samples, a test thousands.
// Used by tests and by static_asserts of user code: examples/15_own_order.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <vector>

#include <hasse/space/order.hpp>

namespace hasse {

/// "" when `Order` keeps the laws of an order on the samples (architectures of one space), else a sentence about the first that it breaks.
/// Quadratic in their number, cubic where many are comparable; the compiler takes up to sixteen. Where the order bounds stages, so that
/// sets are counted, a running program compares that with what precedes, too.
template <class Order, class Samples>
constexpr std::string_view broken_law(const Samples& samples) {
  using choice = std::remove_cvref_t<decltype(*std::begin(samples))>;
  const auto leads = [](const choice& x, const choice& y) { return Order{}.signature(x).below(Order{}.signature(y)); };
  for (const auto& x : samples) {
    if (!leads(x, x)) return "reflexivity: an architecture does not precede itself; let every byte of a signature depend on the architecture alone";
    for (const auto& y : samples) {
      if (!leads(x, y)) continue;
      if (!(x == y) && leads(y, x)) return "antisymmetry: two architectures precede each other; let the signature tell all of them apart";
      for (const auto& z : samples)
        if (leads(y, z) && !leads(x, z)) return "transitivity: what precedes an architecture does not precede all that it precedes; compare by signatures alone";
    }
  }
  if constexpr (BoundsStages<Order>)
    if (!std::is_constant_evaluated())
      for (const auto& x : samples)
        for (const auto& y : samples) {
          bool bounded = true;
          for (std::size_t which = 0; which < x.head.size(); ++which) bounded = bounded && x.head[which] <= y.head[which];
          std::size_t at_x = 0, at_y = 0;
          for (std::size_t stage = 0; bounded && stage < x.depths.size(); at_x += x.depths[stage], at_y += y.depths[stage], ++stage) {
            std::vector<std::uint8_t> bound(x.depths[stage]);
            bounded = Order{}.bound({y.options.data() + at_y, y.depths[stage]}, bound);
            for (std::size_t block = 0; bounded && block < bound.size(); ++block) bounded = x.options[at_x + block] <= bound[block];
          }
          if (bounded != leads(x, y)) return "bound: what it says of stages is not what signatures say of architectures; correct it, or leave it out and have sets listed";
        }
  return "";
}

}  // namespace hasse
