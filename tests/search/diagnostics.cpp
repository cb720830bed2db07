#include <catch.hpp>

#include <hasse/search/diagnostics.hpp>
#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/random_search.hpp>

#include "code_domain.hpp"

using test::code_domain;
using Catch::Matchers::WithinAbs;

namespace {
// Share of the comparable pairs of the whole set whose accuracy falls.
double true_violation_share(const code_domain& domain) {
  double pairs = 0, falling = 0;
  domain.for_each([&](code_domain::candidate x) {
    domain.for_each([&](code_domain::candidate y) {
      if (x == y || !domain.precedes(x, y)) return;
      ++pairs;
      falling += domain.accuracy(y) < domain.accuracy(x);
    });
  });
  return falling / pairs;
}
}  // namespace

TEST_CASE("comparable pairs, violations and tau of a case worked out by hand", "[diagnostics]") {
  code_domain domain;
  const auto a = domain.parse("1|1|1"), b = domain.parse("1|1|2"), c = domain.parse("1|1|3"), d = domain.parse("1|11|1");
  const std::vector<hasse::trained<code_domain::candidate>> done{
      {b, hasse::ticks{20}, 50}, {a, hasse::ticks{10}, 53}, {c, hasse::ticks{15}, 60}, {d, hasse::ticks{10}, 53}, {domain.parse("1|1|33"), hasse::ticks{1}, {}}};
  // a<b: latency +10, accuracy -3; a<c: +5, +7; b<c: -5, +10; a<d: 0, 0; b, d and c, d are incomparable; the last one failed.
  const auto found = hasse::diagnose_order(domain, done);
  REQUIRE(found.pairs.size() == 4);
  CHECK(found.cost_violations == 1);
  CHECK(found.merit_violations == 1);
  CHECK(found.largest_cost_violation == 5);
  CHECK(found.largest_merit_violation == 3);
  CHECK(found.cost_violation_share() == 0.25);
  CHECK(found.merit_violation_share() == 0.25);
  CHECK(found.cost_tau == 0.25);   // two rise, one falls, one ties
  CHECK(found.merit_tau == 0.25);  // the same counts, other pairs
  CHECK(found.pairs[0].lower == 1);
  CHECK(found.pairs[0].upper == 0);
  CHECK(hasse::diagnose_order(domain, {}).merit_tau == 0);
}

TEST_CASE("without violations the order predicts every pair", "[diagnostics]") {
  const code_domain domain(3);
  hasse::random_search policy(domain, {.seed = 1});
  test::drive(policy, domain, 100);
  const auto found = hasse::diagnose_order(domain, policy.done());
  CHECK(found.pairs.size() > 100);
  CHECK(found.cost_violations == 0);
  CHECK(found.merit_violations == 0);
  CHECK(found.merit_tau == 1);
}

TEST_CASE("precedents are counted exactly or not at all", "[diagnostics]") {
  const code_domain domain;
  const std::vector<hasse::trained<code_domain::candidate>> done{
      {domain.parse("1|1|1"), {}, 1}, {domain.parse("1|1|3"), {}, 1}, {domain.parse("1|11|1"), {}, 1}, {domain.parse("333|333|33"), {}, 1}};
  const auto exact = hasse::precedent_counts(domain, done);
  CHECK(exact[0] == 0);
  CHECK(exact[1] == 2);
  CHECK(exact[2] == 1);
  hasse::count_type below = 0;
  domain.for_each([&](code_domain::candidate x) { below += domain.precedes(x, done[3].candidate) && !(x == done[3].candidate); });
  CHECK(exact[3] == below);
  for (const auto& count : hasse::precedent_counts(domain, done, 10)) CHECK_FALSE(count);
}

TEST_CASE("with violations at rate r the diagnostic reports about r and the frontier is lost smoothly", "[diagnostics]") {
  const hasse::hypervolume_reference reference{hasse::ticks{2000}, 0};
  std::vector<double> rates, losses;
  for (const double noise : {0.0, 1.0, 2.0, 4.0, 8.0, 16.0}) {
    double rate = 0, loss = 0;
    constexpr int repeats = 20;
    for (std::uint64_t seed = 1; seed <= repeats; ++seed) {
      code_domain domain(seed);
      hasse::random_source random(seed);
      for (double& accuracy : domain.accuracies) accuracy += noise * random.normal();
      const double truth = true_violation_share(domain);
      hasse::random_search sampler(domain, {.seed = seed});
      test::drive(sampler, domain, 200);
      const auto found = hasse::diagnose_order(domain, sampler.done());
      CHECK_THAT(found.merit_violation_share(), WithinAbs(truth, 0.05));
      CHECK(found.cost_violations == 0);
      hasse::frontier<code_domain::candidate> all;
      domain.for_each([&](code_domain::candidate x) { all.add({x, domain.cost(x), domain.accuracy(x)}); });
      hasse::partial_order_pruning pruning(domain, {.seed = seed});
      test::drive(pruning, domain);
      loss += (1 - pruning.boundary().hypervolume(reference) / all.hypervolume(reference)) / repeats;
      rate += truth / repeats;
    }
    rates.push_back(rate), losses.push_back(loss);
    INFO("noise " << noise << ": violations " << rate << ", lost " << loss);
    CHECK(loss <= rate + 1e-12);  // in proportion
    CHECK(loss >= 0);
  }
  CHECK(rates.front() == 0);
  CHECK_THAT(losses.front(), WithinAbs(0, 1e-12));
  CHECK(rates.back() > 0.1);
  CHECK(losses.back() > losses[2]);
  for (std::size_t i = 1; i < rates.size(); ++i) {
    CHECK(rates[i] > rates[i - 1]);
    CHECK(losses[i] >= losses[i - 1] - 0.002);
    CHECK(losses[i] <= losses[i - 1] + 0.06);
  }
}

TEST_CASE("Kendall's tau of two lists", "[diagnostics]") {
  using hasse::kendall_tau;
  const std::vector<double> rising{1, 2, 3, 4}, falling{4, 3, 2, 1}, one_off{1, 3, 2, 4}, tied{1, 1, 3, 4};
  CHECK(kendall_tau(rising, rising) == 1);
  CHECK(kendall_tau(rising, falling) == -1);
  CHECK_THAT(kendall_tau(rising, one_off), WithinAbs(4.0 / 6, 1e-12));
  CHECK_THAT(kendall_tau(rising, tied), WithinAbs(5.0 / 6, 1e-12));
  CHECK(kendall_tau(std::vector<double>{1}, std::vector<double>{2}) == 0);
}
