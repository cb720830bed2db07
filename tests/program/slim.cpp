// program/slim.hpp: widths and budgets as they are written; what the program does with them is in tests/program/slim.py.
#include <hasse/program/slim.hpp>

#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("widths are a range or a list, from wide to narrow", "[slim]") {
  const width_choice range = parse_widths("0.15..1.5");
  CHECK(range.is_range);
  CHECK(range.list == std::vector{1500, 150});
  CHECK(parse_widths(".5...75").list == std::vector{750, 500});
  const width_choice list = parse_widths("0.25,1,0.5,1.0");
  CHECK_FALSE(list.is_range);
  CHECK(list.list == std::vector{1000, 500, 250});
  CHECK_THROWS_WITH(parse_widths("1.0..0.25"), ContainsSubstring("write the narrower one first"));
  for (const char* wrong : {"", "..", "0.5..", "..1", "0.5,", ",", "0.5,,1", "0..1", "a", "0.5..9", "0.5..1..2", "-1", "0.12345"})
    CHECK_THROWS_AS(parse_widths(wrong), error);
}

TEST_CASE("budgets are multiply-accumulates, milliseconds or bytes, and descend", "[slim]") {
  const slim_budgets macs = parse_budgets({"2.5M,5M", "800K", "5M"});
  CHECK(macs.of == slim_budgets::unit::macs);
  CHECK(macs.targets == std::vector{5e6, 2.5e6, 8e5});
  CHECK(parse_budgets({"1G"}).targets == std::vector{1e9});
  CHECK(parse_budgets({"0.4ms"}).of == slim_budgets::unit::milliseconds);
  CHECK(parse_budgets({"0.4ms"}).targets == std::vector{0.4});
  CHECK(parse_budgets({"300KB"}).of == slim_budgets::unit::bytes);
  CHECK(parse_budgets({"2MB"}).targets == std::vector{2e6});
  CHECK_THROWS_WITH(parse_budgets({"5M,2ms"}), ContainsSubstring("one of them at a time"));
  CHECK_THROWS_WITH(parse_budgets({"5M", "5KB"}), ContainsSubstring("one of them at a time"));
  for (const char* wrong : {"", "5", "M", "0M", "-1M", "nanM", "infM", "1e300M", "5MM", "5M,", "5 M", "0.4s", "300B"})
    CHECK_THROWS_AS(parse_budgets({wrong}), error);
  CHECK_THROWS_WITH(parse_budgets({}), ContainsSubstring("no budget is given"));
}

TEST_CASE("a sweep of a range looks at its ends and between", "[slim]") {
  CHECK(detail::usual_widths(parse_widths("0.2..1.0")) ==
        std::vector<std::string>{"0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"});
  CHECK(detail::usual_widths(parse_widths("1,0.25")) == std::vector<std::string>{"0.25", "1.0"});
}
