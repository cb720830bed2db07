#include <catch.hpp>

#include <hasse/search/replay.hpp>

#include "macro_table.hpp"

using hasse::tabular_order, hasse::tabular_policy;

namespace {
std::vector<hasse::tabular_replay> replays_of(const hasse::tabular_benchmark& table, tabular_policy policy, std::uint64_t seeds, tabular_order order = tabular_order::strict) {
  const hasse::tabular_domain domain(table, order);
  std::vector<hasse::tabular_replay> all;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) all.push_back(hasse::replay_table(table, domain, policy, seed));
  return all;
}
}  // namespace

TEST_CASE("medians treat what was never reached as last", "[tabular]") {
  CHECK(hasse::median({}) == std::nullopt);
  CHECK(hasse::median({3, 1, 2}) == 2);
  CHECK(hasse::median({4, 1, 3, 2}) == 2.5);
  CHECK(hasse::median({1, std::nullopt, 2}) == 2);
  CHECK(hasse::median({1, std::nullopt}) == std::nullopt);
  CHECK(hasse::median({std::nullopt, std::nullopt, 1}) == std::nullopt);
}

TEST_CASE("a replay on a table that follows the order finds all of the hypervolume, sooner than random search", "[tabular]") {
  const auto table = hasse::parse_benchmark(test::macro_table(0), "t");
  for (const auto order : {tabular_order::strict, tabular_order::embedding, tabular_order::product}) {
    const auto pruning = replays_of(table, tabular_policy::pop, 5, order), random = replays_of(table, tabular_policy::random, 5);
    for (std::size_t s = 0; s < pruning.size(); ++s) {
      CHECK(pruning[s].share == Approx(1));
      for (std::size_t m = 0; m < hasse::hypervolume_marks.size(); ++m) CHECK(*pruning[s].reached[m] <= *random[s].reached[m]);
      CHECK(pruning[s].trainings < 3000);
      CHECK(pruning[s].living[0] < 3919);
      CHECK(random[s].trainings == 3969);
      CHECK(random[s].living == std::array<std::optional<std::size_t>, 4>{3919, 3869, 3769, 3469});
    }
  }
}

TEST_CASE("on a table with noise pruning is at least as good as random search at equal trainings, on average", "[tabular]") {
  const auto table = hasse::parse_benchmark(test::macro_table(0.3), "t");
  const auto pruning = replays_of(table, tabular_policy::pop, 10), random = replays_of(table, tabular_policy::random, 10);
  const auto by_pruning = hasse::medians(pruning), by_random = hasse::medians(random);
  CHECK(*by_pruning[0].second <= *by_random[0].second);  // 80 %
  CHECK(*by_pruning[1].second <= *by_random[1].second);  // 90 %
  CHECK(by_pruning[0].first == "trainings_until_80");
}

TEST_CASE("evolution replays to the end of the table", "[tabular]") {
  const auto table = hasse::parse_benchmark(test::macro_table(0.3), "t");
  const auto replays = replays_of(table, tabular_policy::evolution, 1);
  CHECK(replays[0].share == Approx(1));
  CHECK(replays[0].trainings == 3969);
}

TEST_CASE("a model replays until 99 % of the hypervolume, in a tenth of the trainings of random search", "[tabular]") {
  const auto table = hasse::parse_benchmark(test::macro_table(0), "t");
  const hasse::tabular_domain domain(table);
  const auto random = replays_of(table, tabular_policy::random, 1);
  for (const bool pool : {false, true}) {
    const auto model = hasse::replay_table(table, domain, tabular_policy::model, 1, {.under_way = pool ? 4u : 1u, .pool = pool});
    CHECK(model.reached.back().value() <= *random[0].reached.back() / 10);
    CHECK(model.trainings == *model.reached.back());
    CHECK(hasse::replay_table(table, domain, tabular_policy::model, 1, {.under_way = pool ? 4u : 1u, .until = 90, .pool = pool}).trainings == *model.reached[1]);
    CHECK(!model.whole);
    CHECK(model.living[3] == std::nullopt);
  }
  const auto some = hasse::replay_table(table, domain, tabular_policy::model, 1, {.trainings = 30, .under_way = 8});
  CHECK(some.trainings == 30);
  CHECK(hasse::replay_table(table, domain, tabular_policy::pop, 1, {.trainings = 60}).living[0] < 3919u);
}

TEST_CASE("single runs are told, and means are judged", "[tabular]") {
  const auto table = hasse::parse_benchmark(R"({"00000000":{"mean_acc":10,"test_acc":[9,11],"flops":5},"00000010":{"mean_acc":40,"test_acc":[38,42],"flops":9},
                                               "00000020":{"mean_acc":30,"test_acc":[30,30],"flops":7}})", "t");
  const hasse::tabular_domain domain(table);
  CHECK(hasse::replay_table(table, domain, tabular_policy::random, 1, {.single_runs = true}).share == Approx(1));
  CHECK(domain.runs(domain.parse("00000010")) == std::vector<double>{38, 42});
  const auto means = hasse::parse_benchmark(R"({"00000000":{"mean_acc":10,"flops":5}})", "t");
  // A network trained again tells another of its runs.
  const auto noisy = hasse::parse_benchmark(test::macro_table(0, 1, 2), "t");
  const hasse::tabular_domain networks(noisy);
  const auto once = hasse::replay_table(noisy, networks, tabular_policy::model, 1, {.trainings = 90, .single_runs = true});
  const auto again = hasse::replay_table(noisy, networks, tabular_policy::model, 1, {.trainings = 90, .single_runs = true, .repeats = true});
  CHECK((once.repeats == 0 && once.chosen[0] && once.chosen_last && !once.chosen[1]));
  CHECK(*once.chosen_last <= once.share);
  CHECK(again.repeats > 0);
  CHECK(again.repeats < 40);
  CHECK_THROWS_WITH(hasse::replay_table(means, hasse::tabular_domain(means), tabular_policy::random, 1, {.single_runs = true}), ContainsSubstring("leave out --single-runs"));
  CHECK_THROWS_WITH(hasse::parse_benchmark(R"({"00000000":{"mean_acc":10,"test_acc":["9"],"flops":5}})", "t"), ContainsSubstring("a run whose accuracy is no number"));
}

TEST_CASE("the JSON report has every key that the help names", "[tabular]") {
  const auto table = hasse::parse_benchmark(R"({"00000000":{"mean_acc":10,"flops":5},"00000010":{"mean_acc":40,"flops":9},"00000020":{"mean_acc":30,"flops":7}})", "t");
  const auto replays = replays_of(table, tabular_policy::random, 3);
  const auto report = hasse::to_json(table, tabular_policy::random, tabular_order::strict, {}, replays);
  CHECK(report.at("table") == "nas-bench-macro");
  CHECK(report.at("networks") == 3);
  CHECK(report.at("order").is_null());
  CHECK(report.at("margin").is_null());
  CHECK(report.at("reference").at("flops") == 9);
  CHECK(report.at("seeds").size() == 3);
  for (const char* key : {"trainings_until_80", "trainings_until_99", "living_after_50", "living_after_500", "trainings_until_nothing_lives", "chosen_after_50", "chosen_last"}) {
    CHECK(report.at("medians").contains(key));
    CHECK(report.at("seeds")[0].contains(key));
  }
  CHECK(report.at("seeds")[2].at("seed") == 3);
  CHECK(report.at("medians").at("trainings_until_nothing_lives") == 3);
  CHECK(report.at("medians").at("living_after_50") == 0);
  CHECK(hasse::to_json(table, tabular_policy::pop, tabular_order::product, {.margin = 0.5}, replays).at("order") == "product");
}
