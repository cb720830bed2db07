// What whole networks teach of rows: corrections of a table, and the two speeds at which it may be read.
#include <catch.hpp>

#include <hasse/catalogue/shard.hpp>
#include <hasse/file/json.hpp>
#include <hasse/latency/correction.hpp>
#include <hasse/latency/table.hpp>

#include "fake_device.hpp"
#include "restless_device.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
using table = latency_table<small_space>;

/// As if each layer of 16 channels took `times` as long by now, for networks of every sort.
std::vector<measured_whole> wholes(const fake_device& device, double times) {
  std::vector<measured_whole> found;
  for (const char* text : {"[(4),(16)]", "[(8,8),(16,16)]", "[(4,8),(8,16)]", "[(4,4,8),(16)]", "[(4),(4,8)]"}) {
    double whole = 0;
    for (const layer& item : fold_for_inference(layers_of(parse<small_space>(text))).layers)
      whole += static_cast<double>(device.world->cost(item)) * (item.out.c == 16 ? times : 1);
    found.push_back({text, 0, std::llround(whole), 10});
  }
  return found;
}

double error_of(const table& rows, const std::vector<measured_whole>& found) {
  double worst = 0;
  for (const measured_whole& each : found)
    worst = std::max(worst, std::abs(rows.corrected_milliseconds(parse<small_space>(each.network)) * 1e6 / static_cast<double>(each.whole) - 1));
  return worst;
}
}  // namespace

TEST_CASE("networks that are further from their sums than the table states correct the rows that they share") {
  temporary_folder folder;
  const fake_device device;
  const auto path = folder / "latency.json";
  latency_record measured = table::load_or_measure(path, device, quick).record();
  for (additivity_pair& each : measured.additivity.networks) each.whole = each.sum * 100 / 108;
  table rows(measured);
  CHECK(rows.stated_error() == Approx(0.08).epsilon(0.02));
  const std::vector<ticks> before(rows.ticks_per_part().begin(), rows.ticks_per_part().end());
  CHECK(rows.correct(wholes(device, 1)) == 0);  // as stated
  CHECK(rows.record().corrections.empty());

  const std::vector<measured_whole> slower = wholes(device, 1.5);
  CHECK(error_of(rows, slower) > 0.15);
  CHECK(rows.correct(slower) == 4);  // the last has no layer of 16 channels
  CHECK(error_of(rows, slower) < 0.04);
  const table_correction& made = rows.record().corrections.at(0);
  CHECK(made.networks.size() == 5);
  CHECK(made.networks[0].sum == Approx(static_cast<double>(made.networks[0].whole)).epsilon(0.5));
  CHECK_FALSE(made.date.empty());
  for (const corrected_row& each : made.rows) CHECK(each.before != each.after);
  const auto corrected = [&](const std::string& words) {
    return std::any_of(made.rows.begin(), made.rows.end(), [&](const corrected_row& each) { return each.part.find(words) != each.part.npos; });
  };
  CHECK(corrected("8>16"));
  CHECK_FALSE(corrected("first: basic s2 8>4 "));  // in no network that was measured
  // Whoever began with the table as it was goes on with it.
  CHECK(std::equal(before.begin(), before.end(), rows.ticks_per_part().begin()));
  rows.save(path);

  table again = table::load(path);  // whoever begins now has the corrected rows
  CHECK(again.record() == rows.record());
  CHECK_FALSE(std::equal(before.begin(), before.end(), again.ticks_per_part().begin()));
  const auto choice = parse<small_space>("[(8,8),(16,16)]");
  CHECK(to_milliseconds(again.estimate(choice)) == Approx(again.corrected_milliseconds(choice)).epsilon(0.01));
  CHECK(again.correct(slower) == 0);
  CHECK(again.correct(wholes(device, 2)) == 4);
  CHECK(again.record().corrections.size() == 2);
  again.save(path);
  CHECK(table::load(path).record() == again.record());
  again.believe(0);
  CHECK(std::equal(before.begin(), before.end(), again.ticks_per_part().begin()));
  CHECK(again.correct(slower) == 4);  // in the place of those that are not believed
  CHECK(again.record().corrections.size() == 1);
  CHECK_THAT(sentence_of([&] { again.believe(3); }), ContainsSubstring("a table with 1 corrections was to be read with 3"));

  for (const auto& [key, value] : std::vector<std::pair<const char*, json>>{{"before_ns", 77}, {"after_ns", 0}, {"part", "no such part"}, {"after_ns", "fast"}}) {
    json content = read_json(path);
    content.erase("checksum");
    content["corrections"][1]["rows"][0][key] = value;
    content["checksum"] = detail::checksum_of(content);
    replace_file(folder / "damaged.json", json_text(content, 1) + '\n');
    CHECK_THAT(sentence_of([&] { table::load(folder / "damaged.json"); }), ContainsSubstring("row 1 of correction 2"));
  }
}

TEST_CASE("what is uncertain of a measurement is no reason to correct a table, nor what luck explains") {
  CHECK_FALSE(detail::is_beyond_luck(0, 1));
  CHECK(detail::is_beyond_luck(1, 1));
  CHECK_FALSE(detail::is_beyond_luck(1, 5));
  CHECK(detail::is_beyond_luck(2, 5));
  CHECK_FALSE(detail::is_beyond_luck(2, 8));
  CHECK(detail::is_outside({"n", 100, 120, 0}, 0.1));
  CHECK(detail::is_outside({"n", 140, 120, 5}, 0.1));
  CHECK_FALSE(detail::is_outside({"n", 100, 120, 9}, 0.1));
  CHECK_FALSE(detail::is_outside({"n", 110, 120, 0}, 0.1));
}

TEST_CASE("a table is read at the speed of the quiet device or at its typical one") {
  temporary_folder folder;
  table rows = table::load_or_measure(folder / "latency.json", restless_device(3), {.rounds = 6, .warm_up = 2, .samples = 5, .checked = 6, .error_percent = 0});
  const auto choice = parse<small_space>("[(8,8),(16,16)]");
  const double quiet = to_milliseconds(rows.estimate(choice)), slowdown = rows.record().beat.slowdown();
  REQUIRE(slowdown > 1.05);
  rows.use(table_speed::typical);
  CHECK(rows.factor() == slowdown);
  CHECK(to_milliseconds(rows.estimate(choice)) == Approx(quiet * slowdown).epsilon(0.04));  // whole ticks a part
  rows.use(table_speed::quiet);
  CHECK(to_milliseconds(rows.estimate(choice)) == quiet);

  table asked = table::load_or_measure(folder / "asked.json", asked_device{}, many_networks);
  CHECK_THAT(sentence_of([&] { asked.use(table_speed::typical); }), ContainsSubstring("typical latencies are not known of asked"));
  asked.use(table_speed::quiet);
}
