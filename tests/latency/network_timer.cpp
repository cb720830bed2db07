// Devices that answer how long whole networks take, and nothing else: tables of them, and answers that are none.
#include <catch.hpp>

#include <hasse/catalogue/shard.hpp>
#include <hasse/latency/layer_table.hpp>
#include <hasse/latency/network_timer.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/latency/together.hpp>

#include "fake_device.hpp"
#include "restless_device.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
using table = latency_table<small_space>;
constexpr protocol asked{.rounds = 2, .warm_up = 1, .samples = 3, .contexts = 8, .checked = 12};
}  // namespace

TEST_CASE("rows follow from whole networks alone, and sums meet networks that they do not follow from") {
  temporary_folder folder;
  const asked_device device;
  const table measured = table::load_or_measure(folder / "latency.json", device, asked);
  std::vector<std::int64_t> rows;
  for (const latency_row& row : measured.rows()) rows.push_back(row.p50);
  CHECK(error_of_sums(rows) < 0.01);
  CHECK(measured.additivity().networks.size() == 12);
  CHECK(measured.additivity().median_error() < 0.01);
  CHECK(measured.additivity().worst_error() < 0.05);
  CHECK(measured.rows().front().implementation == "theirs");
  const std::int64_t calls = device.world->runs;
  CHECK(table::load_or_measure(folder / "latency.json", device, asked).record() == measured.record());
  CHECK(device.world->runs == calls);
  const auto choice = parse<small_space>("[(4,8),(16)]");
  CHECK(measure(layers_of(choice), device).median == Approx(static_cast<double>(measured.estimate(choice).count) * 100).epsilon(0.02));
}

TEST_CASE("what a device refuses whole is a part without a latency, and a killed series of questions goes on") {
  temporary_folder folder;
  asked_device device;
  device.world->refuses = [](const layer& item) { return item.out.c == 16 ? "refused: sixteen is too many" : ""; };
  const table measured = table::load_or_measure(folder / "latency.json", device, asked);
  const auto bad = parse<small_space>("[(4),(16)]"), good = parse<small_space>("[(4),(8)]");
  CHECK_THAT(measured.refusal(bad), ContainsSubstring("sixteen is too many"));
  CHECK(measured.refusal(good).empty());
  CHECK(measured.record().failures.size() > 2);
  CHECK(measured.record().failures.front().reason == "refused: sixteen is too many");
  CHECK(table::load(folder / "latency.json").record() == measured.record());

  struct killed {};
  const std::int64_t all = device.world->runs;
  for (const double share : {0.1, 0.6}) {
    asked_device other;
    other.world->refuses = device.world->refuses;
    other.world->on_start = [&world = *other.world, at = static_cast<std::int64_t>(share * static_cast<double>(all))] {
      if (world.runs == at) throw killed();
    };
    const auto path = folder / ("killed" + std::to_string(share) + ".json");
    CHECK_THROWS_AS(table::load_or_measure(path, other, asked), killed);
    const table resumed = table::load_or_measure(path, other, asked);
    CHECK(other.world->runs == all + 1);  // nothing but the question that was killed is asked again
    CHECK(std::equal(resumed.rows().begin(), resumed.rows().end(), measured.rows().begin(), measured.rows().end()));
    CHECK(resumed.record().failures == measured.record().failures);
  }

  device.world->refuses = [](const layer&) { return "no such file"; };
  CHECK_THAT(sentence_of([&] { table::load_or_measure(folder / "none.json", device, asked); }),
             ContainsSubstring("none of the first 3 networks could be timed on asked: no such file"));
  CHECK_FALSE(std::filesystem::exists(folder / "none.json"));
}

TEST_CASE("a device whose answers do not grow with the network is refused before long work") {
  temporary_folder folder;
  const asked_device honest;
  CHECK_NOTHROW(require_latencies(honest));
  CHECK(honest.world->runs == 2);
  asked_device constant;
  constant.world->cost = [](const layer& item) { return item.kind == layer_kind::linear ? 1'000'000 : 0; };
  const char* const sentence = "asked answered 1 ms for a network of 0.05538 million multiply-accumulates and 1 ms for a network of 1215 million multiply-accumulates: what does not grow with the network is no latency of it";
  CHECK_THAT(sentence_of([&] { require_latencies(constant); }), ContainsSubstring(sentence));
  CHECK_THAT(sentence_of([&] { table::load_or_measure(folder / "constant.json", constant, asked); }), ContainsSubstring(sentence));
  CHECK_FALSE(std::filesystem::exists(folder / "constant.json"));
  const auto survey = [] { return std::vector(8, detail::network_of_trial(false)); };
  CHECK_THAT(sentence_of([&] { layer_table::load_or_begin(folder / "layers.json", constant, survey).latency_of(detail::network_of_trial(true)); }), ContainsSubstring(sentence));
  CHECK(constant.world->runs == 6);

  asked_device shrinking;  // the more work the less time
  shrinking.world->cost = [](const layer& item) { return 100'000'000'000 / (macs_of(item) + 1); };
  CHECK_THAT(sentence_of([&] { require_latencies(shrinking); }), ContainsSubstring("does not grow with the network"));
  asked_device slow_to_ask;  // most of what is told is not the network's: a poor device, but its answers depend on it
  slow_to_ask.world->cost = [](const layer& item) { return macs_of(item) / 100 + (item.kind == layer_kind::linear ? 100'000'000 : 0); };
  CHECK_NOTHROW(require_latencies(slow_to_ask));

  asked_device broken;
  broken.world->refuses = [](const layer&) { return "no such file"; };
  CHECK_THAT(sentence_of([&] { require_latencies(broken); }), ContainsSubstring("a small network of plain convolutions could not be timed on asked: no such file"));
  CHECK(broken.world->runs == 1);
}

namespace {
/// Slower and faster by the hour: every question finds it a little elsewhere. `answers` counts networks, `calls` questions.
struct wandering_device : asked_device {
  bool beats = false;
  int at_once = 1;
  std::shared_ptr<int> calls = std::make_shared<int>(0), answers = std::make_shared<int>(0);

  int batch() const { return at_once; }
  timed_answer time(const layer_list& layers, const std::string& name) const {
    ++*calls;
    return answer(layers, name);
  }
  std::vector<timed_answer> time_all(const std::vector<layer_list>& networks, const std::vector<std::string>& names) const {
    ++*calls;
    std::vector<timed_answer> all;
    for (std::size_t at = 0; at < networks.size(); ++at) all.push_back(answer(networks[at], names[at]));
    return all;
  }
  timed_answer answer(const layer_list& layers, const std::string& name) const {
    timed_answer calm = asked_device::time(layers, name);
    const double slowness = 1.6 + 0.6 * std::sin(0.07 * ++*answers);
    for (double& each : calm.milliseconds) each *= slowness;
    return calm;
  }
};
static_assert(TimesBatches<wandering_device> && !TimesBatches<asked_device>);

double error_of_table(const table& measured) {
  std::vector<std::int64_t> rows;
  for (const latency_row& row : measured.rows()) rows.push_back(row.p50);
  return error_of_sums(rows);
}
}  // namespace

TEST_CASE("a network of known work beside the others tells the speed of a device that answers for whole networks", "[latency]") {
  temporary_folder folder;
  wandering_device device;
  const table without = table::load_or_measure(folder / "without.json", device, asked);
  CHECK(without.record().beat.quiet == 0);
  device.beats = true;
  const table with = table::load_or_measure(folder / "with.json", device, asked);
  CHECK(with.record().beat.slowdown() > 1.2);
  CHECK_FALSE(with.record().beat.network.empty());
  CHECK(error_of_table(with) < 0.02);
  CHECK(error_of_table(with) * 3 < error_of_table(without));
  CHECK(table::load(folder / "with.json").record() == with.record());

  // Finalists are told at the same speed.
  const auto choice = parse<small_space>("[(4,8),(16)]");
  const beat_of_table beat{layers_of(parse<small_space>(with.record().beat.network)), with.record().beat.quiet};
  const measurement whole = measure_together({layers_of(choice)}, device, asked, {}, beat).front();
  CHECK(to_milliseconds(whole.latency()) == Approx(to_milliseconds(with.estimate(choice))).epsilon(0.03));

  // Begun in one way, a measurement goes on in that way.
  struct killed {};
  wandering_device other = device;
  other.world = std::make_shared<fake_world>();
  other.world->on_start = [&world = *other.world] {
    if (world.runs == 30) throw killed();
  };
  CHECK_THROWS_AS(table::load_or_measure(folder / "killed.json", other, asked), killed);
  other.beats = false;
  CHECK_THAT(sentence_of([&] { table::load_or_measure(folder / "killed.json", other, asked); }), ContainsSubstring("was begun with a network beside the others that tells the speed; go on as it was begun"));
  other.beats = true;
  CHECK_NOTHROW(table::load_or_measure(folder / "killed.json", other, asked));
}

TEST_CASE("a device that takes several networks at once is asked less often and gives the same table", "[latency]") {
  temporary_folder folder;
  const auto measured = [&](const char* name, int at_once, const std::function<std::string(const layer&)>& refuses) {
    wandering_device device;
    device.at_once = at_once, device.beats = false;
    device.world->refuses = refuses;
    const table found = table::load_or_measure(folder / name, device, asked);
    return std::pair(found.record(), *device.calls);
  };
  for (const bool refuses : {false, true}) {
    const auto picky = [refuses](const layer& item) { return refuses && item.out.c == 16 ? "refused: sixteen is too many" : ""; };
    auto [single, single_calls] = measured(refuses ? "single_picky.json" : "single.json", 1, picky);
    auto [batches, batch_calls] = measured(refuses ? "batches_picky.json" : "batches.json", 7, picky);
    batches.date = single.date;
    CHECK(batches == single);
    CHECK(batch_calls * 5 < single_calls);
  }
  wandering_device forgetful;
  forgetful.at_once = 3;
  const std::vector<layer_list> lists(3, detail::network_of_trial(false));
  CHECK(detail::answers_of(forgetful, lists, {"a", "b", "c"}).size() == 3);
}
