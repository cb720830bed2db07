// The bodies of latency/detail/estimate.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/latency/detail/estimate.hpp>
#include <hasse/latency/fit.hpp>

namespace hasse::detail {

/// Laps know which row takes what, whole networks know what rows are together: where they differ, one relative error of a network
/// weighs as much as this many of a row. By measurement: docs/explanation/latency.md.
inline constexpr double trust_in_laps = 0.3, trust_in_features = 0.1;

/// Rows as if they were what their features take, in the networks at hand: every feature has one price.
inline std::vector<double> rows_by_features(std::span<const visited_network> networks, std::span<const std::int64_t> times,
                                            const row_features& features) {
  observed_sums sums{.unknowns = feature_count};
  std::array<double, feature_count> mean{};
  double mean_time = 0;
  for (std::size_t at = 0; at < networks.size(); ++at) {
    if (networks[at].whole || times[at] == 0) continue;
    std::array<double, feature_count> all{};
    for (const std::size_t row : networks[at].rows)
      for (std::size_t each = 0; each < feature_count; ++each) all[each] += features[row][each];
    for (std::size_t each = 0; each < feature_count; ++each) mean[each] += all[each];
    mean_time += static_cast<double>(times[at]);
    sums.add(all, static_cast<double>(times[at]));
  }
  std::vector<double> prices(feature_count, 1);
  for (std::size_t each = 0; each < feature_count; ++each)
    if (mean[each] > 0) prices[each] = mean_time / mean[each] / feature_count;
  prices = fit_nonnegative(sums, prices, 0.01);
  std::vector<double> rows;
  for (const auto& of_row : features) rows.push_back(std::max(1.0, sum_of(of_row, prices)));
  return rows;
}

HASSE_BODY table_estimate estimate(std::span<const std::vector<visit>> rounds, std::span<const visited_network> networks,
                                   const row_features& features) {
  table_estimate made;
  const std::size_t rows = features.size();
  std::vector<std::int64_t> beats;
  for (const std::vector<visit>& round : rounds)
    for (const visit& each : round)
      if (each.beat > 0) beats.push_back(each.beat);
  made.beat.quiet = quantile(beats, 0.02), made.beat.typical = median(beats);
  const auto at_quiet_speed = [&](std::int64_t time, const visit& of) -> std::int64_t {
    if (of.beat == 0 || of.beat == made.beat.quiet) return time;
    return std::llround(static_cast<double>(time) * static_cast<double>(made.beat.quiet) / static_cast<double>(of.beat));
  };
  std::vector<std::int64_t> times;  // 0: it failed
  for (std::size_t at = 0; at < networks.size(); ++at) {
    std::vector<std::int64_t> totals;
    std::string failure;
    for (const std::vector<visit>& round : rounds)
      if (round[at].failure.empty())
        totals.push_back(std::max<std::int64_t>(1, at_quiet_speed(round[at].total, round[at])));
      else
        failure = round[at].failure;
    times.push_back(median(std::move(totals)));
    if (times.back() == 0) made.failures.push_back({networks[at].name, failure});
  }

  made.rows.resize(rows);
  std::vector<std::vector<std::int64_t>> laps(rows), spreads(rows);
  observed_sums sums{.unknowns = rows};
  bool has_laps = true;
  for (std::size_t at = 0; at < networks.size(); ++at) {
    if (networks[at].whole || times[at] == 0) continue;
    std::vector<double> counts(rows);
    for (std::size_t lap = 0; lap < networks[at].rows.size(); ++lap) {
      const std::size_t row = networks[at].rows[lap];
      std::vector<std::int64_t> found;
      for (const std::vector<visit>& round : rounds) {
        const visit& from = round[at];
        if (!from.failure.empty()) continue;
        if (from.laps.size() == networks[at].rows.size()) found.push_back(at_quiet_speed(from.laps[lap], from));
        made.rows[row].samples += from.accepted, made.rows[row].rejected += from.rejected;
      }
      has_laps = has_laps && !found.empty();
      spreads[row].push_back((quantile(found, 0.75) - quantile(found, 0.25)) / 2);
      laps[row].insert(laps[row].end(), found.begin(), found.end());
      counts[row] += 1, ++made.rows[row].contexts;
    }
    sums.add(counts, static_cast<double>(times[at]));
  }
  std::vector<double> expected(rows, 1);
  if (!has_laps) expected = rows_by_features(networks, times, features);
  for (std::size_t row = 0; row < rows && has_laps; ++row)
    if (!laps[row].empty()) expected[row] = static_cast<double>(std::max<std::int64_t>(1, median(laps[row])));
  const std::vector<double> fitted = fit_nonnegative(sums, expected, has_laps ? trust_in_laps : trust_in_features);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto least_one = [](std::int64_t time) { return std::max<std::int64_t>(1, time); };
    latency_row& each = made.rows[row];
    each.p50 = least_one(std::llround(fitted[row])), each.noise = median(spreads[row]);
    each.p10 = has_laps ? least_one(quantile(laps[row], 0.1)) : each.p50, each.p90 = has_laps ? least_one(quantile(laps[row], 0.9)) : each.p50;
  }
  for (std::size_t at = 0; at < networks.size(); ++at) {
    if (!networks[at].whole || times[at] == 0) continue;
    additivity_pair pair{networks[at].name, 0, times[at]};
    for (const std::size_t row : networks[at].rows) pair.sum += made.rows[row].p50;
    made.additivity.networks.push_back(std::move(pair));
  }
  if (!has_laps)  // what is known of a row's noise is how far sums are off
    for (latency_row& each : made.rows)
      each.noise = std::llround(static_cast<double>(each.p50) * made.additivity.median_error());
  return made;
}

}  // namespace hasse::detail
