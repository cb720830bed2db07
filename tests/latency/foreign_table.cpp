// Tables of others: both dialects, what a block is against what its key says, networks as sums, refusals.
#include <cmath>
#include <map>

#include <hasse/latency/foreign_blocks.hpp>
#include <hasse/latency/foreign_yaml.hpp>
#include <hasse/latency/help_csv.hpp>
#include <hasse/network/published/proxyless.hpp>

#include "catch.hpp"
#include "foreign_tables.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
foreign_table table_of(const std::string& text, std::optional<foreign_dialect> expected = {}) {
  return parse_foreign_table(text, "phone.yaml", expected);
}
template <class Call>
std::string refusal(Call&& call) {
  try {
    call();
  } catch (const error& sentence) {
    return sentence.what();
  }
  return "nothing was refused";
}
std::string refusal_of(const std::string& text) {
  return refusal([&] { table_of(text); });
}
}  // namespace

TEST_CASE("a block finds its row by what it is, in both dialects", "[foreign_table]") {
  const foreign_table phone = table_of(pixel());
  CHECK(phone.dialect == foreign_dialect::proxyless);
  CHECK(phone.rows.size() == 11);
  const foreign_block block{.in = {112, 112, 16}, .out = {56, 56, 24}, .middle = 48, .kernel = 5, .stride = 2};
  CHECK(phone.key_of(block) == "expanded_conv-input:112x112x16-output:56x56x24-expand:3-kernel:5-stride:2-idskip:0");
  CHECK(phone.milliseconds_of(block) == 7.5191);
  CHECK(phone.latency_of(block) == ticks{75191});
  const foreign_row& known = phone.row_of(block);
  CHECK(known.block == block);
  CHECK(known.deviation == 0.5);  // the root of var
  CHECK(known.count == 61);

  const foreign_table other = table_of(mbv3_space(224).text);
  CHECK(other.dialect == foreign_dialect::ofa_mbv3);
  CHECK(other.rows.size() == 96);
  const foreign_block wide{.in = {112, 112, 24}, .out = {56, 56, 32}, .middle = 72, .kernel = 5, .stride = 2};
  CHECK(other.key_of(wide) == "expanded_conv-input:112x112x24-output:56x56x32-expand:72-kernel:5-stride:2-idskip:0-se:0-hs:0");
  CHECK(other.milliseconds_of(wide) == Approx(0.3 + 0.25 + 0.005 * 112));
}

TEST_CASE("specs become the blocks that a table names", "[foreign_table]") {
  const auto one = [](const auto& spec, feature_shape in, foreign_dialect dialect = foreign_dialect::ofa_mbv3) {
    const auto blocks = foreign_blocks(spec, in, dialect);
    REQUIRE(blocks.size() == 1);
    return blocks[0];
  };
  CHECK(one(mbconv{.out = 40, .kernel = 7, .expand = 3}, {28, 28, 40}) ==
        foreign_block{.in = {28, 28, 40}, .out = {28, 28, 40}, .middle = 120, .kernel = 7, .stride = 1, .skip = true});
  CHECK_FALSE(one(mbconv{.out = 40, .residual = residual_rule::never}, {28, 28, 40}).skip);
  CHECK(one(mbconv{.out = 16, .expand = 1}, {112, 112, 32}).middle == 32);
  CHECK(one(mbconv{.out = 16, .stride = 2, .middle = 20}, {7, 9, 8}) ==
        foreign_block{.in = {7, 9, 8}, .out = {4, 5, 16}, .middle = 20, .kernel = 3, .stride = 2});
  const foreign_block gated = one(mbconv{.out = 16, .act = activation::hard_swish, .se = {.percent = 25}}, {8, 8, 16});
  CHECK((gated.se && gated.hs && gated.skip));
  CHECK(one(conv{.out = 32, .stride = 2}, {33, 33, 3}).kind == foreign_kind::stem);
  CHECK(one(conv{.out = 64, .kernel = 1}, {8, 8, 16}).kind == foreign_kind::last_conv);
  CHECK(foreign_blocks(zero{}, {8, 8, 16}, foreign_dialect::proxyless).empty());

  for (const auto& text : {refusal([&] {
                             one(depthwise_separable{.out = 8}, {8, 8, 8});
                           }),
                           refusal([&] {
                             one(basic{.out = 8}, {8, 8, 8});
                           }),
                           refusal([&] {
                             one(fused_mbconv{.out = 8}, {8, 8, 8});
                           }),
                           refusal([&] {
                             one(max_pool{}, {8, 8, 8});
                           })}) {
    CAPTURE(text);
    CHECK_THAT(text, ContainsSubstring("layer ") && ContainsSubstring("folded network"));
  }
  CHECK_THAT(refusal([&] { one(mbconv{.out = 8, .act = activation::swish}, {8, 8, 8}); }), ContainsSubstring("ends in swish"));
}

TEST_CASE("a network costs the sum of its blocks", "[foreign_table]") {
  const layer_list mobile = [] {
    layer_list layers{.input = {224, 224, 3}, .items = {}};
    proxyless_spec{}.lower(layer_builder<layer_list>{layers}, 0);
    return layers;
  }();
  const auto blocks = foreign_blocks(mobile, foreign_dialect::proxyless);
  REQUIRE(blocks.size() == 1 + 1 + 19 + 1 + 1);  // two of the 21 searched blocks are skipped
  CHECK(blocks.front().kind == foreign_kind::stem);
  CHECK(blocks.back() == foreign_block{.kind = foreign_kind::logits, .in = {7, 7, 1280}, .out = {1, 1, 1000}});
  std::string text;
  double sum = 0;
  std::map<std::string, double> rows;
  for (const foreign_block& block : blocks)
    rows.emplace(detail::foreign_key(block, foreign_dialect::proxyless), 0.125 * static_cast<double>(rows.size() + 1));
  for (const auto& [key, mean] : rows) text += row(key, mean);
  for (const foreign_block& block : blocks) sum += rows.at(detail::foreign_key(block, foreign_dialect::proxyless));
  CHECK(milliseconds_of(table_of(text), mobile) == Approx(sum));
  CHECK(latency_of(table_of(text), mobile) == from_milliseconds(sum));

  // The published network is wider in its first stage than the public table: said with the key, and with keys that are there.
  CHECK_THAT(
      refusal([&] { milliseconds_of(table_of(pixel()), mobile); }),
      ContainsSubstring("no latency of expanded_conv-input:112x112x16-output:56x56x32-expand:3-kernel:5-stride:2-idskip:0;") &&
          ContainsSubstring("nearest are expanded_conv-input:112x112x16-output:56x56x24-expand:3-kernel:5-stride:2-idskip:0"));
}

TEST_CASE("every resolution of the other dialect prices its networks", "[foreign_table]") {
  for (const int resolution : {160, 164, 180, 224}) {
    CAPTURE(resolution);
    const mbv3_space space(resolution);
    const foreign_table table = table_of(space.text);
    const double shallow = milliseconds_of(table, space.network(resolution, 2, 3, 3)),
                 deep = milliseconds_of(table, space.network(resolution, 4, 7, 6));
    double wanted_shallow = 0.9 + 1.7 + 0.69 + 0.015 + 0.76 + 0.67, wanted_deep = wanted_shallow;
    int side = (resolution + 1) / 2;
    for (int stage = 0; stage < 5; ++stage)
      for (const bool first : {true, false}) {
        const double size = 0.001 * (5 - stage) * side;
        wanted_shallow += 0.3 + 0.09 + size;
        wanted_deep += (first ? 1 : 3) * (0.6 + 0.49 + size);
        if (first) side = (side - 1) / space.strides[stage] + 1;
      }
    CHECK(shallow == Approx(wanted_shallow));
    CHECK(deep == Approx(wanted_deep));
  }
}

TEST_CASE("blocks that a dialect cannot name are refused, not mistaken", "[foreign_table]") {
  const foreign_table phone = table_of(pixel());
  foreign_block block{.in = {14, 14, 80}, .out = {14, 14, 80}, .middle = 240, .kernel = 3, .stride = 1, .skip = true};
  CHECK(phone.knows(block));
  CHECK(phone.milliseconds_of(block) == 1.8414);
  block.middle = 200;
  CHECK_THAT(refusal([&] { phone.row_of(block); }), ContainsSubstring("-expand:200/80-kernel"));
  block.middle = 240, block.se = true;
  CHECK_THAT(refusal([&] { phone.row_of(block); }), ContainsSubstring("-idskip:1-se:1-hs:0; nearest are"));
  const foreign_block pool{.kind = foreign_kind::pool, .in = {7, 7, 8}, .out = {1, 1, 8}};
  CHECK_THAT(refusal([&] { phone.row_of(pool); }),
             ContainsSubstring("AvgPool2D-input:7x7x8-output:1x1x8, nor any block of its kind"));
}

TEST_CASE("a table is read however it was kept", "[foreign_table]") {
  const std::string text = pixel();
  const foreign_table wanted = table_of(text);
  const auto replaced = [](std::string from, const std::string& old, const std::string& now) {
    for (std::size_t at = 0; (at = from.find(old, at)) != from.npos; at += now.size()) from.replace(at, old.size(), now);
    return from;
  };
  std::string quoted, means, object, tabbed;
  for (const auto& [key, row] : wanted.rows) {
    char mean[40];
    std::snprintf(mean, sizeof mean, "%.17g", row.mean);
    quoted += "\"" + key + "\":\n  count: 61\n  mean: " + mean + "\n  var: 0.25\n";
    means += key + ":\n  mean: " + mean + "\n";
    object += std::string(object.empty() ? "{" : ",") + "\n \"" + key + "\": {\n  \"count\": 61,\n  \"mean\": " + mean + ",\n  \"var\": 0.25\n }";
  }
  object += "\n}";
  for (const std::string& kept : {replaced(text, "\n", "\r\n"), "\xef\xbb\xbf" + text, quoted, "# Pixel 9, 4 threads\n---\n" + text + "# end\n...\n", replaced(text, "count: 61", "count: 61.0"),
                                  replaced(text, "var: 0.25", "std: 0.5"), object, object + "\n", "\xef\xbb\xbf" + object, replaced(object, "\n", "\r\n"), replaced(replaced(object, "\n", ""), " ", ""),
                                  replaced(object, "\n ", "\n\t")}) {
    CAPTURE(kept.substr(0, 300));
    const foreign_table found = table_of(kept);
    CHECK(found == wanted);
  }
  const foreign_table bare = table_of(means);
  REQUIRE(bare.rows.size() == wanted.rows.size());
  for (const auto& [key, row] : bare.rows) {
    CHECK(row.mean == wanted.rows.at(key).mean);
    CHECK_FALSE(row.deviation);
    CHECK_FALSE(row.count);
  }
}

TEST_CASE("damaged tables and tables of the other dialect are refused with their place", "[foreign_table]") {
  const std::string good = pixel(), key = "expanded_conv-input:14x14x80-output:14x14x80-expand:3-kernel:3-stride:1-idskip:1";
  REQUIRE_NOTHROW(table_of(good, foreign_dialect::proxyless));
  CHECK_THAT(
      refusal([&] { table_of(good, foreign_dialect::ofa_mbv3); }),
      ContainsSubstring("phone.yaml: is in the dialect of ProxylessNAS, and that of Once-for-All MobileNetV3 was asked for"));
  const std::pair<std::string, const char*> damaged[] = {
      {good + row(key, 2),
       "line 45: "
       "expanded_conv-input:14x14x80-output:14x14x80-expand:3-kernel:3-stride:1-idskip:1 stands twice"},
      {good + row(key + "-se:0-hs:0", 2), "is of the other dialect"},
      {good + row("Conv_2-input:1x1x8-output:1x1x8", 2), "is no row of the dialect ProxylessNAS"},
      {row("expanded_conv-input:14x14x80-output:14x14x80-expand:240-kernel:3-stride:1-idskip:1", 2),
       "a number of channels and no ratio"},
      {row("expanded_conv-input:14x14x80-output:14x14x80-expand:6-kernel:3-stride:1-idskip:1-se:0-hs:0", 2),
       "so that its expand is a ratio"},
      {row("expanded_conv-input:14x14x80-output:14x14x80-expand:06-kernel:3-stride:1-idskip:1", 2),
       "not written as its numbers are"},
      {row("expanded_conv-input:14x14x80-output:8x8x80-expand:6-kernel:3-stride:2-idskip:0", 2),
       "an output that its stride does not give"},
      {row("expanded_conv-input:14x14x80-output:7x7x80-expand:6-kernel:3-stride:0-idskip:0", 2),
       "an output that its stride does not give"},
      {row("expanded_conv-input:14x14x80-output:7x7x80-expand:6-kernel:3-stride:2-idskip:1", 2), "an output of another shape"},
      {row("expanded_conv-input:14x14x80-output:14x14x80-expand:0-kernel:3-stride:1-idskip:1", 2), "expands to nothing"},
      {row("expanded_conv-input:14x14x80-output:14x14x80-expand:6-kernel:4-stride:1-idskip:1", 2), "a window of 4"},
      {row("expanded_conv-input:14x14x99999-output:14x14x80-expand:6-kernel:3-stride:1-idskip:0", 2), "is no key of a block table"},
      {row("Conv_7-input:7x7x8-output:7x7x9", 2), "is no key of a block table"},
      {row("Conv-input:7x7x8-output:7x7x9", 2), "has no row of a block"},
      {row(key, -2), "no latency in milliseconds"},
      {row(key, 0), "no latency in milliseconds"},
      {row(key, 1e300), "no latency in milliseconds"},
      {row(key, 2, "  var: -1\n"), "a deviation below 0"},
      {row(key, 2, "  std: .nan\n"), "\"std\" of"},
      {row(key, 2, "  std: nan\n"), "a deviation below 0"},
      {row(key, 2, "  std: 1\n  var: 1\n"), "has both std and var"},
      {row(key, 2, "  count: 4\n"), "\"count\" of"},
      {row(key, 2, "  std: 0,5\n"), "\"0,5\" and no number that can be held"},
      {key + ":\n  count: 5\n  std: 1\n", "has no mean"},
      {key + ":\n  count: .nan\n  mean: 2\n", "no number that can be held"},
      {key + ":\n  count: nan\n  mean: 2\n", "no whole number"},
      {key + ":\n  count: 1e300\n  mean: 2\n", "no whole number"},
      {key + ":\n  count: -3.0\n  mean: 2\n", "no possible number of runs"},
      {key + ":\n  mean: !!python/object/apply:numpy.core.multiarray.scalar\n    - !!binary |\n      AAAAAAAA8D8=\n", "line 2: \"mean\" of"},
      {key + ",2\n", "line 1: has"},
      {"{\"" + key + "\": {\"count\": 61}}", "line 1: "},
      {"{\"" + key + "\": {\"mean\": 2}", "line 1"},
      {row(key, 2, "  var: 1\n  mean: 3\n"), "stands there twice"},
      {row(key, 2, "  var: 1\n  p50: 3\n"), "unknown field \"p50\""},
      {key + ":\n  count: 0\n  mean: 2\n  var: 1\n", "no possible number of runs"},
      {key + ":\n  count: 2.5\n  mean: 2\n  var: 1\n", "no whole number"},
      {key + ":\n  count: 5\n  mean: 2 ms\n  var: 1\n", "line 3: \"mean\" of"},
      {key + ":\n  count: 5\n  mean: [2]\n  var: 1\n", "is a list, where a number is needed"},
      {key + ":\n  count: {a: b}\n", "has a map where"},
      {key + ": 3\n", "where a map is needed"},
      {"- 1\n", "has a list"},
      {"", "has no row of a block"},
      {"latency", "where a map is needed"},
      {"a: &x {mean: 1}\nb: *x\n", "refers to another place"},
      {good + "---\n" + good, "more than one document"},
      {"a:\n\t- b", "is no YAML"},
      {std::string(100'000, '{'), "has a map where"},
      {std::string("\0\x01\xff", 3), "phone.yaml: line 1"}};
  for (const auto& [text, sentence] : damaged) {
    CAPTURE(text.substr(0, 300));
    CHECK_THAT(refusal_of(text), ContainsSubstring("phone.yaml: ") && ContainsSubstring(sentence));
  }
}

TEST_CASE("lists of whole networks are read and refused line by line", "[help_csv]") {
  const std::string header = "index,ks,e,lat_2080ti_1,lat_pixel3\n";
  const listed_latencies list = parse_help_csv(header + "0,357,346,12.5,3\r\n7,555,666,1e1,4.25", "nets.csv");
  CHECK(list.fields == std::vector<std::string>{"ks", "e"});
  CHECK(list.devices == std::vector<std::string>{"2080ti_1", "pixel3"});
  REQUIRE(list.networks.size() == 2);
  CHECK(list.networks[1] == listed_network{7, {"555", "666"}, {10, 4.25}});
  CHECK(list.networks[0].milliseconds[list.column_of("pixel3")] == 3);
  CHECK_THAT(refusal([&] { list.column_of("pixel4"); }),
             ContainsSubstring("nets.csv: has no device \"pixel4\"; choose one of 2080ti_1, pixel3"));
  const std::pair<std::string, const char*> damaged[] = {
      {"", "no network follows"},
      {header, "no network follows"},
      {"a,b\n", "does not begin with \"index\""},
      {"index,lat_a\n1,2\n", "lacks the network's fields or the devices"},
      {"index,ks,e\n1,2,3\n", "lacks the network's fields or the devices"},
      {"index,ks,lat_a,e\n", "\"e\", nameless or behind a device"},
      {"index,ks,ks,lat_a\n", "a column twice"},
      {"index,,lat_a\n", "the header has \"\""},
      {header + "0,357,346,12.5\n", "line 2: has 4 cells where the header has 5"},
      {header + "0,357,346,12.5,\n", "the latency on \"pixel3\" is \"\""},
      {header + "0,357,346,12.5,0\n", "not milliseconds above 0"},
      {header + "0,357,346,12.5,-1\n", "not milliseconds above 0"},
      {header + "0,357,346,12.5,nan\n", "not milliseconds above 0"},
      {header + "0,357,346,12.5,4 ms\n", "not milliseconds above 0"},
      {header + "0,3.7,346,12.5,4\n", "\"ks\" is \"3.7\""},
      {header + "0,357,346,1,4\n1,3577,346,1,4\n", "line 3: \"ks\" is \"3577\", not as many digits"},
      {header + "0,357,346,1,4\n0,355,346,1,4\n", "line 3: the index \"0\""},
      {header + "x,357,346,1,4\n", "the index \"x\""},
      {header + "0,357,346,1,4\n1,357,346,1,4\n", "line 3: the network \"357\" stands there twice"}};
  for (const auto& [text, sentence] : damaged) {
    CAPTURE(text);
    CHECK_THAT(refusal([&] { parse_help_csv(text, "nets.csv"); }),
               ContainsSubstring("nets.csv: line ") && ContainsSubstring(sentence));
  }
}
