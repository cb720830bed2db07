// The bodies of latency/correction.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <hasse/latency/correction.hpp>
#include <hasse/latency/detail/estimate.hpp>
#include <hasse/latency/fit.hpp>

namespace hasse::detail {

HASSE_BODY bool is_outside(const measured_whole& network, double stated) {
  return static_cast<double>(std::abs(network.sum - network.whole)) > stated * static_cast<double>(network.whole) + static_cast<double>(network.noise);
}

HASSE_BODY bool is_beyond_luck(std::size_t outside, std::size_t networks) {
  const double expected = 0.1 * static_cast<double>(networks);
  return static_cast<double>(outside) > expected + 2 * std::sqrt(0.9 * expected);
}

HASSE_BODY std::vector<std::int64_t> corrected_rows(std::span<const std::int64_t> rows, std::span<const measured_whole> networks,
                                                    std::span<const std::vector<std::size_t>> rows_of) {
  std::vector<double> expected;
  for (const std::int64_t row : rows) expected.push_back(static_cast<double>(std::max<std::int64_t>(1, row)));
  observed_sums sums{.unknowns = rows.size()};
  for (std::size_t at = 0; at < networks.size(); ++at) {
    std::vector<double> counts(rows.size());
    for (const std::size_t row : rows_of[at]) counts[row] += 1;
    sums.add(counts, static_cast<double>(networks[at].whole));
  }
  const std::vector<double> fitted = fit_nonnegative(sums, expected, trust_in_rows);
  std::vector<std::int64_t> found;
  for (std::size_t row = 0; row < rows.size(); ++row)
    found.push_back(rows[row] == 0 ? 0 : std::max<std::int64_t>(1, std::llround(fitted[row])));
  return found;
}

HASSE_BODY std::vector<std::int64_t> times_of_rows(const latency_record& table, std::size_t count) {
  std::vector<std::int64_t> times;
  for (const latency_row& row : table.rows) times.push_back(row.state == row_state::measured ? row.p50 : 0);
  for (std::size_t at = 0; at < std::min(count, table.corrections.size()); ++at)
    for (const corrected_row& row : table.corrections[at].rows)
      for (std::size_t part = 0; part < times.size(); ++part)
        if (table.rows[part].part == row.part) times[part] = row.after;
  return times;
}

}  // namespace hasse::detail
