// Every way in which JSON can be wrong is a sentence with the file, the place and the remedy.
#include <limits>
#include <map>
#include <sstream>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <hasse/file/json.hpp>
#include <hasse/file/json_value.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
std::string refusal(std::string_view text, const json_limits& limits = {}) {
  try {
    (void)parse_json(text, "table.json", limits);
  } catch (const file_error& problem) {
    return problem.what();
  }
  return "accepted";
}

template <class Call>
std::string sentence(Call call) {
  try {
    call();
  } catch (const file_error& problem) {
    return problem.what();
  }
  return "accepted";
}

template <class Given>
concept PointsInto = requires(Given&& it) { std::forward<Given>(it).find("rows"); };
template <class Given>
concept RefersInto = requires(Given&& it) { require_array(std::forward<Given>(it), "rows", ""); } || requires(Given&& it) { require_object(std::forward<Given>(it), "rows", ""); };
}  // namespace

TEST_CASE("damaged JSON is refused with line and column") {
  CHECK(refusal("{\n  \"rows\": [1, 2,, 3]\n}") ==
        "table.json: holds text that is not JSON at line 2, column 17; restore it from a copy or make it again");
  CHECK_THAT(refusal(""), ContainsSubstring("not JSON"));
  CHECK_THAT(refusal("{\"a\":1"), ContainsSubstring("not JSON"));
  CHECK_THAT(refusal("{} {}"), ContainsSubstring("not JSON"));
  CHECK_THAT(refusal("[1e999]"), ContainsSubstring("a number too large to hold"));
  CHECK_THAT(refusal("{\"a\":1,\"a\":2}"), ContainsSubstring("the key \"a\" twice"));
  CHECK_THAT(refusal("[NaN]"), ContainsSubstring("not JSON"));
  CHECK_THAT(refusal("\"\xff\""), ContainsSubstring("not JSON"));
}

TEST_CASE("limits stop a file before it costs memory") {
  CHECK_THAT(refusal(std::string(33, '[') + std::string(33, ']')), ContainsSubstring("more than 32 nested"));
  CHECK(refusal(std::string(32, '[') + std::string(32, ']')) == "accepted");
  CHECK_THAT(refusal(std::string(1'000'000, '[')), ContainsSubstring("nested"));
  CHECK_THAT(refusal("[1,2,3,4]", {.values = 4}), ContainsSubstring("more than 4 values"));
  CHECK_THAT(refusal("[1,2,3,4]", {.bytes = 8}), ContainsSubstring("9 bytes of JSON, more than the 8 allowed"));
}

TEST_CASE("values are read by type") {
  const json row = parse_json(R"({"n":7,"big":18446744073709551615,"x":0.25,"name":"a","on":true,"none":null,"huge":1e300,"minus":-1})", "t");
  CHECK(require<int>(row, "n", "t") == 7);
  CHECK(require<double>(row, "n", "t") == 7.0);
  CHECK(require<std::uint64_t>(row, "big", "t") == std::numeric_limits<std::uint64_t>::max());
  CHECK(require<double>(row, "x", "t") == 0.25);
  CHECK(require<std::string>(row, "name", "t") == "a");
  CHECK(require<bool>(row, "on", "t"));
  CHECK(maybe<double>(row, "x", "t") == 0.25);
  CHECK_FALSE(maybe<double>(row, "none", "t"));
  CHECK_FALSE(maybe<double>(row, "absent", "t"));

  CHECK(sentence([&] { require<double>(row, "p50", "t", "rows[3]"); }) == "t: lacks \"p50\" in rows[3]; check that it is the right file and version");
  CHECK_THAT(sentence([&] { require<std::int64_t>(row, "big", "t"); }), ContainsSubstring("\"big\" must be a whole number from -9223372036854775808"));
  CHECK_THAT(sentence([&] { require<unsigned>(row, "minus", "t"); }), ContainsSubstring("whole number from 0 to 4294967295"));
  CHECK_THAT(sentence([&] { require<int>(row, "x", "t"); }), ContainsSubstring("whole number"));
  CHECK_THAT(sentence([&] { require<double>(row, "none", "t"); }), ContainsSubstring("must be a finite number"));
  CHECK_THAT(sentence([&] { require<float>(row, "huge", "t"); }), ContainsSubstring("must be a finite number"));
  CHECK_THAT(sentence([&] { require<bool>(row, "n", "t"); }), ContainsSubstring("true or false"));
  CHECK_THAT(sentence([&] { maybe<double>(row, "name", "t"); }), ContainsSubstring("finite number"));
  CHECK_THAT(sentence([&] { require<int>(json(3), "n", "t"); }), ContainsSubstring("the content is not an object"));
  CHECK_THAT(sentence([&] { allow_only(row, {"n", "x"}, "t"); }), ContainsSubstring("unknown key \"big\""));
  CHECK_THAT(sentence([&] { require_array(row, "n", "t"); }), ContainsSubstring("must be a list"));
  const json three = parse_json("{\"a\":[1,2,3]}", "t");
  CHECK_THAT(sentence([&] { require_array(three, "a", "t", "", 2); }), ContainsSubstring("at most 2"));
}

TEST_CASE("numbers and text survive writing") {
  for (const double value : {0.1, 1.0 / 3, 1e-308, -2.5e300, 123456789.123456789})
    CHECK(parse_json(json_text(number_or_null(value)), "t").get<double>() == value);
  CHECK(number_or_null(std::numeric_limits<double>::quiet_NaN()).is_null());
  CHECK(number_or_null(std::numeric_limits<double>::infinity()).is_null());
  CHECK_NOTHROW(parse_json(json_text(json("broken \xc3 text \xff")), "t"));
  CHECK_THAT(refusal("{\"a\":1,\"\\u0000\\u001b[2J\":1,\"\\u0000\\u001b[2J\":1}"), ContainsSubstring("the key \"\\x00\\x1b[2J\" twice"));
}

TEST_CASE("braces are lists, or objects where all are pairs whose first is text") {
  CHECK(json_text(json{1, 2.5, "a", true, nullptr}) == R"([1,2.5,"a",true,null])");
  CHECK(json_text({{"b", 1}, {"a", json::array()}}) == R"({"a":[],"b":1})");
  CHECK(json_text({{"a", 1}, {2, 1}}) == R"([["a",1],[2,1]])");
  CHECK(json_text(json::array({{"a", 1}})) == R"([["a",1]])");
  CHECK(json_text(std::vector<double>{1, 0.5}) == "[1.0,0.5]");
  CHECK(json_text(std::map<std::string, int>{{"b", 1}, {"a", 2}}) == R"({"a":2,"b":1})");
  std::ostringstream shown;
  shown << json{{"text", "a\"b"}};
  CHECK(shown.str() == R"({"text":"a\"b"})");
}

TEST_CASE("a value is changed, copied and compared by what it holds") {
  json list, object;  // null becomes what it is used as
  list.push_back(1), list.push_back({{"x", 3}});
  object["list"] = list, object["name"] = "df1";
  json copy = object;
  copy["list"][0] = 2, copy.erase("name");
  CHECK(json_text(object) == R"({"list":[1,{"x":3}],"name":"df1"})");
  CHECK(json_text(copy) == R"({"list":[2,{"x":3}]})");
  copy["list"].erase(0), copy.update({{"more", nullptr}});
  CHECK(copy == json{{"list", json::array({{{"x", 3}}})}, {"more", nullptr}});
  list = list[1];  // out of itself
  CHECK(list.at("x") == 3);

  CHECK(object.find("none") == object.end());
  CHECK(object.value("none", 7) == 7);
  CHECK(object.size() == 2);
  CHECK(json().empty());
  CHECK(json(3) == json(3.0));
  CHECK(json(3) == json(3U));
  CHECK_FALSE(json(-1) == json(std::numeric_limits<std::uint64_t>::max()));
  CHECK_FALSE(json("3") == json(3));
  CHECK_FALSE(json(1) == json(true));
  const double half = json(0.5);
  CHECK(half == 0.5);
  CHECK(json{1, 2}.get<std::vector<int>>() == std::vector{1, 2});
}

TEST_CASE("a value that is about to end hands out what it holds, and nothing that refers to it") {
  const auto made = [] { return json{{"rows", {"a long text that lies in memory of its own", "another text that lies in memory of its own"}}, {"name", "df1"}}; };
  std::string texts;
  for (const json& each : made()["rows"]) texts += each.text().substr(0, 1);
  for (const json& each : made().at("rows")) texts += each.text().substr(2, 1);
  for (const auto& [key, value] : made().items()) texts += key;
  for (const char letter : made().at("rows").at(0).text()) texts += letter == 'x' ? "x" : "";
  CHECK(texts == "aalonamerowsx");
  static_assert(std::is_same_v<decltype(made()["rows"]), json> && std::is_same_v<decltype(made().at("rows").at(0)), json> && std::is_same_v<decltype(made()["rows"][0]), json>);
  static_assert(std::is_same_v<decltype(made().front()), json> && std::is_same_v<decltype(made().back()), json> && std::is_same_v<decltype(made().text()), std::string>);
  static_assert(!PointsInto<json> && !RefersInto<json> && RefersInto<const json&>);
  json kept = made();
  kept["rows"][0] = kept["rows"][1], kept.at("rows").back() = nullptr;  // of one that stays, the members themselves
  CHECK(kept == json{{"rows", {"another text that lies in memory of its own", nullptr}}, {"name", "df1"}});
}

TEST_CASE("a value that is asked for what it is not says what it is") {
  const json it{{"name", "df1"}, {"list", {1, 2}}};
  CHECK_THROWS_WITH(it["name"].get<int>(), ContainsSubstring("df1") && ContainsSubstring("was asked for a number"));
  CHECK_THROWS_WITH(it["list"].get<std::string>(), ContainsSubstring("[1,2] was asked for text"));
  CHECK_THROWS_WITH(it["list"].get<bool>(), ContainsSubstring("true or false"));
  CHECK_THROWS_WITH(it["list"][2], ContainsSubstring("element 2 of 2"));
  CHECK_THROWS_WITH(it["nome"], ContainsSubstring("its member \"nome\""));
  CHECK_THROWS_WITH(it.get<std::vector<int>>(), ContainsSubstring("a list"));
  json text = "text";
  CHECK_THROWS_WITH(text["x"] = 1, ContainsSubstring("members"));
  CHECK_THROWS_WITH(text.push_back(1), ContainsSubstring("a list"));
}
