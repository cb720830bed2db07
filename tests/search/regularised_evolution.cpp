#include <catch.hpp>

#include <set>

#include <hasse/search/regularised_evolution.hpp>

#include "code_domain.hpp"

using test::code_domain;
using evolution = hasse::regularised_evolution<code_domain>;
static_assert(hasse::Policy<evolution, code_domain>);

namespace {
// Neighbours of the test domain are the next and the previous member of its list.
int distance(const code_domain& domain, int one, int other) {
  const int count = static_cast<int>(domain.codes.size()), apart = std::abs(one - other);
  return std::min(apart, count - apart);
}
}  // namespace

TEST_CASE("children are one mutation away from a parent, or more when all in between is known", "[evolution]") {
  const code_domain domain;
  const int count = static_cast<int>(domain.codes.size());
  evolution policy(domain, {.seed = 3, .population = 1, .tournament = 1});
  policy.tell(domain.parse("1|2|3"), {50.0});
  const auto first = policy.ask().value();
  CHECK(distance(domain, first.index, domain.parse("1|2|3").index) == 1);
  policy.tell(first, {50.0});
  std::set<int> known{first.index, domain.parse("1|2|3").index};
  for (int i = 0; i < 15; ++i) {
    const auto x = policy.ask().value();
    CHECK((known.contains((x.index + 1) % count) || known.contains((x.index + count - 1) % count)));
    CHECK(known.insert(x.index).second);
    policy.tell(x, {domain.accuracy(x)});
  }
}

TEST_CASE("the winner of a tournament is not dominated, and the oldest leaves the population", "[evolution]") {
  code_domain domain;
  const auto good = domain.parse("1|1|1"), bad = domain.parse("12|22|22"), young = domain.parse("3|3|3");
  REQUIRE(std::min({distance(domain, good.index, bad.index), distance(domain, good.index, young.index), distance(domain, bad.index, young.index)}) > 4);
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    evolution policy(domain, {.seed = seed, .population = 2, .tournament = 40});
    policy.tell(bad, {10.0}), policy.tell(good, {90.0});
    CHECK(distance(domain, policy.ask().value().index, good.index) == 1);
    evolution later(domain, {.seed = seed, .population = 2, .tournament = 40});
    later.tell(good, {90.0}), later.tell(bad, {10.0}), later.tell(young, {5.0});  // good has left
    const int child = later.ask().value().index;
    CHECK(std::min(distance(domain, child, bad.index), distance(domain, child, young.index)) == 1);
  }
}

TEST_CASE("failed trainings never become parents", "[evolution]") {
  const code_domain domain;
  evolution policy(domain, {.seed = 1, .population = 1, .tournament = 1});
  const auto parent = domain.parse("1|2|3");
  policy.tell(parent, {50.0});
  policy.tell(domain.parse("333|333|33"), {std::nullopt});
  CHECK(distance(domain, policy.ask().value().index, parent.index) == 1);
}

TEST_CASE("evolution visits everything once, the same for the same seed, and after a replay of any prefix", "[evolution]") {
  const code_domain domain(2, {hasse::ticks{0}, hasse::ticks{250}});
  const hasse::evolution_options options{.seed = 5, .population = 10, .tournament = 3};
  evolution whole(domain, options);
  test::drive(whole, domain);
  const auto order = test::texts(whole, domain);
  CHECK(order.size() == static_cast<std::size_t>(domain.size()));
  CHECK(std::set<std::string>(order.begin(), order.end()).size() == order.size());
  CHECK(whole.end() == hasse::search_end::exhausted);
  for (std::size_t kept = 0; kept <= order.size(); kept += 3) {
    evolution again(domain, options);
    for (std::size_t i = 0; i < kept; ++i) again.tell(whole.done()[i].candidate, {whole.done()[i].merit});
    test::drive(again, domain);
    REQUIRE(again.done() == whole.done());
  }
  evolution other(domain, {.seed = 6, .population = 10, .tournament = 3});
  test::drive(other, domain);
  CHECK(test::texts(other, domain) != order);
}

TEST_CASE("impossible sizes of population and tournament are refused", "[evolution]") {
  const code_domain domain;
  CHECK_THROWS_WITH(evolution(domain, {.population = 0}), ContainsSubstring("at least 1"));
  CHECK_THROWS_WITH(evolution(domain, {.tournament = 0}), ContainsSubstring("at least 1"));
}
