// The widths of an iteration: ends always there, the rest uniform; what is impossible is refused.
#include <algorithm>
#include <cmath>
#include <vector>

#include <hasse/network/named.hpp>
#include <hasse/supernet/width_rules.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
/// Largest distance between the share of draws up to each width and that of a uniform distribution (Kolmogorov, Smirnov).
double distance_from_uniform(std::vector<int> widths, int least, int most) {
  std::sort(widths.begin(), widths.end());
  double largest = 0;
  const double count = static_cast<double>(widths.size());
  for (std::size_t i = 0; i < widths.size(); ++i) {
    const double expected = (widths[i] - least + 0.5) / (most - least + 1);
    largest = std::max(
        {largest, std::abs((static_cast<double>(i) + 1) / count - expected), std::abs(static_cast<double>(i) / count - expected)});
  }
  return largest;
}

/// One group of 8000 channels, so that a count tells the width.
width_family fine_grained() {
  layer_list layers{.input = {1, 1, 3}, .items = {}};
  layer_builder<layer_list> list{layers};
  list.linear(list.convolution(list.convolution(0, 64000, 1), 64000, 1), 2);
  return width_family(layers);
}
}  // namespace

TEST_CASE("the sandwich rule has both ends and uniform widths between them", "[width_rules]") {
  const width_family family = fine_grained();
  const sandwich rule{.least = 250, .most = 1000};
  std::vector<width_pass> passes;
  std::vector<int> drawn;
  for (std::uint64_t iteration = 0; iteration < 2000; ++iteration) {
    random_source random(iteration);
    rule.draw(family, random, passes);
    REQUIRE(passes.size() == 4);
    CHECK(passes[0].at == family.at(1000));
    CHECK(passes[1].at == family.at(250));
    for (std::size_t pass : {2u, 3u}) {
      CHECK(passes[pass].at[0] == passes[pass].at[1]);
      drawn.push_back(passes[pass].at[0] / 64);
    }
  }
  CHECK(distance_from_uniform(drawn, 250, 1000) < 1.63 / std::sqrt(static_cast<double>(drawn.size())));  // 1 % level
}

TEST_CASE("with a width per group the groups differ, and each is uniform", "[width_rules]") {
  const width_family family = fine_grained();
  const sandwich rule{.least = 150, .most = 1000, .per_group = true};
  std::vector<width_pass> passes;
  std::vector<int> first, second;
  int equal = 0;
  for (std::uint64_t iteration = 0; iteration < 2000; ++iteration) {
    random_source random(iteration);
    rule.draw(family, random, passes);
    CHECK(passes[0].at == family.at(1000));
    CHECK(passes[1].at == family.at(150));
    first.push_back(passes[2].at[0] / 64), second.push_back(passes[2].at[1] / 64);
    equal += first.back() == second.back();
  }
  for (const auto& each : {first, second}) CHECK(distance_from_uniform(each, 150, 1000) < 1.63 / std::sqrt(2000.0));
  CHECK(equal < 20);
}

TEST_CASE("one iteration draws the same passes again", "[width_rules]") {
  const width_family family(named_network("resnet20"));
  std::vector<width_pass> one, other;
  random_source left(9), right(9);
  sandwich{.per_group = true}.draw(family, left, one);
  other.resize(7);
  sandwich{.per_group = true}.draw(family, right, other);
  REQUIRE(one.size() == other.size());
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(one[i].at == other[i].at);
}

TEST_CASE("predefined widths have batch norms of their own", "[width_rules]") {
  const width_family family(named_network("resnet20"));
  const predefined_widths rule{.list = {family.at(1000), family.at(500)}};
  CHECK(rule.norms() == 2);
  std::vector<width_pass> passes;
  random_source random(1);
  rule.draw(family, random, passes);
  REQUIRE(passes.size() == 2);
  CHECK(passes[1].norms == 1);
  CHECK(passes[1].at == family.at(500));
}

TEST_CASE("a rule that a family cannot serve is refused in a sentence", "[width_rules]") {
  const width_family family(named_network("resnet20"));
  using Catch::Matchers::Contains;
  CHECK_THROWS_WITH(sandwich({.least = 250, .most = 1500}).check(family), Contains("0.25 to 1.5") && Contains("up to 1.0"));
  CHECK_THROWS_WITH(sandwich({.least = 500, .most = 250}).check(family), Contains("0.5 to 0.25"));
  CHECK_THROWS_WITH(sandwich({.passes = 1}).check(family), Contains("2 to 64"));
  CHECK_THROWS_WITH(predefined_widths{}.check(family), Contains("at least one width"));
  CHECK_THROWS_WITH(predefined_widths{.list = {{{16}}}}.check(family), Contains("12 channel groups"));
}
