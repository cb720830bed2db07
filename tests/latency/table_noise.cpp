// latency/table.hpp on a device that others disturb: how far rows and sums are off, and what a table says of it.
#include <catch.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <hasse/catalogue/shard.hpp>
#include <hasse/latency/table.hpp>
#include <hasse/latency/together.hpp>

#include "../support/spaces.hpp"
#include "fake_device.hpp"
#include "restless_device.hpp"

using namespace hasse;
using namespace hasse::testing;

namespace {
using table = latency_table<small_space>;

/// Rows as medians of the laps of quiet rounds, without a beat, from measuring as long.
std::vector<std::int64_t> rows_of_filtered_medians(const fake_device& device, std::int64_t nanoseconds) {
  auto backend = device.make_backend();
  auto watch = device.make_stopwatch(backend);
  const counter<small_space> all;
  random_source random(7);
  struct visited {
    std::vector<part_id> row;
    layer_list layers;
    std::vector<int> ends;
    std::vector<visit> rounds;
  };
  std::vector<visited> networks(20);
  for (visited& each : networks) {
    const auto choice = all.sample(random);
    each.layers = layers_of(choice);
    for_each_part(choice, [&](part_id part) { each.row.push_back(part); });
  }
  while (device.world->now < nanoseconds)
    for (visited& each : networks) {
      auto network = network_for_timing(backend, each.layers, random);
      each.ends.clear();
      int layers = 0;
      for (const part_id part : each.row)
        each.ends.push_back(network.steps_until(layers += static_cast<int>(catalogue<small_space>::at(part).layers.size())));
      each.rounds.push_back(measure(network, each.ends, protocol{}, watch));
    }
  std::vector<detail::part_laps> laps(table::parts);
  for (const visited& each : networks)
    for (std::size_t lap = 0; lap < each.row.size(); ++lap)
      detail::lap_reader(detail::pointers_to(each.rounds), 10).into(laps[static_cast<std::size_t>(each.row[lap])], lap);
  std::vector<std::int64_t> rows;
  for (const detail::part_laps& part : laps) rows.push_back(part.contexts.empty() ? 1 : median(part.contexts));
  return rows;
}
}  // namespace

TEST_CASE("on a restless device times beside a beat come three times nearer to the truth than quiet medians of as much time") {
  temporary_folder folder;
  double with_beat = 0, without = 0;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const fake_device device = restless_device(seed), other = restless_device(seed);
    const table measured = table::load_or_measure(folder / (std::to_string(seed) + ".json"), device,
                                                  {.rounds = 12, .warm_up = 2, .samples = 5, .contexts = 4, .checked = 12, .error_percent = 0});
    std::vector<std::int64_t> rows;
    for (const latency_row& row : measured.rows()) rows.push_back(row.p50);
    with_beat += error_of_sums(rows) / 3;
    without += error_of_sums(rows_of_filtered_medians(other, device.world->now)) / 3;
    CHECK(measured.record().beat.slowdown() > 1.05);
    CHECK(measured.record().beat.slowdown() < 2);
    CHECK(measured.additivity().median_error() < 0.03);
  }
  INFO("errors of sums: " << with_beat << " beside a beat, " << without << " without");
  CHECK(with_beat * 3 < without);
  CHECK(with_beat < 0.02);
}

TEST_CASE("where a network and the beat beside it are disturbed apart the quick visits tell the times, in the device's own milliseconds") {
  temporary_folder folder;
  const fake_world calm;
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    const fake_device device = flickering_device(seed);
    const auto path = folder / (std::to_string(seed) + ".json");
    const table measured = table::load_or_measure(path, device, {.rounds = 12, .warm_up = 2, .samples = 5, .contexts = 4, .checked = 12, .error_percent = 0});
    CHECK(measured.record().beat.reading == speed_reading::quick);
    CHECK(table::load(path).record() == measured.record());
    std::int64_t sum = 0, truth = 0;
    for (part_id part = 0; part < static_cast<part_id>(table::parts); ++part)
      sum += measured.rows()[static_cast<std::size_t>(part)].p50, truth += true_cost(calm, part);
    CHECK(static_cast<double>(sum) == Approx(static_cast<double>(truth)).epsilon(0.03));
    CHECK(measured.additivity().median_error() < 0.02);

    // Finalists are told in the same milliseconds.
    const layer_list layers = layers_of(parse<small_space>("[(4,8),(16)]"));
    std::int64_t whole = 0;
    for (const layer& item : fold_for_inference(layers).layers) whole += calm.cost(item);
    const beat_record& beat = measured.record().beat;
    const measurement found = measure_together({layers, layers}, device, many_visits, {}, {layers_of(parse<small_space>(beat.network)), beat.quiet}).front();
    CHECK(static_cast<double>(found.median) == Approx(static_cast<double>(whole)).epsilon(0.03));
  }
}

TEST_CASE("rounds end when sums are as good as is wanted, and go on to the last where they are not") {
  temporary_folder folder;
  protocol rules = quick;
  rules.rounds = 9, rules.error_percent = 5;
  const auto visits_of = [&](const char* name, const fake_device& device, const protocol& by) {
    const table measured = table::load_or_measure(folder / name, device, by);
    return measured.rows().front().samples / measured.rows().front().contexts;
  };
  const int few = visits_of("few.json", fake_device{}, rules);
  rules.error_percent = 0;
  const int all = visits_of("all.json", fake_device{}, rules);
  CHECK(few * 9 == all * 4);  // four rounds at least
}

TEST_CASE("the noise of rows covers what two tables of a restless device differ by") {
  temporary_folder folder;
  const auto measured = [&](const char* name, std::uint64_t weather, std::uint64_t seed) {
    return table::load_or_measure(folder / name, restless_device(weather), {.rounds = 6, .warm_up = 2, .samples = 5, .contexts = 4, .checked = 12, .error_percent = 0, .seed = seed});
  };
  std::size_t beyond = 0, rows = 0;
  for (std::uint64_t pair = 0; pair < 6; ++pair) {
    const table first = measured((std::to_string(pair) + "a.json").c_str(), 10 + pair, 1), second = measured((std::to_string(pair) + "b.json").c_str(), 30 + pair, 1 + pair % 2);
    std::vector<double> ratios;
    for (std::size_t row = 0; row < table::parts; ++row) ratios.push_back(static_cast<double>(second.rows()[row].p50) / static_cast<double>(first.rows()[row].p50));
    std::vector<double> sorted = ratios;
    std::sort(sorted.begin(), sorted.end());
    for (std::size_t row = 0; row < table::parts; ++row) {
      const auto noise_of = [&](const table& of) { return static_cast<double>(of.rows()[row].noise) / static_cast<double>(of.rows()[row].p50); };
      beyond += std::abs(ratios[row] / sorted[sorted.size() / 2] - 1) > 2 * std::hypot(noise_of(first), noise_of(second));
      ++rows;
    }
  }
  INFO(beyond << " of " << rows << " rows differ by more than twice their noise");
  CHECK(10 * beyond <= rows);
  CHECK(beyond > 0);  // nor is it much more than what they differ by
}
