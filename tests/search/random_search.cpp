#include <catch.hpp>

#include <set>

#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/random_search.hpp>

#include "code_domain.hpp"

using test::code_domain;
using random_policy = hasse::random_search<code_domain>;
static_assert(hasse::Policy<random_policy, code_domain>);

TEST_CASE("random search visits everything once, in an order of its seed", "[random_search]") {
  const code_domain domain;
  random_policy one(domain, {.seed = 1}), again(domain, {.seed = 1}), other(domain, {.seed = 2});
  test::drive(one, domain), test::drive(again, domain), test::drive(other, domain);
  const auto order = test::texts(one, domain);
  CHECK(order.size() == domain.codes.size());
  CHECK(std::set<std::string>(order.begin(), order.end()).size() == order.size());
  CHECK(order == test::texts(again, domain));
  CHECK(order != test::texts(other, domain));
  CHECK(one.end() == hasse::search_end::exhausted);
  CHECK(one.living() == 0);
  CHECK(one.state_hash() == again.state_hash());
  CHECK(one.state_hash() != other.state_hash());
}

TEST_CASE("pruning with the same seed goes through the order of random search and leaves out what it pruned", "[random_search]") {
  for (const std::size_t listed : {hasse::listing_limit, std::size_t{0}}) {
    const code_domain domain(3);
    random_policy random(domain, {.seed = 4, .list_up_to = listed});
    hasse::partial_order_pruning pruning(domain, {.seed = 4, .list_up_to = listed});
    test::drive(random, domain), test::drive(pruning, domain);
    const auto all = test::texts(random, domain), some = test::texts(pruning, domain);
    CHECK(some.size() < all.size());
    auto place = all.begin();
    for (const auto& text : some) {
      place = std::find(place, all.end(), text);
      REQUIRE(place != all.end());
    }
  }
}

TEST_CASE("a set too large to list is searched without repeats, and its end is found", "[random_search]") {
  const code_domain domain(1, {hasse::ticks{0}, hasse::ticks{150}});
  REQUIRE(domain.size() > 10);
  random_policy policy(domain, {.seed = 1, .list_up_to = 0});
  test::drive(policy, domain);
  CHECK(policy.done().size() == static_cast<std::size_t>(domain.size()));
  CHECK(policy.end() == hasse::search_end::sparse);
  CHECK(policy.living() == domain.size() - policy.done().size());
}
