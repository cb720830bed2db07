// The prices of a space's parts as whole ticks, so that a search over the space counts and prunes by any price that adds up.
// Used by every search over a space: examples/13_own_price.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/block/chain.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/units.hpp>
#include <hasse/price/piece.hpp>
#include <hasse/price/price.hpp>
#include <hasse/space/layer_list.hpp>
#include <hasse/space/parts.hpp>

namespace hasse {

namespace detail {
/// Visits every part as a list, in the order of their ids: visit(layers, text). `text()` names the part.
template <class Space, class Visit>
void for_each_part_list(Visit visit) {
  const auto look = [&]<class Part>(int id, std::type_identity<Part>) {
    visit(layer_list_of(Part::layers), [id] { return std::to_string(id) + " of the space, " + Part::spec.text(); });
  };
  [&]<std::size_t... Id>(std::index_sequence<Id...>) {
    (look(static_cast<int>(Id), std::type_identity<part_t<Space, static_cast<int>(Id)>>{}), ...);
  }(std::make_index_sequence<static_cast<std::size_t>(part_count<Space>)>{});
}

template <class Space, Price By>
std::vector<double> prices_of_parts(const By& price) {
  if (price.gathering() == cost_gathering::largest)
    throw error("a search over a space adds up what its parts cost, and of " + std::string(price.unit().name) +
                " the largest counts; search by a price that adds up, or through gates");
  if (price.gathering() == cost_gathering::whole)
    throw error("a search over a space adds up what its parts cost, and this price, in " + std::string(price.unit().name) +
                ", is one of whole networks; search by a price that adds up, or through masks");
  std::vector<double> prices;
  for_each_part_list<Space>([&](const layer_list& layers, auto text) {
    double cost = 0;
    try {
      cost = price_of_piece(price, layers);
    } catch (const error& reason) {
      throw error("part " + text() + ": " + reason.what());
    }
    if (!std::isfinite(cost) || cost < 0)
      throw error("part " + text() + " was priced at " + std::to_string(cost) +
                  "; a price is a number from 0 up, look for the fault in `of`");
    prices.push_back(cost);
  });
  return prices;
}
}  // namespace detail

/// What one tick of `part_prices` stands for where nothing else is said: 0.1 microseconds of a latency; of other prices the
/// smallest power of ten by which no architecture that matters costs more than 60 000 ticks, since counting walks over distinct sums: none
/// above `most`, where a window ends there. (A window below a ten-millionth of the dearest one cuts no finer.)
template <class Space, Price By>
double price_per_tick(const By& price, double most = std::numeric_limits<double>::infinity()) {
  if (price.unit() == in_milliseconds) return 1 / ticks_per_millisecond;
  const double sum = detail::largest_sum<Space>(detail::prices_of_parts<Space>(price)), dearest = std::max(std::min(sum, most), 1e-7 * sum);
  return dearest > 0 ? std::pow(10, std::ceil(std::log10(dearest / 60'000))) : 1;
}

/// What every part of the space costs, in the order of their ids, to the nearest tick of `per_tick` in the price's unit. Each part is
/// priced by itself: what a price says of whole networks beyond the sum is lost.
template <class Space, Price By>
std::vector<ticks> part_prices(const By& price, double per_tick) {
  if (!(per_tick > 0) || !std::isfinite(per_tick))
    throw error("a tick of " + std::to_string(per_tick) + " was given; give what one stands for, more than 0");
  std::vector<ticks> result;
  for (const double cost : detail::prices_of_parts<Space>(price)) {
    if (cost / per_tick > 1e12)
      throw error("a part costs " + std::to_string(cost / per_tick) + " ticks; let a tick stand for more, as price_per_tick says");
    result.push_back({std::llround(cost / per_tick)});
  }
  return result;
}
template <class Space, Price By>
std::vector<ticks> part_prices(const By& price) {
  return part_prices<Space>(price, price_per_tick<Space>(price));
}

}  // namespace hasse
