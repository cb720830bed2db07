#include <catch.hpp>

#include <set>

#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/random_search.hpp>

#include "code_domain.hpp"

using test::code_domain;
using test::two_devices;
using candidate = code_domain::candidate;
using pruning = hasse::partial_order_pruning<code_domain>;
static_assert(hasse::Policy<pruning, code_domain>);

namespace {

constexpr hasse::latency_window window{hasse::ticks{100}, hasse::ticks{450}};

// P by its definition, from D alone.
std::set<int> pruned_by_definition(const code_domain& domain, const std::vector<hasse::trained<candidate>>& done, double margin) {
  std::set<int> pruned;
  for (const auto& w : done) {
    if (!w.merit) continue;
    std::optional<hasse::ticks> bound;
    for (const auto& y : done)
      if (y.merit && *y.merit >= *w.merit + margin && (!bound || y.cost < *bound)) bound = y.cost;
    if (!bound) continue;
    domain.for_each([&](candidate x) {
      if (domain.precedes(x, w.candidate) && !(x == w.candidate) && domain.cost(x) >= *bound) pruned.insert(x.index);
    });
  }
  for (const auto& t : done) pruned.erase(t.candidate.index);
  return pruned;
}

std::set<int> pruned_set(const pruning& policy) {
  std::set<int> pruned;
  for (const auto& c : policy.certificates()) CHECK(pruned.insert(c.pruned.index).second);
  return pruned;
}

hasse::frontier<candidate> true_frontier(const code_domain& domain) {
  hasse::frontier<candidate> front;
  domain.for_each([&](candidate x) { front.add({x, domain.cost(x), domain.accuracy(x)}); });
  return front;
}

}  // namespace

TEST_CASE("run to exhaustion, pruning preserves the true frontier and prunes none of it", "[pop]") {
  std::size_t saved = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    for (const std::size_t listed : {hasse::listing_limit, std::size_t{0}}) {
      const code_domain domain(seed, window);
      REQUIRE(domain.size() > 250);
      pruning policy(domain, {.seed = seed, .list_up_to = listed});
      test::drive(policy, domain);
      INFO("seed " << seed << ", listed up to " << listed);
      CHECK(policy.end() == (listed ? hasse::search_end::exhausted : hasse::search_end::sparse));
      const auto truth = true_frontier(domain).points(), found = policy.boundary().points();
      REQUIRE(found.size() == truth.size());
      for (std::size_t i = 0; i < truth.size(); ++i) {
        CHECK(found[i].cost == truth[i].cost);
        CHECK(found[i].merit == truth[i].merit);
      }
      std::size_t pruned = 0;
      domain.for_each([&](candidate x) { pruned += policy.is_pruned(x); });
      CHECK(pruned + policy.done().size() == static_cast<std::size_t>(domain.size()));
      CHECK(policy.living_share() == 0);
      if (listed) {
        CHECK(policy.pruned() == pruned);
        CHECK(policy.living() == 0);
        CHECK(policy.pruned_after().back() == pruned);
      }
      saved += pruned;
    }
  CHECK(saved / 40 > 60);
}

TEST_CASE("the pruned set is what its definition says after every training, failed ones and margins included", "[pop]") {
  for (const double margin : {0.0, 0.7, 4.0}) {
    code_domain domain(5, window);
    hasse::random_source noise(9);
    for (double& accuracy : domain.accuracies) accuracy = std::round(accuracy + 2 * noise.normal());  // violations and ties
    pruning policy(domain, {.seed = 3, .margin = margin});
    std::set<int> before;
    while (const auto x = policy.ask()) {
      CHECK_FALSE(before.contains(x->index));
      policy.tell(*x, {policy.done().size() % 7 == 6 ? std::nullopt : std::optional(domain.accuracy(*x))});
      const auto now = pruned_set(policy);
      REQUIRE(now == pruned_by_definition(domain, policy.done(), margin));
      CHECK(std::includes(now.begin(), now.end(), before.begin(), before.end()));
      CHECK(policy.living() == static_cast<std::size_t>(domain.size()) - now.size() - policy.done().size());
      before = now;
    }
    CHECK(before.size() > (margin > 1 ? 0u : 10u));
    for (const auto& claim : policy.certificates()) REQUIRE(hasse::certificate_fault(domain, claim, policy.done(), margin) == "");
  }
}

TEST_CASE("certificates hold when checked without the search, and a forged one is refused by the claim that fails", "[pop]") {
  const code_domain domain(2, window);
  pruning policy(domain, {.seed = 2});
  test::drive(policy, domain);
  REQUIRE(policy.certificates().size() > 20);
  for (const auto& claim : policy.certificates()) {
    CHECK(hasse::certificate_fault(domain, claim, policy.done()) == "");
    const auto fresh = policy.certificate_of(claim.pruned);
    REQUIRE(fresh);
    CHECK(hasse::certificate_fault(domain, *fresh, policy.done()) == "");
  }
  const auto good = policy.certificates().front();
  auto forged = good;
  forged.pruned = policy.done().front().candidate;
  CHECK_THAT(hasse::certificate_fault(domain, forged, policy.done()), ContainsSubstring("is trained"));
  forged = good, forged.above = good.pruned;
  CHECK_THAT(hasse::certificate_fault(domain, forged, policy.done()), ContainsSubstring("bounds nothing"));
  forged = good, forged.instead = good.pruned;
  CHECK_THAT(hasse::certificate_fault(domain, forged, policy.done()), ContainsSubstring("replaces nothing"));
  CHECK_THAT(hasse::certificate_fault(domain, good, policy.done(), 1000), ContainsSubstring("not good enough"));
  for (const auto& t : policy.done()) {
    forged = good, forged.above = t.candidate;
    if (!domain.precedes(good.pruned, t.candidate)) CHECK_THAT(hasse::certificate_fault(domain, forged, policy.done()), ContainsSubstring("does not precede"));
    forged = good, forged.instead = t.candidate;
    if (t.cost > domain.cost(good.pruned)) CHECK(hasse::certificate_fault(domain, forged, policy.done()) != "");
  }
  CHECK_FALSE(policy.certificate_of(policy.done().front().candidate));
}

TEST_CASE("the pruned set does not depend on the order in which the same trainings arrive", "[pop]") {
  const code_domain domain(4, window);
  pruning first(domain, {.seed = 8});
  test::drive(first, domain, 60);
  auto done = first.done();
  const auto expected = [&] {
    std::set<int> all;
    domain.for_each([&](candidate x) { if (first.is_pruned(x)) all.insert(x.index); });
    return all;
  }();
  CHECK(expected == pruned_set(first));
  hasse::random_source random(1);
  for (int repeat = 0; repeat < 10; ++repeat) {
    hasse::shuffle(done.begin(), done.end(), random);
    pruning other(domain, {.seed = 99});
    for (const auto& t : done) other.tell(t.candidate, {t.merit});
    CHECK(pruned_set(other) == expected);
  }
}

TEST_CASE("an inaccurate slow precedent goes, a fast one stays, a successor stays", "[pop]") {
  const code_domain domain;
  const auto at = [&](const char* text) { return domain.parse(text); };
  pruning policy(domain);
  policy.tell(at("22|22|3"), {70.0});
  CHECK(policy.pruned() == 0);  // on the frontier itself
  policy.tell(at("1|2|33"), {71.0});
  const hasse::ticks bound = domain.cost(at("1|2|33"));
  REQUIRE(bound < domain.cost(at("22|22|3")));
  CHECK(policy.is_pruned(at("12|22|3")) == (domain.cost(at("12|22|3")) >= bound));
  CHECK(policy.is_pruned(at("2|22|3")) == (domain.cost(at("2|22|3")) >= bound));
  CHECK_FALSE(policy.is_pruned(at("1|1|1")));
  CHECK_FALSE(policy.is_pruned(at("22|22|33")));
  CHECK_FALSE(policy.is_pruned(at("22|22|3")));
  REQUIRE(policy.pruned().value() > 0);
}

TEST_CASE("a pair that the latencies contradict prunes nothing where it is excluded", "[pop]") {
  code_domain domain;
  const auto at = [&](const char* text) { return domain.parse(text); };
  const auto small = at("1|1|2"), large = at("1|1|3"), better = at("2|2|2"), calm = at("1|1|1");
  const auto set = [&](candidate x, std::int64_t latency) { domain.latencies[static_cast<std::size_t>(x.index)] = hasse::ticks{latency}; };
  set(calm, 95), set(small, 200), set(large, 100), set(better, 90);  // small precedes large and is slower
  for (const bool exclude : {false, true}) {
    pruning policy(domain, {.exclude = exclude});
    policy.tell(large, {50.0});
    policy.tell(better, {60.0});
    CHECK(policy.is_pruned(small) == !exclude);
    CHECK(policy.is_pruned(calm));
    CHECK(std::any_of(policy.certificates().begin(), policy.certificates().end(), [&](const auto& c) { return c.pruned == small; }) == !exclude);
  }
  const hasse::certificate<candidate> claim{small, large, better};
  pruning told(domain);
  told.tell(large, {50.0}), told.tell(better, {60.0});
  CHECK(hasse::certificate_fault(domain, claim, told.done()) == "");
  CHECK_THAT(hasse::certificate_fault(domain, claim, told.done(), 0, true), ContainsSubstring("1|1|2 costs more than 1|1|3, which it precedes"));
}

TEST_CASE("several candidates under way are distinct, living, and may be cancelled and released", "[pop]") {
  for (const std::size_t listed : {hasse::listing_limit, std::size_t{0}}) {
    const code_domain domain(6, window);
    pruning policy(domain, {.seed = 5, .list_up_to = listed});
    std::vector<candidate> under_way;
    std::set<int> seen;
    std::size_t cancelled = 0;
    hasse::random_source random(3);
    for (;;) {
      while (under_way.size() < 6) {
        const auto x = policy.ask();
        if (!x) break;
        REQUIRE_FALSE(policy.is_pruned(*x));
        REQUIRE(seen.insert(x->index).second);
        under_way.push_back(*x);
      }
      if (under_way.empty()) break;
      const auto at = under_way.begin() + static_cast<std::ptrdiff_t>(random.below(under_way.size()));
      policy.tell(*at, {domain.accuracy(*at)});
      under_way.erase(at);
      std::erase_if(under_way, [&](candidate x) {
        if (!policy.is_pruned(x)) return false;
        policy.release(x);
        return ++cancelled > 0;
      });
    }
    CHECK(cancelled > 0);
    CHECK(policy.boundary().points().size() == true_frontier(domain).points().size());
    CHECK(policy.done().size() + cancelled == seen.size());
  }
}

TEST_CASE("a released candidate that still lives is asked for again, at its old place", "[pop]") {
  for (const std::size_t listed : {hasse::listing_limit, std::size_t{0}}) {
    const code_domain domain(6, window);
    pruning policy(domain, {.seed = 5, .list_up_to = listed});
    const auto a = policy.ask(), b = policy.ask(), c = policy.ask();
    policy.release(*b), policy.release(*a);
    CHECK(policy.ask() == a);
    CHECK(policy.ask() == b);
    CHECK_FALSE(policy.ask() == c);
    CHECK_THROWS_WITH(policy.release({0}), ContainsSubstring("not under way"));
  }
}

TEST_CASE("a pruned candidate that was trained nevertheless is trained, not pruned", "[pop]") {
  const code_domain domain(4, window);
  pruning policy(domain, {.seed = 8});
  test::drive(policy, domain, 80);
  REQUIRE(policy.pruned().value() > 0);
  const auto x = policy.certificates().front().pruned;
  const auto pruned = policy.pruned().value(), living = policy.living().value();
  policy.tell(x, {0.0});
  CHECK_FALSE(policy.is_pruned(x));
  CHECK(policy.pruned() == pruned - 1);
  CHECK(policy.living() == living);
}

TEST_CASE("stopping rules end a search, each with its reason", "[pop]") {
  const code_domain domain(1, window);
  pruning budget(domain, {.stop = {.trainings = 7}});
  for (int i = 0; i < 7; ++i) REQUIRE(budget.ask());
  CHECK_FALSE(budget.ask());  // all seven are under way
  CHECK(budget.end() == hasse::search_end::trainings);
  pruning unchanged(domain, {.stop = {.unchanged = 5}});
  test::drive(unchanged, domain);
  CHECK(unchanged.end() == hasse::search_end::unchanged);
  const auto& done = unchanged.done();
  hasse::frontier<candidate> front;
  std::size_t last = 0;
  for (std::size_t i = 0; i < done.size(); ++i)
    if (front.add({done[i].candidate, done[i].cost, *done[i].merit})) last = i;
  CHECK(done.size() == last + 6);
}

TEST_CASE("the same seed gives the same trainings, and telling any prefix again restores the rest", "[pop]") {
  for (const std::size_t listed : {hasse::listing_limit, std::size_t{0}}) {
    const code_domain domain(7, window);
    const hasse::pruning_options options{.seed = 11, .list_up_to = listed};
    pruning whole(domain, options);
    test::drive(whole, domain);
    pruning other(domain, {.seed = 12, .list_up_to = listed});
    test::drive(other, domain, 10);
    CHECK_FALSE(std::equal(other.done().begin(), other.done().end(), whole.done().begin()));
    const std::size_t step = listed ? 1 : 16;  // a sparse end takes 100 000 draws each time
    for (std::size_t kept = 0; kept <= whole.done().size(); kept += step) {
      pruning again(domain, options);
      for (std::size_t i = 0; i < kept; ++i) again.tell(whole.done()[i].candidate, {whole.done()[i].merit});
      test::drive(again, domain);
      REQUIRE(again.done() == whole.done());
      REQUIRE(again.state_hash() == whole.state_hash());
      if (listed) REQUIRE(pruned_set(again) == pruned_set(whole));
    }
  }
}

TEST_CASE("with several workers, replaying the tells restores what is asked next, whatever was under way", "[pop]") {
  for (const std::size_t listed : {hasse::listing_limit, std::size_t{0}}) {
    const code_domain domain(7, window);
    const hasse::pruning_options options{.seed = 11, .list_up_to = listed};
    pruning killed(domain, options);
    std::vector<candidate> under_way;
    for (int i = 0; i < 40; ++i) {
      while (under_way.size() < 4) under_way.push_back(killed.ask().value());
      killed.tell(under_way[static_cast<std::size_t>(i) % 4], {domain.accuracy(under_way[static_cast<std::size_t>(i) % 4])});
      under_way.erase(under_way.begin() + i % 4);
    }
    for (const candidate x : under_way) killed.release(x);
    pruning again(domain, options);
    for (const auto& t : killed.done()) again.tell(t.candidate, {t.merit});
    test::drive(killed, domain), test::drive(again, domain);
    CHECK(again.done() == killed.done());
  }
}

TEST_CASE("every draw is uniform over what still lives", "[pop]") {
  for (const std::size_t listed : {hasse::listing_limit, std::size_t{0}}) {
    const code_domain domain(3, window);
    pruning start(domain, {.seed = 1});
    test::drive(start, domain, 100);
    std::vector<int> hits(domain.codes.size());
    const int draws = 20'000;
    const double living = static_cast<double>(start.living().value());
    REQUIRE(living > 20);
    for (int i = 0; i < draws / 10; ++i) {
      pruning policy(domain, {.seed = static_cast<std::uint64_t>(1000 + i), .list_up_to = listed});
      for (const auto& t : start.done()) policy.tell(t.candidate, {t.merit});
      ++hits[static_cast<std::size_t>(policy.ask().value().index)];
    }
    double chi = 0;
    const double expected = draws / 10 / living;
    domain.for_each([&](candidate x) {
      const double hit = hits[static_cast<std::size_t>(x.index)];
      if (start.is_pruned(x) || std::any_of(start.done().begin(), start.done().end(), [&](const auto& t) { return t.candidate == x; })) CHECK(hit == 0);
      else chi += (hit - expected) * (hit - expected) / expected;
    });
    const double freedom = living - 1;
    CHECK(chi < freedom + 4 * std::sqrt(2 * freedom));
    CHECK(chi > freedom - 4 * std::sqrt(2 * freedom));
  }
}

TEST_CASE("impossible tells and options are refused with a sentence", "[pop]") {
  const code_domain domain;
  CHECK_THROWS_WITH(pruning(domain, {.margin = -1}), ContainsSubstring("margin"));
  CHECK_THROWS_WITH(pruning(domain, {.margin = std::nan("")}), ContainsSubstring("margin"));
  pruning policy(domain);
  const auto x = policy.ask().value();
  CHECK_THROWS_WITH(policy.tell(x, {std::nan("")}), ContainsSubstring("not a finite number"));
  policy.tell(x, {std::nullopt});
  CHECK(policy.pruned() == 0);
  CHECK(policy.boundary().points().empty());
  CHECK_THROWS_WITH(policy.tell(x, {50.0}), ContainsSubstring("told before"));
  CHECK(policy.done().size() == 1);
}

TEST_CASE("at the same number of trainings the frontier is at least as good as that of random search", "[pop]") {
  double better = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const code_domain domain(seed, window);
    const auto truth = true_frontier(domain);
    const hasse::hypervolume_reference reference{hasse::ticks{451}, 0};
    pruning policy(domain, {.seed = seed});
    hasse::random_search random(domain, {.seed = seed});
    test::drive(policy, domain);
    test::drive(random, domain, policy.done().size());
    CHECK(policy.boundary().hypervolume(reference) == truth.hypervolume(reference));
    CHECK(policy.boundary().hypervolume(reference) >= random.boundary().hypervolume(reference));
    better += policy.boundary().hypervolume(reference) > random.boundary().hypervolume(reference);
  }
  CHECK(better > 10);
}

TEST_CASE("for several devices a candidate is pruned when it is so for each, and every frontier is found", "[pop]") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const two_devices domain(seed);
    hasse::partial_order_pruning policy(domain, {.seed = seed});
    std::vector<hasse::frontier<int>> whole(2), found(2);
    domain.for_each([&](const candidate& x) {
      for (std::size_t device = 0; device < 2; ++device) whole[device].add({x.index, hasse::cost_on(domain, x, device), domain.accuracy(x)});
    });
    policy.tell({3}, {});  // what failed bounds nothing, on any device
    test::drive(policy, domain);
    for (const auto& each : policy.done())
      for (std::size_t device = 0; device < 2; ++device)
        if (each.merit) found[device].add({each.candidate.index, hasse::cost_on(domain, each.candidate, device), *each.merit});
    const hasse::hypervolume_reference reference{{100'000}, 0};
    for (std::size_t device = 0; device < 2; ++device)
      if (std::none_of(whole[device].points().begin(), whole[device].points().end(), [](const auto& point) { return point.candidate == 3; }))
        CHECK(found[device].hypervolume(reference) == Approx(whole[device].hypervolume(reference)));
    // Each device takes more than it would alone, and both together less than one after the other.
    REQUIRE(policy.pruned().value() > 0);
    CHECK(policy.done().size() + static_cast<std::size_t>(*policy.pruned()) == domain.codes.size());
    REQUIRE(policy.certificates().size() == 2 * static_cast<std::size_t>(*policy.pruned()));
    for (const auto& claim : policy.certificates()) CHECK(hasse::certificate_fault(domain, claim, policy.done()) == "");
    for (std::size_t i = 0; i + 1 < policy.certificates().size(); i += 2) {
      CHECK(policy.certificates()[i].pruned == policy.certificates()[i + 1].pruned);
      CHECK((policy.certificates()[i].device == 0 && policy.certificates()[i + 1].device == 1));
    }
    hasse::partial_order_pruning drawn(domain, {.seed = seed, .list_up_to = 0});
    test::drive(drawn, domain, 40);
    CHECK(!drawn.pruned());
    for (const auto& rule : drawn.rules()) CHECK(rule.device < 2);
  }
}
