// program/slim.hpp: widths as they are written; what the program does with them is in tests/program/slim.py.
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

TEST_CASE("a sweep of a range looks at its ends and between", "[slim]") {
  CHECK(detail::usual_widths(parse_widths("0.2..1.0")) ==
        std::vector<std::string>{"0.2", "0.3", "0.4", "0.5", "0.6", "0.7", "0.8", "0.9", "1.0"});
  CHECK(detail::usual_widths(parse_widths("1,0.25")) == std::vector<std::string>{"0.25", "1.0"});
}
