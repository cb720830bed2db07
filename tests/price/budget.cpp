// price/budget.hpp: budgets as they are written, and the price that they limit.
#include <hasse/price/budget.hpp>

#include "catch.hpp"

using namespace hasse;

TEST_CASE("budgets are multiply-accumulates, milliseconds or bytes, and descend", "[price]") {
  const budgets macs = parse_budgets({"2.5M,5M", "800K", "5M"});
  CHECK(macs.unit == in_macs);
  CHECK(macs.targets == std::vector{5e6, 2.5e6, 8e5});
  CHECK(parse_budgets({"1G"}).targets == std::vector{1e9});
  CHECK(parse_budgets({"0.4ms"}).unit == in_milliseconds);
  CHECK(parse_budgets({"0.4ms"}).targets == std::vector{0.4});
  CHECK(parse_budgets({"300KB"}).unit == in_bytes);
  CHECK(parse_budgets({"2MB"}).targets == std::vector{2e6});
  CHECK_THROWS_WITH(parse_budgets({"5M,2ms"}), ContainsSubstring("one of them at a time"));
  CHECK_THROWS_WITH(parse_budgets({"5M", "5KB"}), ContainsSubstring("one of them at a time"));
  for (const char* wrong : {"", "5", "M", "0M", "-1M", "nanM", "infM", "1e300M", "5MM", "5M,", "5 M", "0.4s", "300B"})
    CHECK_THROWS_AS(parse_budgets({wrong}), error);
  CHECK_THROWS_WITH(parse_budgets({}), ContainsSubstring("no budget is given"));
}

TEST_CASE("the unit of a budget says which price it limits", "[price]") {
  bool asked = false;
  const auto latency = [&] { return asked = true, any_price(mac_price{}); };
  CHECK(price_in(in_macs, latency).unit() == in_macs);
  CHECK(price_in(in_bytes, latency).gathering() == cost_gathering::largest);
  CHECK_FALSE(asked);
  price_in(in_milliseconds, latency);
  CHECK(asked);
  CHECK(in_macs.text(2.5e6) == "2.5 M MACs");
  CHECK(in_bytes.text(123456) == "123.5 KB");
}
