#include <catch.hpp>

#include <set>

#include <hasse/search/tabular.hpp>

#include "macro_table.hpp"

using hasse::tabular_order;

namespace {

const hasse::tabular_benchmark& macro() {
  static const auto table = hasse::parse_benchmark(test::macro_table(0.3), "table.json");
  return table;
}

std::string channel_table() {
  std::string text = "{";
  for (int n = 0; n < 16384; ++n) {
    std::string key(7, '1');
    int sum = 0;
    for (int i = 6, rest = n; i >= 0; --i, rest /= 4) key[static_cast<std::size_t>(i)] = static_cast<char>('1' + rest % 4), sum += rest % 4;
    text += (n ? ",\"" : "\"") + key + "\":{\"acc\":[1],\"std\":0,\"flops\":" + std::to_string(1000 + sum) + ",\"params\":1,\"mean\":" + std::to_string(90 + sum / 10.0) + "}";
  }
  return text + "}";
}

void check_laws(const hasse::tabular_domain& domain, std::uint64_t seed) {
  hasse::random_source random(seed);
  std::size_t comparable = 0;
  const auto above = [&](hasse::tabular_candidate x) {  // a few moves, most of them up
    for (int i = 0; i < 6; ++i)
      if (const auto y = domain.mutate(x, random); domain.precedes(x, y)) x = y;
    return x;
  };
  for (int i = 0; i < 20'000; ++i) {
    const auto x = domain.sample(random), y = i % 2 ? above(x) : domain.sample(random), z = i % 2 ? above(y) : domain.sample(random);
    REQUIRE(domain.precedes(x, x));
    if (domain.precedes(x, y) && domain.precedes(y, x)) REQUIRE(x == y);
    if (domain.precedes(x, y) && domain.precedes(y, z)) REQUIRE(domain.precedes(x, z));
    if (domain.precedes(x, y)) REQUIRE(domain.cost(x) <= domain.cost(y));
    comparable += domain.precedes(x, y) && !(x == y);
  }
  CHECK(comparable > 2000);
}

// Greedy: the first layers correspond, every further layer of x goes to the first later layer of y that is at least as large.
bool embeds(const std::string& x, const std::string& y) {
  std::size_t at = 0;
  for (const std::size_t layers : {2u, 3u, 3u}) {
    if (x[at] > y[at]) return false;
    std::size_t j = 1;
    for (std::size_t i = 1; i < layers; ++i) {
      if (x[at + i] == '0') continue;
      while (j < layers && y[at + j] < x[at + i]) ++j;
      if (j++ >= layers) return false;
    }
    at += layers;
  }
  return true;
}

}  // namespace

TEST_CASE("the published FLOPs of NAS-Bench-Macro follow from the keys, so the test's table is a fair copy", "[tabular]") {
  CHECK(test::macro_flops("02012100") == 47327744);
  CHECK(test::macro_flops("11111221") == 65012224);
  CHECK(test::macro_flops("00011110") == 31390208);
}

TEST_CASE("equal networks under different keys are one network", "[tabular]") {
  CHECK(macro().format->name == "nas-bench-macro");
  CHECK(macro().keys == 6561);
  CHECK(macro().networks.size() == 3969);
  const hasse::tabular_domain domain(macro());
  CHECK(domain.parse("01002001") == domain.parse("01020010"));
  CHECK(domain.text(domain.parse("00001001")) == "00010010");
  CHECK_FALSE(domain.parse("01012000") == domain.parse("01021000"));
  CHECK_THROWS_WITH(domain.parse("01020013"), ContainsSubstring("not in the table"));
  CHECK_THROWS_WITH(domain.parse("0102001"), ContainsSubstring("not in the table"));
  const auto channel = hasse::parse_benchmark(channel_table(), "c.json");
  CHECK(channel.format->name == "channel-bench-macro");
  CHECK(channel.networks.size() == 16384);
}

TEST_CASE("the reference is the largest cost and the median accuracy of distinct networks", "[tabular]") {
  const auto table = hasse::parse_benchmark(
      R"({"00000000":{"mean_acc":10,"flops":5},"00000010":{"mean_acc":40,"flops":9},"00000001":{"mean_acc":40,"flops":9},"00000020":{"mean_acc":20,"flops":7}})", "t");
  CHECK(table.networks.size() == 3);
  CHECK(table.reference().cost == hasse::ticks{9});
  CHECK(table.reference().merit == 20);
  const auto even = hasse::parse_benchmark(R"({"00000000":{"mean_acc":10,"flops":5},"00000010":{"mean_acc":40,"flops":9}})", "t");
  CHECK(even.reference().merit == 25);
}

TEST_CASE("all three orders are partial orders along which cost rises", "[tabular]") {
  for (const auto order : {tabular_order::strict, tabular_order::embedding, tabular_order::product}) {
    INFO(hasse::to_text(order));
    check_laws(hasse::tabular_domain(macro(), order), 1);
  }
}

TEST_CASE("what each order compares", "[tabular]") {
  const hasse::tabular_domain strict(macro(), tabular_order::strict), embedding(macro(), tabular_order::embedding), product(macro(), tabular_order::product);
  const auto judge = [&](const char* x, const char* y) {
    std::string by;
    for (const auto& [letter, domain] : {std::pair{'s', &strict}, std::pair{'e', &embedding}, std::pair{'p', &product}})
      if (domain->precedes(domain->parse(x), domain->parse(y))) by += letter;
    return by;
  };
  CHECK(judge("00000000", "10000000") == "sep");  // raise a first layer
  CHECK(judge("00100000", "00200000") == "sep");
  CHECK(judge("11000000", "12000000") == "sep");  // raise a later one
  CHECK(judge("00000000", "01000000") == "ep");   // an identity cannot be duplicated
  CHECK(judge("10000000", "11000000") == "sep");  // duplicate the first layer
  CHECK(judge("20000000", "21000000") == "ep");   // a narrower layer than any that is there
  CHECK(judge("00020000", "00012000") == "e");    // insert a narrower one in front
  CHECK(judge("00120000", "00112000") == "se");   // duplicate the first in front
  CHECK(judge("00020000", "00022000") == "sep");
  CHECK(judge("00021000", "00012000") == "");
  CHECK(judge("12000000", "21000000") == "");
  hasse::random_source random(2);
  for (int i = 0; i < 50'000; ++i) {
    const auto x = strict.sample(random), y = strict.sample(random);
    REQUIRE(embedding.precedes(x, y) == embeds(strict.text(x), strict.text(y)));
    if (strict.precedes(x, y) || product.precedes(x, y)) REQUIRE(embedding.precedes(x, y));
    bool everywhere = true;
    for (std::size_t k = 0; k < 8; ++k) everywhere = everywhere && strict.text(x)[k] <= strict.text(y)[k];
    REQUIRE(product.precedes(x, y) == everywhere);
  }
}

TEST_CASE("where no layer can be absent, the three orders are one", "[tabular]") {
  const auto table = hasse::parse_benchmark(channel_table(), "c.json");
  const hasse::tabular_domain strict(table, tabular_order::strict), embedding(table, tabular_order::embedding), product(table, tabular_order::product);
  hasse::random_source random(1);
  for (int i = 0; i < 50'000; ++i) {
    const auto x = strict.sample(random), y = i % 2 ? strict.sample(random) : strict.mutate(x, random);
    bool everywhere = true;
    for (std::size_t k = 0; k < 7; ++k) everywhere = everywhere && strict.text(x)[k] <= strict.text(y)[k];
    REQUIRE(strict.precedes(x, y) == everywhere);
    REQUIRE(embedding.precedes(x, y) == everywhere);
    REQUIRE(product.precedes(x, y) == everywhere);
  }
}

TEST_CASE("a mutation is another network of the table, one digit away", "[tabular]") {
  const hasse::tabular_domain domain(macro());
  hasse::random_source random(1);
  std::set<std::string> near;
  const auto x = domain.parse("12100000");
  for (int i = 0; i < 2000; ++i) near.insert(domain.text(domain.mutate(x, random)));
  CHECK(near == std::set<std::string>{"02100000", "22100000", "10100000", "11100000", "12000000", "12200000", "12110000", "12120000", "12100100",
                                      "12100200", "12100010", "12100020"});
  const auto lonely = hasse::parse_benchmark(R"({"00000000":{"mean_acc":10,"flops":5},"22222222":{"mean_acc":40,"flops":9}})", "t");
  const hasse::tabular_domain two(lonely);
  for (int i = 0; i < 20; ++i) CHECK(two.mutate({0}, random).index < 2);
}

TEST_CASE("hostile and foreign tables are refused with the file, the place and a remedy", "[tabular]") {
  const auto read = [](const std::string& text) { return hasse::parse_benchmark(text, "some/table.json"); };
  const auto named = ContainsSubstring("some/table.json: ");
  CHECK_THROWS_WITH(read(""), named);
  CHECK_THROWS_WITH(read("[]"), named && ContainsSubstring("not a table of networks"));
  CHECK_THROWS_WITH(read("{}"), named && ContainsSubstring("not a table of networks"));
  CHECK_THROWS_WITH(read(R"({"weights": 3})"), named && ContainsSubstring("\"weights\"") && ContainsSubstring("NAS-Bench-Macro"));
  CHECK_THROWS_WITH(read(R"({"00000000": 3})"), named && ContainsSubstring("network 00000000"));
  CHECK_THROWS_WITH(read(R"({"00000000": {"mean_acc": 50}})"), named && ContainsSubstring("flops"));
  CHECK_THROWS_WITH(read(R"({"00000000": {"flops": 50}})"), named && ContainsSubstring("mean_acc"));
  CHECK_THROWS_WITH(read(R"({"00000000": {"mean_acc": 50, "flops": 1.5}})"), named && ContainsSubstring("whole number"));
  CHECK_THROWS_WITH(read(R"({"00000000": {"mean_acc": 50, "flops": -4}})"), named && ContainsSubstring("-4 FLOPs"));
  CHECK_THROWS_WITH(read(R"({"00000000": {"mean_acc": 101, "flops": 4}})"), named && ContainsSubstring("0 to 100"));
  CHECK_THROWS_WITH(read(R"({"00000000": {"mean_acc": 1e999, "flops": 4}})"), named);
  CHECK_THROWS_WITH(read(R"({"00000000": {"mean_acc": 1, "flops": 4}, "000000001": {"mean_acc": 1, "flops": 4}})"), named && ContainsSubstring("not one of"));
  CHECK_THROWS_WITH(read(R"({"00000001": {"mean_acc": 1, "flops": 4}, "00000010": {"mean_acc": 2, "flops": 4}})"), named && ContainsSubstring("another result"));
  CHECK_THROWS_AS(hasse::read_benchmark("no/such/table.json"), hasse::file_error);
}

TEST_CASE("a table cut anywhere is refused; one with a flipped bit is refused or still a table", "[tabular]") {
  const std::string whole = R"({"00000000":{"mean_acc":10.5,"flops":5},"00000010":{"mean_acc":40,"flops":9},"00000001":{"mean_acc":40,"flops":9}})";
  for (std::size_t size = 0; size < whole.size(); ++size) CHECK_THROWS_AS(hasse::parse_benchmark(whole.substr(0, size), "t"), hasse::file_error);
  std::size_t refused = 0;
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string bent = whole;
    bent[bit / 8] = static_cast<char>(bent[bit / 8] ^ (1 << bit % 8));
    try {
      const auto table = hasse::parse_benchmark(bent, "t");
      const hasse::tabular_domain domain(table);
      CHECK(domain.size() >= 2);
    } catch (const hasse::file_error&) {
      ++refused;
    }
  }
  CHECK(refused > 4 * whole.size());
}

TEST_CASE("a table's networks lie where their digits and counts say, and cross digit by digit", "[tabular]") {
  const auto table = hasse::parse_benchmark(test::macro_table(0), "t");
  const hasse::tabular_domain domain(table);
  CHECK(domain.coordinates_of(domain.parse("02100212")).levels == std::vector<double>{0, 1, 0.5, 0, 0, 1, 0.5, 1});
  const auto counts = domain.coordinates_of(domain.parse("02110212")).counts;
  REQUIRE(counts.size() == 6);
  for (const auto& [at, value] : {std::pair{0, 0.5}, {1, 0.5}, {2, 2 / 3.0}, {3, 1 / 3.0}, {4, 1.0}, {5, 2.5 / 3}}) CHECK(counts[static_cast<std::size_t>(at)] == Approx(value));
  hasse::random_source random(3);
  std::set<std::string> children;
  for (int i = 0; i < 100; ++i) children.insert(domain.text(domain.cross(domain.parse("22222222"), domain.parse("11111111"), random)));
  CHECK(children.size() > 60);
  for (const std::string& child : children) CHECK(child.find('0') == child.npos);
}
