// Prices of parts add up to those of networks, refusals name the part, a search runs by them, and supernets are priced alike.
#include <hasse/price/parts.hpp>

#include <algorithm>
#include <cmath>
#include <string>

#include <hasse/catalogue.hpp>
#include <hasse/catalogue/shard.hpp>
#include <hasse/price/macs.hpp>
#include <hasse/price/memory.hpp>
#include <hasse/search/search.hpp>
#include <hasse/supernet/gated_costs.hpp>
#include <hasse/supernet/proxyless_space.hpp>

#include "catch.hpp"
#include "spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
struct refusing : exact_price {
  double cost;
  explicit refusing(double of_all) : cost(of_all) {}
  double of(const layer_list&) const { return cost > 1e300 ? throw error("no row of it") : cost; }
  price_unit unit() const { return {"coins", "coins"}; }
};

/// What no sum tells.
struct launches : exact_price {
  double of(const layer_list& layers) const { return std::max(1.0, static_cast<double>(layers.size()) / 8); }
  price_unit unit() const { return in_milliseconds; }
  cost_gathering gathering() const { return cost_gathering::whole; }
};

/// An accuracy that grows with the multiply-accumulates.
struct by_size {
  int asked = 0;
  outcome evaluate(const architecture<two_stages>& x, std::size_t) { return ++asked, outcome{1 - 1e4 / static_cast<double>(cost_of(x).macs)}; }
};
}  // namespace

TEST_CASE("the ticks of parts add up to the price of the network", "[price]") {
  const auto exact = part_prices<two_stages>(mac_price{}, 1.0), coarse = part_prices<two_stages>(mac_price{});
  const double tick = price_per_tick<two_stages>(mac_price{});
  CHECK(std::log10(tick) == Approx(std::round(std::log10(tick))));
  std::int64_t most = 0;
  for_each_architecture<two_stages>([&](const architecture<two_stages>& x) {
    const std::int64_t sum = latency_of<two_stages>(x, exact).count, rough = latency_of<two_stages>(x, coarse).count;
    if (sum != cost_of(x).macs) FAIL(to_text(x) << " has " << cost_of(x).macs << " and its parts add up to " << sum);
    if (std::abs(static_cast<double>(rough) * tick - static_cast<double>(sum)) > 0.5 * tick * (x.blocks() + 8)) FAIL(to_text(x) << " is too far off");
    most = std::max(most, rough);
  });
  CHECK(most <= 60'000);
  CHECK(most > 3'000);
  CHECK(price_per_tick<two_stages>(mac_price{}, 1e9 * tick) == tick);
  CHECK(price_per_tick<two_stages>(mac_price{}, 600 * tick) == Approx(tick / 100));  // a window of the smallest ones is cut finer
}

TEMPLATE_TEST_CASE("a head that reads several stages is priced in pieces that add up", "[price]", two_taps, three_taps) {
  const auto exact = part_prices<TestType>(mac_price{}, 1.0);
  for_each_architecture<TestType>([&](const architecture<TestType>& x) {
    if (latency_of<TestType>(x, exact).count != cost_of(x).macs) FAIL(to_text(x) << " has " << cost_of(x).macs << " and its parts add up to " << latency_of<TestType>(x, exact).count);
  });
}

TEST_CASE("a search runs by any price that adds up", "[price]") {
  const auto prices = part_prices<two_stages>(mac_price{});
  by_size trainer;
  const auto found = search<two_stages>(prices, trainer, nullptr, stop_rule{.trainings = 12});
  CHECK(trainer.asked == 12);
  CHECK(found.boundary.points().size() > 1);
}

TEST_CASE("what cannot be searched by is refused with its part", "[price]") {
  CHECK_THROWS_WITH(part_prices<two_stages>(memory_price{}), ContainsSubstring("of bytes the largest counts"));
  CHECK_THROWS_WITH(part_prices<two_stages>(launches{}), ContainsSubstring("in ms, is one of whole networks; search by a price that adds up, or through masks"));
  CHECK_THROWS_WITH(gated_costs_of(gated_list_of(proxyless_cifar_tiny()), launches{}), ContainsSubstring("expects what candidates cost one by one") && ContainsSubstring("through masks"));
  CHECK_THROWS_WITH(part_prices<two_stages>(refusing(-1)), ContainsSubstring("part 0 of the space, conv") && ContainsSubstring("priced at -1"));
  CHECK_THROWS_WITH(part_prices<two_stages>(refusing(1e301)), ContainsSubstring("part 0 of the space, conv") && ContainsSubstring("no row of it"));
  CHECK_THROWS_WITH(part_prices<two_stages>(mac_price{}, 0), ContainsSubstring("more than 0"));
  CHECK_THROWS_WITH(part_prices<two_stages>(refusing(1), 1e-13), ContainsSubstring("let a tick stand for more"));
  for (const ticks each : part_prices<two_stages>(refusing(0))) CHECK(each.count == 0);
}
