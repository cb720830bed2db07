// What a network costs: the concept of every price, its unit, and what all exact prices have in common.
// Used by searches, by slimming, by the costs of supernets; an own price is a struct: examples/13_own_price.cpp.
#pragma once

#include <concepts>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>

#include <hasse/core/units.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

/// How the costs of pieces make that of a network: they add up (latency, MACs), the largest counts (peak memory), or nothing follows from
/// them, and only whole networks have a price (price/trees.hpp). Searches that count by sums refuse the others.
enum class cost_gathering : std::uint8_t { sum, largest, whole };

/// What the numbers of a price count, and how they are shown: divided by `factor`, with `suffix` behind them. The texts must outlive it.
struct price_unit {
  std::string_view name, suffix;  ///< {"microjoules", "uJ"}: sentences, titles and table heads have the name, so it is a plural
  double factor = 1;

  std::string text(double value) const {
    char shown[64];
    std::snprintf(shown, sizeof shown, "%.4g ", value / factor);
    return shown + std::string(suffix);
  }
  friend constexpr bool operator==(const price_unit&, const price_unit&) = default;
};

inline constexpr price_unit in_milliseconds{"ms", "ms", 1}, in_macs{"MACs", "M MACs", 1e6}, in_bytes{"bytes", "KB", 1e3};

/// What the whole ticks stand for that a search adds up and counts: so much of the unit each.
struct price_scale {
  price_unit unit = in_milliseconds;
  double per_tick = 1 / ticks_per_millisecond;

  double of(ticks cost) const { return unit == in_milliseconds && per_tick == 1 / ticks_per_millisecond ? to_milliseconds(cost) : static_cast<double>(cost.count) * per_tick; }
  std::string text(ticks cost) const { return unit.text(of(cost)); }
};

/// What a search admits, both ends included, in the unit of its price.
struct price_window {
  double least = 0, most = std::numeric_limits<double>::infinity();
};

/// `of(layers)` is what an unfused list, or a piece of one, costs for one image, in the price's unit.
template <class Type>
concept PricesLayers = requires(const Type& price, const layer_list& layers) {
  { price.of(layers) } -> std::convertible_to<double>;
};
template <class Type>
concept HasPriceUnit = requires(const Type& price) {
  { price.unit() } -> std::same_as<price_unit>;
};
/// `device()` names the device that the price is of; "" where it is of none.
template <class Type>
concept NamesPricedDevice = requires(const Type& price) {
  { price.device() } -> std::convertible_to<std::string>;
};
/// `gathering()` says how the prices of pieces make that of a network.
template <class Type>
concept GathersPrices = requires(const Type& price) {
  { price.gathering() } -> std::same_as<cost_gathering>;
};
/// `uncertainty()` is how far a price is typically off, relative to it: 0 where it is exact, no number where that is not known.
template <class Type>
concept KnowsUncertainty = requires(const Type& price) {
  { price.uncertainty() } -> std::convertible_to<double>;
};

/// Whoever models it keeps the laws in hasse/laws/price.hpp.
template <class Type>
concept Price = PricesLayers<Type> && HasPriceUnit<Type> && NamesPricedDevice<Type> && GathersPrices<Type> && KnowsUncertainty<Type>;

/// What prices have that are counted, not measured, and that add up: derive from it, give `of` and `unit`.
struct exact_price {
  std::string device() const { return {}; }
  cost_gathering gathering() const { return cost_gathering::sum; }
  double uncertainty() const { return 0; }
};

}  // namespace hasse
