// The bodies of latency/detail/estimate.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/latency/beat.hpp>
#include <hasse/latency/detail/estimate.hpp>
#include <hasse/latency/fit.hpp>

namespace hasse::detail {

/// Rows as if they were what their features take, in the networks at hand.
inline std::vector<double> rows_by_features(std::span<const visited_network> networks, std::span<const std::int64_t> times,
                                            const row_features& features, const std::vector<bool>& used) {
  observed_sums sums{.unknowns = feature_count};
  for (std::size_t at = 0; at < networks.size(); ++at) {
    if (!used[at] || times[at] == 0) continue;
    std::array<double, feature_count> all{};
    for (const std::size_t row : networks[at].rows)
      for (std::size_t each = 0; each < feature_count; ++each) all[each] += features[row][each];
    sums.add(all, static_cast<double>(times[at]));
  }
  const std::vector<double> prices = prices_of_features(sums);
  std::vector<double> rows;
  for (const auto& of_row : features) rows.push_back(std::max(1.0, sum_of(of_row, prices)));
  return rows;
}

/// What each network took in these rounds; empty where it failed in all of them.
inline std::vector<std::vector<timed_round>> totals_of(std::span<const std::vector<visit>* const> rounds, std::size_t networks) {
  std::vector<std::vector<timed_round>> totals(networks);
  for (const std::vector<visit>* round : rounds)
    for (std::size_t at = 0; at < networks; ++at)
      if (const visit& each = (*round)[at]; each.failure.empty()) totals[at].push_back({each.total, each.beat});
  return totals;
}

/// From some of the rounds, and by rows from some of the networks, at the speed of `beat`.
inline table_estimate estimate_of(std::span<const std::vector<visit>* const> rounds, std::span<const visited_network> networks,
                                  const row_features& features, const beat_record& beat, const std::vector<bool>& used) {
  table_estimate made;
  made.beat = beat;
  const std::size_t rows = features.size();
  const std::vector<std::vector<timed_round>> totals = totals_of(rounds, networks.size());
  std::vector<std::int64_t> times;  // 0: it failed
  for (std::size_t at = 0; at < networks.size(); ++at) {
    times.push_back(totals[at].empty() ? 0 : std::max<std::int64_t>(1, read(totals[at], beat.reading, beat.quiet)));
    if (times.back() == 0) made.failures.push_back({networks[at].name, rounds.empty() ? "" : (*rounds.back())[at].failure});
  }

  made.rows.resize(rows);
  std::vector<std::vector<std::int64_t>> laps(rows), of_networks(rows);  // all of them, and what each network says
  observed_sums sums{.unknowns = rows};
  bool has_laps = true;
  for (std::size_t at = 0; at < networks.size(); ++at) {
    if (!used[at] || times[at] == 0) continue;
    std::vector<double> counts(rows);
    for (std::size_t lap = 0; lap < networks[at].rows.size(); ++lap) {
      const std::size_t row = networks[at].rows[lap];
      std::vector<timed_round> found;
      for (const std::vector<visit>* round : rounds) {
        const visit& from = (*round)[at];
        if (!from.failure.empty()) continue;
        if (from.laps.size() == networks[at].rows.size()) found.push_back({from.laps[lap], from.beat});
        made.rows[row].samples += from.accepted, made.rows[row].rejected += from.rejected;
      }
      has_laps = has_laps && !found.empty();
      if (!found.empty()) of_networks[row].push_back(read(found, beat.reading, beat.quiet));
      const std::vector<std::int64_t> all = as_read(found, beat.reading, beat.quiet);
      laps[row].insert(laps[row].end(), all.begin(), all.end());
      counts[row] += 1, ++made.rows[row].contexts;
    }
    sums.add(counts, static_cast<double>(times[at]));
  }
  std::vector<double> expected(rows, 1);
  if (!has_laps) expected = rows_by_features(networks, times, features, used);
  for (std::size_t row = 0; row < rows && has_laps; ++row)
    if (!of_networks[row].empty()) expected[row] = static_cast<double>(std::max<std::int64_t>(1, median(of_networks[row])));
  const std::vector<double> fitted = fit_nonnegative(sums, expected, has_laps ? trust_in_laps : trust_in_features);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto least_one = [](std::int64_t time) { return std::max<std::int64_t>(1, time); };
    latency_row& each = made.rows[row];
    each.p50 = least_one(std::llround(fitted[row]));
    each.p10 = has_laps ? least_one(quantile(laps[row], 0.1)) : each.p50, each.p90 = has_laps ? least_one(quantile(laps[row], 0.9)) : each.p50;
  }
  for (std::size_t at = 0; at < networks.size(); ++at) {
    if (!networks[at].whole || times[at] == 0) continue;
    additivity_pair pair{networks[at].name, 0, times[at]};
    for (const std::size_t row : networks[at].rows) pair.sum += made.rows[row].p50;
    made.additivity.networks.push_back(std::move(pair));
  }
  return made;
}

HASSE_BODY table_estimate estimate(std::span<const std::vector<visit>> rounds, std::span<const visited_network> networks,
                                   const row_features& features) {
  std::vector<std::int64_t> beats;
  std::vector<const std::vector<visit>*> all, halves[2];
  for (const std::vector<visit>& round : rounds) {
    halves[all.size() % 2].push_back(&round), all.push_back(&round);
    for (const visit& each : round)
      if (each.beat > 0) beats.push_back(each.beat);
  }
  beat_record beat{.network = {}, .quiet = quantile(beats, 0.02), .typical = median(beats)};
  beat.reading = steadier(totals_of(all, networks.size()), beat.quiet);
  std::vector<bool> surveyed, parts[2];
  for (std::size_t at = 0, seen = 0; at < networks.size(); ++at) {
    surveyed.push_back(!networks[at].whole);
    for (std::size_t half = 0; half < 2; ++half) parts[half].push_back(surveyed[at] && seen % 2 == half);
    seen += surveyed[at];
  }
  table_estimate made = estimate_of(all, networks, features, beat, surveyed);
  if (halves[1].empty()) return made;
  // What is uncertain of a row is when it was measured and in which networks: it is told by either half of the rounds, and by either half of
  // the networks. They differ by twice the standard error of the whole; a small difference may be luck, so no row is taken to be more
  // certain than the middle one, of whose differences the median is 0.67 of the standard error.
  const auto add_noise = [&](const table_estimate& first, const table_estimate& second) {
    std::vector<std::int64_t> apart, millionths;
    for (std::size_t row = 0; row < made.rows.size(); ++row) {
      const bool is_in_both = first.rows[row].contexts > 0 && second.rows[row].contexts > 0;
      apart.push_back(is_in_both ? std::abs(first.rows[row].p50 - second.rows[row].p50) / 2 : 0);
      if (is_in_both) millionths.push_back(apart.back() * 1'000'000 / made.rows[row].p50);
    }
    const std::int64_t middle = median(std::move(millionths)) * 3 / 2;
    for (std::size_t row = 0; row < made.rows.size(); ++row)
      made.rows[row].noise = std::max({made.rows[row].noise, apart[row], made.rows[row].p50 * middle / 1'000'000});
  };
  add_noise(estimate_of(halves[0], networks, features, beat, surveyed), estimate_of(halves[1], networks, features, beat, surveyed));
  add_noise(estimate_of(all, networks, features, beat, parts[0]), estimate_of(all, networks, features, beat, parts[1]));
  return made;
}

}  // namespace hasse::detail
