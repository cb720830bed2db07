// One law test for whoever claims to be an order.
#pragma once

#include <string_view>

#include <hasse/space/order.hpp>

namespace hasse::testing {

/// The name of the first law that `Order` breaks on the samples, or "" when it keeps reflexivity, antisymmetry and transitivity.
template <class Order, class Samples>
constexpr std::string_view broken_law(const Samples& samples) {
  using choice = std::remove_cvref_t<decltype(*std::begin(samples))>;
  const auto leads = [](const choice& x, const choice& y) { return Order::signature(x).below(Order::signature(y)); };
  for (const auto& x : samples) {
    if (!leads(x, x)) return "reflexivity";
    for (const auto& y : samples) {
      if (!leads(x, y)) continue;
      if (!(x == y) && leads(y, x)) return "antisymmetry";
      for (const auto& z : samples)
        if (leads(y, z) && !leads(x, z)) return "transitivity";
    }
  }
  return "";
}

}  // namespace hasse::testing
