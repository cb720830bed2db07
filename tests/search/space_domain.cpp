// search/space_domain.hpp: a space and a table as the admissible set of a search.
#include <set>

#include <hasse/search/diagnostics.hpp>
#include <hasse/search/partial_order_pruning.hpp>
#include <hasse/search/space_domain.hpp>

#include "../support/catch.hpp"
#include "../support/spaces.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
/// An order of a user's own: in each stage, deeper, and as wide at the end. Neither the strict nor the embedding one.
struct last_width_order {
  [[maybe_unused]] static constexpr std::string_view name = "last width";
  template <class Space>
  static constexpr order_signature<Space> signature(const architecture<Space>& choice) {
    order_signature<Space> result = embedding_order::signature(choice);
    for_each_block(choice, [&](int stage, int, int option) { result.bytes[static_cast<std::size_t>(stage)] = static_cast<std::uint8_t>(option); });
    const auto stages = static_cast<std::size_t>(Space::stages);
    for (std::size_t at = stages; at < result.bytes.size(); ++at) result.bytes[at] = static_cast<std::uint8_t>(result.bytes[at] + result.bytes[stages - 1]);
    return result;
  }
};

/// Accuracies that nobody can foresee.
double score(const std::string& text) { return static_cast<double>(fnv1a(text) % 1000); }

/// 5.6e9 architectures; latencies of up to 20 ticks a block.
using wide_stage = stage<basic{.stride = 1}, widths<16, 24, 32, 48, 64, 96, 128, 192>, depth<1, 6>>;
using wide = search_space<input<3, 32, 32>, stem<conv{.out = 16}>, wide_stage, wide_stage, wide_stage, wide_stage, wide_stage, head<global_average_pool, linear<10>>>;
}  // namespace

static_assert(OrderPolicy<last_width_order, two_stages> && !BoundsStages<last_width_order>);
static_assert(Domain<space_domain<two_stages, last_width_order>> && !CountsDownSets<space_domain<two_stages, last_width_order>>);
static_assert(CountsDownSets<space_domain<two_stages>>);
static_assert(Domain<space_domain<two_stages>> && Domain<space_domain<df, embedding_order>>);

TEMPLATE_TEST_CASE("the domain lists, samples and mutates inside its window", "[domain]", two_stages, decoded) {
  random_source random(4);
  const auto latencies = random_latencies<TestType>(random, 50);
  const space_domain<TestType> domain(latencies, {{90}, {std::is_same_v<TestType, decoded> ? 330 : 170}});
  std::set<architecture<TestType>> listed;
  domain.for_each([&](const auto& choice) { listed.insert(choice); });
  REQUIRE(listed.size() == domain.size());
  REQUIRE(listed.size() > 20);
  std::set<architecture<TestType>> reached;
  auto here = domain.sample(random);
  for (int i = 0; i < 20'000; ++i) {
    const auto next = domain.mutate(here, random);
    REQUIRE(listed.contains(next));
    reached.insert(here = next);
  }
  REQUIRE(reached == listed);
}

TEMPLATE_TEST_CASE("coordinates rise along the order and tell architectures apart", "[domain]", df, decoded) {
  random_source random(9);
  const auto latencies = random_latencies<TestType>(random, 50);
  const space_domain<TestType, embedding_order> domain(latencies, {});
  static_assert(HasCoordinates<space_domain<df, embedding_order>> && CrossesCandidates<space_domain<df>>);
  const auto all_of = [&](const architecture<TestType>& x) {
    coordinates place = domain.coordinates_of(x);
    place.levels.insert(place.levels.end(), place.counts.begin(), place.counts.end());
    return place.levels;
  };
  int pairs = 0;
  for (int i = 0; i < 400; ++i) {
    const auto y = domain.sample(random);
    auto x = y;
    for (int step = 0; step < 3; ++step) x = domain.mutate(x, random);
    const auto of_x = all_of(x), of_y = all_of(y);
    REQUIRE(of_x.size() == of_y.size());
    for (const double each : of_x) REQUIRE((each >= 0 && each <= 1 + 1e-12));
    REQUIRE((x == y) == (of_x == of_y));
    if (!domain.precedes(x, y)) continue;
    ++pairs;
    for (std::size_t k = 0; k < of_x.size(); ++k) REQUIRE(of_x[k] <= of_y[k] + 1e-12);
  }
  CHECK(pairs > 20);
}

TEST_CASE("a child has each stage of one of its parents, and is admissible", "[domain]") {
  random_source random(10);
  const auto latencies = random_latencies<two_stages>(random, 50);
  const space_domain<two_stages> domain(latencies, {{90}, {170}});
  const auto stages_of = [](const architecture<two_stages>& x) {
    std::array<std::vector<int>, 2> stages;
    for_each_block(x, [&](int stage, int, int option) { stages[static_cast<std::size_t>(stage)].push_back(option); });
    return stages;
  };
  int mixed = 0;
  for (int i = 0; i < 300; ++i) {
    const auto x = domain.sample(random), y = domain.sample(random), child = domain.cross(x, y, random);
    REQUIRE(domain.window().contains(domain.cost(child)));
    for (std::size_t stage = 0; stage < 2; ++stage)
      REQUIRE((stages_of(child)[stage] == stages_of(x)[stage] || stages_of(child)[stage] == stages_of(y)[stage]));
    mixed += child != x && child != y;
  }
  CHECK(mixed > 20);
}

TEST_CASE("texts are parsed back, and refused outside the window", "[domain]") {
  const std::vector<ticks> latencies(static_cast<std::size_t>(part_count<two_stages>), ticks{10'000});
  const space_domain<two_stages> domain(latencies, {{0}, {50'000}});
  const auto choice = domain.parse("[(32),(64)]");
  REQUIRE(domain.parse(domain.text(choice)) == choice);
  REQUIRE(domain.cost(choice).count == 40'000);
  REQUIRE_THROWS_WITH(domain.parse("[(32,32,32),(64)]"), ContainsSubstring("6 ms, outside the window of 0 ms to 5 ms"));
  REQUIRE_THROWS_AS(domain.parse("nonsense"), error);
}

TEST_CASE("an order of one's own is counted by itself, or not at all", "[domain]") {
  random_source random(5);
  const auto latencies = random_latencies<two_stages>(random, 50);
  const latency_window window{{60}, {200}};
  const space_domain<two_stages, last_width_order> domain(latencies, window);
  std::vector<trained<architecture<two_stages>>> done;
  for (int i = 0; i < 10; ++i) done.push_back({domain.sample(random), {}, 1.0});
  const auto own = precedent_counts(domain, done), strict = precedent_counts(space_domain<two_stages>(latencies, window), done);
  std::size_t other = 0, some = 0;
  for (std::size_t i = 0; i < done.size(); ++i) {
    std::size_t expected = 0;
    domain.for_each([&](const auto& x) { expected += x != done[i].candidate && domain.precedes(x, done[i].candidate); });
    REQUIRE(own[i] == count_type{expected});
    other += own[i] != strict[i], some += expected > 0;
  }
  REQUIRE(other > 0);
  REQUIRE(some > 0);
  for (const auto& count : precedent_counts(domain, done, 50)) REQUIRE_FALSE(count);
}

TEMPLATE_TEST_CASE("what is pruned of a set that is not listed is counted as if it were", "[domain]", (std::pair<three_stages, strict_order>),
                   (std::pair<three_stages, embedding_order>), (std::pair<decoded, strict_order>)) {
  using space = typename TestType::first_type;
  random_source random(6);
  for (int round = 0; round < 6; ++round) {
    const auto latencies = random_latencies<space>(random, 50);
    const space_domain<space, typename TestType::second_type> domain(latencies, {{80}, {std::is_same_v<space, decoded> ? 380 : 260}});
    for (const bool exclude : {false, true}) {
      const pruning_options options{.seed = 3, .margin = 50.0 * (round % 2), .exclude = exclude};
      partial_order_pruning listed(domain, options);
      pruning_options drawn_options = options;
      drawn_options.list_up_to = 0;
      partial_order_pruning drawn(domain, drawn_options);
      std::size_t most = 0;
      for (int i = 0; i < 30; ++i) {
        const auto x = domain.sample(random);
        const auto& done = listed.done();
        if (std::any_of(done.begin(), done.end(), [&](const auto& t) { return t.candidate == x; })) continue;
        const outcome result{i % 9 == 8 ? std::nullopt : std::optional(score(domain.text(x)))};
        listed.tell(x, result), drawn.tell(x, result);
        REQUIRE(drawn.pruned() == listed.pruned());
        REQUIRE(drawn.living() == listed.living());
        most = std::max(most, listed.certificates().size());
        for (const auto& claim : listed.certificates()) REQUIRE(certificate_fault(domain, claim, done, options.margin, exclude) == "");
      }
      REQUIRE(most > 0);
      // The rules and the certificates say the same.
      domain.for_each([&](const auto& x) {
        const bool trained = std::any_of(drawn.done().begin(), drawn.done().end(), [&](const auto& t) { return t.candidate == x; });
        bool ruled = false;
        for (const auto& rule : drawn.rules())
          ruled = ruled || (domain.precedes(x, rule.above) && domain.cost(x) >= domain.cost(rule.instead) && (!exclude || domain.cost(x) <= domain.cost(rule.above)));
        REQUIRE((ruled && !trained) == listed.is_pruned(x));
        REQUIRE(drawn.is_pruned(x) == listed.is_pruned(x));
      });
      REQUIRE(drawn.certificates().empty());
      REQUIRE(drawn.pruned_after().empty());
    }
  }
}

TEST_CASE("in a space of billions the pruned ones are counted, never said to be none", "[domain]") {
  random_source random(3);
  auto latencies = random_latencies<wide>(random, 20);
  const space_domain<wide> domain(latencies, {});
  REQUIRE(domain.size() > listing_limit);
  partial_order_pruning policy(domain, {.seed = 1, .stop = {.trainings = 12}});
  while (const auto x = policy.ask()) policy.tell(*x, {score(domain.text(*x))});
  REQUIRE(policy.pruned());
  REQUIRE(*policy.pruned() > 1'000'000);
  REQUIRE(*policy.living() + *policy.pruned() + policy.done().size() == domain.size());
  const double share = static_cast<double>(*policy.living()) / static_cast<double>(domain.size());
  REQUIRE(policy.living_share(20'000) == Approx(share).margin(0.02));
  REQUIRE_FALSE(policy.rules().empty());
  REQUIRE(precedent_counts(domain, policy.done()).front().value() > 0);

  const space_domain<wide, last_width_order> own(latencies, {});
  partial_order_pruning uncounted(own, {.seed = 1, .stop = {.trainings = 5}});
  while (const auto x = uncounted.ask()) uncounted.tell(*x, {score(own.text(*x))});
  REQUIRE_FALSE(uncounted.pruned());
  REQUIRE_FALSE(uncounted.living());
  REQUIRE_FALSE(precedent_counts(own, uncounted.done()).front());
}
