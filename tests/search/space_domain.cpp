// search/space_domain.hpp: a space and a table as the admissible set of a search.
#include <set>

#include <hasse/search/space_domain.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

static_assert(Domain<space_domain<two_stages>> && Domain<space_domain<df, embedding_order>>);

TEST_CASE("the domain lists, samples and mutates inside its window", "[domain]") {
  random_source random(4);
  const auto latencies = random_latencies<two_stages>(random, 50);
  const space_domain<two_stages> domain(latencies, {{90}, {170}});
  std::set<architecture<two_stages>> listed;
  domain.for_each([&](const auto& choice) { listed.insert(choice); });
  REQUIRE(listed.size() == domain.size());
  REQUIRE(listed.size() > 20);
  std::set<architecture<two_stages>> reached;
  auto here = domain.sample(random);
  for (int i = 0; i < 5'000; ++i) {
    const auto next = domain.mutate(here, random);
    REQUIRE(listed.contains(next));
    reached.insert(here = next);
  }
  REQUIRE(reached == listed);
}

TEST_CASE("texts are parsed back, and refused outside the window", "[domain]") {
  const std::vector<ticks> latencies(static_cast<std::size_t>(part_count<two_stages>), ticks{10'000});
  const space_domain<two_stages> domain(latencies, {{0}, {50'000}});
  const auto choice = domain.parse("[(32),(64)]");
  REQUIRE(domain.parse(domain.text(choice)) == choice);
  REQUIRE(domain.latency(choice).count == 40'000);
  REQUIRE_THROWS_WITH(domain.parse("[(32,32,32),(64)]"), ContainsSubstring("6.0000 ms, outside the window of 0.0000 to 5.0000 ms"));
  REQUIRE_THROWS_AS(domain.parse("nonsense"), error);
}
