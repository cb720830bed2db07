#include <catch.hpp>

#include <algorithm>
#include <filesystem>
#include <set>

#include <unistd.h>

#include <hasse/search/any_policy.hpp>
#include <hasse/search/model_guided_search.hpp>
#include <hasse/search/random_search.hpp>
#include <hasse/search/session.hpp>

#include "code_domain.hpp"

using test::code_domain;
using test::two_devices;
using guided = hasse::model_guided_search<code_domain>;
static_assert(hasse::Policy<guided, code_domain>);

namespace {
/// How much of what a search of everything would find is found, where merits of half of all networks count.
struct judge {
  hasse::frontier<int> all;
  hasse::hypervolume_reference reference;
  explicit judge(const code_domain& domain) {
    for (int i = 0; i < static_cast<int>(domain.codes.size()); ++i) all.add({i, domain.cost({i}), domain.accuracy({i})});
    std::vector<double> merits = domain.accuracies;
    std::sort(merits.begin(), merits.end());
    reference = {*std::max_element(domain.latencies.begin(), domain.latencies.end()), merits[merits.size() / 2]};
  }
  double share(const auto& policy) const { return policy.boundary().hypervolume(reference) / all.hypervolume(reference); }
};
}  // namespace

TEST_CASE("a search that may repeat trainings does so where luck matters, and goes on from a journal with the same ones", "[model]") {
  const code_domain domain(3);
  const auto place = std::filesystem::temp_directory_path() / ("hasse_repeats_" + std::to_string(::getpid()));
  // The deviation of a run is that of many networks between each other.
  struct {
    const code_domain* domain;
    hasse::outcome evaluate(code_domain::candidate x, std::size_t ordinal) const {
      hasse::random_source luck(hasse::derive(17, ordinal));
      return {domain->accuracy(x) + 12 * luck.normal()};
    }
  } trainer{&domain};
  const auto run = [&](std::size_t trainings, bool repeats) {
    hasse::journal book(place);
    guided policy(domain, {.seed = 3, .best = 300, .own_noise = 0, .repeats = repeats, .stop = {.trainings = trainings}});
    auto found = hasse::run_search(domain, policy, trainer, &book, {.configuration = repeats ? "repeats" : "once"});
    for (const auto& chosen : policy.believed()) CHECK(std::any_of(found.done.begin(), found.done.end(), [&](const auto& each) { return each.candidate == chosen; }));
    return found.done;
  };
  std::filesystem::remove_all(place);
  const auto whole = run(60, true);
  std::set<int> distinct;
  for (const auto& each : whole) distinct.insert(each.candidate.index);
  CHECK(whole.size() == 60);
  CHECK(distinct.size() < 55);
  CHECK(distinct.size() > 20);
  std::filesystem::remove_all(place);
  for (const std::size_t kept : {std::size_t{12}, std::size_t{33}, std::size_t{47}}) (void)run(kept, true);
  CHECK(run(60, true) == whole);
  std::filesystem::remove_all(place);
  const auto once = run(60, false);
  distinct.clear();
  for (const auto& each : once) distinct.insert(each.candidate.index);
  CHECK(distinct.size() == 60);
  std::filesystem::remove_all(place);

  // What is under way once more may be released, and is told without having been asked for.
  guided policy(domain, {.seed = 3, .best = 300, .own_noise = 0, .repeats = true});
  for (std::size_t i = 0; i < 30; ++i) policy.tell(whole[i].candidate, {whole[i].merit});
  for (std::size_t i = 30; i < 60; ++i) {
    const auto x = policy.ask().value();
    policy.release(x);
    CHECK(policy.ask().value() == x);
    CHECK(x == whole[i].candidate);
    policy.tell(x, {whole[i].merit});
  }
  CHECK_THROWS_WITH(guided(domain, {.repeats = true}), ContainsSubstring("own_noise 1 says that there is no luck"));
}

TEST_CASE("the sequence of a model-guided search depends on what was told, and not on who asked", "[model]") {
  const code_domain domain(2, {hasse::ticks{0}, hasse::ticks{250}});
  for (const std::size_t consider_all : {std::size_t{4096}, std::size_t{0}}) {
    const hasse::model_guided_options options{.seed = 5, .best = 200, .candidates = 24, .consider_all = consider_all, .stop = {.trainings = 34}};
    guided whole(domain, options);
    test::drive(whole, domain);
    const auto order = test::texts(whole, domain);
    CHECK(order.size() == 34);
    CHECK(std::set<std::string>(order.begin(), order.end()).size() == order.size());
    CHECK(whole.end() == hasse::search_end::trainings);
    for (const std::size_t kept : {std::size_t{4}, std::size_t{10}, std::size_t{13}, std::size_t{17}, std::size_t{30}}) {
      guided again(domain, options);
      for (std::size_t i = 0; i < kept; ++i) again.tell(whole.done()[i].candidate, {whole.done()[i].merit});
      test::drive(again, domain);
      REQUIRE(again.done() == whole.done());
    }
    guided other(domain, {.seed = 6, .best = 200, .candidates = 24, .consider_all = consider_all, .stop = {.trainings = 34}});
    test::drive(other, domain);
    CHECK(test::texts(other, domain) != order);
  }
}

namespace {
// Counts the draws of pools, which proposals are made from.
struct counting_domain : code_domain {
  using code_domain::code_domain;
  mutable std::size_t draws = 0;
  candidate mutate(candidate x, hasse::random_source& random) const { return ++draws, code_domain::mutate(x, random); }
};
}  // namespace

TEST_CASE("a journal is replayed into a model without a proposal, and the search goes on bit by bit, its end included", "[model]") {
  const auto place = std::filesystem::temp_directory_path() / ("hasse_model_" + std::to_string(::getpid()));
  struct {
    const counting_domain* domain;
    hasse::outcome evaluate(counting_domain::candidate x, std::size_t) const { return {domain->accuracy(x)}; }
  } trainer{};
  const counting_domain domain(3);
  trainer.domain = &domain;
  for (const double enough : {0.0, 0.95}) {
    std::filesystem::remove_all(place);
    const auto run = [&](std::size_t trainings, double until) {
      hasse::journal book(place);
      // Held as programs hold it.
      hasse::any_policy<counting_domain> policy(hasse::model_guided_search<counting_domain>(
          domain, {.seed = 2, .best = 300, .candidates = 32, .consider_all = 0, .enough = until, .stop = {.trainings = trainings}}));
      domain.draws = 0;
      return hasse::run_search(domain, policy, trainer, &book, {.configuration = "model"});
    };
    const auto whole = run(40, enough);
    const std::size_t of_whole = domain.draws, trained = whole.done.size();
    CHECK(whole.end == (enough > 0 ? hasse::search_end::expected : hasse::search_end::trainings));
    REQUIRE(trained > 14);
    // A finished one proposes nothing; where it stops by what is expected, it looks at the last look once more.
    (void)run(40, enough);
    CHECK(domain.draws <= (enough > 0 ? of_whole / 6 : 0));
    CHECK(of_whole > 30 * 32);
    std::filesystem::remove_all(place);
    for (std::size_t kept = 3; kept < trained; kept += 4) (void)run(kept, enough);
    const auto again = run(40, enough);
    CHECK(again.replayed > trained - 6);
    CHECK(again.done == whole.done);
    CHECK(again.end == whole.end);
    // Whoever lowers what is enough is answered at once, and not told of another configuration.
    if (enough == 0) CHECK(run(41, 0.3).end == hasse::search_end::expected);
    CHECK_THROWS_WITH(run(trained - 5, enough), ContainsSubstring("where this search ends"));
  }
  std::filesystem::remove_all(place);
}

TEST_CASE("a model needs a fraction of the trainings of random search, even in a domain that says nothing but its order", "[model]") {
  const code_domain domain(3);
  const judge by(domain);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    guided policy(domain, {.seed = seed, .best = 300});
    hasse::random_search<code_domain> random(domain, {.seed = seed});
    test::drive(policy, domain, 40), test::drive(random, domain, 160);
    CHECK(by.share(policy) > by.share(random));
  }
}

TEST_CASE("a search ends when its model expects enough to be found, and says what it expects", "[model]") {
  const code_domain domain(3);
  const judge by(domain);
  guided policy(domain, {.seed = 1, .best = 300, .enough = 0.9, .stop = {.trainings = 150}});
  CHECK(!policy.expected());
  test::drive(policy, domain);
  CHECK(policy.end() == hasse::search_end::expected);
  CHECK(policy.fraction() == 1);
  CHECK(policy.done().size() < 150);
  CHECK(by.share(policy) > 0.85);
  CHECK(!policy.ask());

  const auto forecast = policy.expected(7).value();
  CHECK(forecast.outlook.low >= 0.9);
  CHECK(forecast.outlook.low <= forecast.outlook.middle);
  CHECK(!forecast.frontier.empty());
  for (std::size_t i = 1; i < forecast.frontier.size(); ++i) CHECK(forecast.frontier[i - 1].merit.middle < forecast.frontier[i].merit.middle);
  for (const auto& each : forecast.frontier) CHECK(each.merit.middle == Approx(domain.accuracy(each.value)).margin(10));
  REQUIRE(forecast.next.size() == 7);
  for (std::size_t i = 0; i < 7; ++i) {
    CHECK(forecast.next[i].gain <= (i > 0 ? forecast.next[i - 1].gain : 1));
    for (const auto& each : policy.done()) CHECK(!(each.candidate == forecast.next[i].value));
  }

  // The last look ended the search, and none before it did.
  const auto looks = policy.looks();
  REQUIRE(looks.size() > 2);
  CHECK(looks.front().trainings == 10);
  for (const auto& each : looks) {
    CHECK(each.trainings == hasse::search_model::last_fit(each.trainings));
    CHECK((each.outlook.low >= 0.9) == (&each == &looks.back()));
  }
  CHECK(looks.back().trainings == policy.done().size());

  guided early(domain, {.seed = 1, .best = 300});
  test::drive(early, domain, 9);
  CHECK(!early.expected());
  test::drive(early, domain, 3);
  CHECK(early.expected()->outlook.low < forecast.outlook.low);
  CHECK(early.expected()->outlook.chance == 1);
  CHECK(early.expected()->outlook.low < early.expected()->outlook.middle);  // draws, not means
}

TEST_CASE("several under way are spread, and failures neither stop a search nor draw it", "[model]") {
  const code_domain domain(2);
  guided policy(domain, {.seed = 2});
  std::set<int> asked;
  for (int i = 0; i < 6; ++i) policy.tell(policy.ask().value(), {std::nullopt});  // nothing is known yet
  for (int i = 0; i < 20; ++i) {
    const auto x = policy.ask().value();
    policy.tell(x, i % 5 == 4 ? hasse::outcome{} : hasse::outcome{domain.accuracy(x)});
  }
  for (int i = 0; i < 12; ++i) CHECK(asked.insert(policy.ask().value().index).second);
  const auto kept = policy.done().size();
  for (const int x : asked) policy.release({x});
  CHECK(policy.done().size() == kept);
}

TEST_CASE("a search for two devices finds both frontiers, whatever the unit of either cost", "[model]") {
  struct scaled : two_devices {
    using two_devices::two_devices;
    std::vector<hasse::ticks> costs_elsewhere(candidate x) const { return {{1000 * two_devices::costs_elsewhere(x)[0].count}}; }
  };
  const two_devices domain(3);
  const scaled other(3);
  std::vector<hasse::frontier<int>> whole(2), found(2);
  std::vector<double> merits = domain.accuracies;
  std::sort(merits.begin(), merits.end());
  domain.for_each([&](const code_domain::candidate& x) {
    for (std::size_t device = 0; device < 2; ++device) whole[device].add({x.index, hasse::cost_on(domain, x, device), domain.accuracy(x)});
  });
  for (const std::size_t consider_all : {std::size_t{4096}, std::size_t{0}}) {
    const hasse::model_guided_options options{.seed = 2, .best = 300, .consider_all = consider_all};
    hasse::model_guided_search policy(domain, options);
    hasse::model_guided_search same(other, options);
    test::drive(policy, domain, 60), test::drive(same, other, 60);
    CHECK(test::texts(policy, domain) == test::texts(same, other));
    for (auto& each : found) each = {};
    for (const auto& each : policy.done())
      for (std::size_t device = 0; device < 2; ++device) found[device].add({each.candidate.index, hasse::cost_on(domain, each.candidate, device), *each.merit});
    for (std::size_t device = 0; device < 2; ++device) {
      const hasse::hypervolume_reference reference{{device == 0 ? *std::max_element(domain.latencies.begin(), domain.latencies.end()) : hasse::ticks{100}}, merits[merits.size() / 2]};
      CHECK(found[device].hypervolume(reference) > 0.93 * whole[device].hypervolume(reference));
    }
    CHECK(policy.expected()->next.front().gain < 0.5);
  }
}

TEST_CASE("impossible options of a model-guided search are refused", "[model]") {
  const code_domain domain;
  CHECK_THROWS_WITH(guided(domain, {.beginning = 0}), ContainsSubstring("at least one"));
  CHECK_THROWS_WITH(guided(domain, {.candidates = 0}), ContainsSubstring("at least one"));
  CHECK_THROWS_WITH(guided(domain, {.own_noise = 1.5}), ContainsSubstring("from 0 to 1"));
  CHECK_THROWS_WITH(guided(domain, {.enough = 1}), ContainsSubstring("0 never stops"));
}
