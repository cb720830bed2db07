// From visits to the rows of a table: every time relative to the beat beside it, laps as what is expected of rows, whole networks as
// what their sums must meet. Used by table.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/latency/beat.hpp>
#include <hasse/latency/network_timer.hpp>
#include <hasse/latency/record.hpp>

namespace hasse::detail {

/// Laps know which row takes what, whole networks know what rows are together: where they differ, one relative error of a network
/// weighs as much as this many of a row. By measurement: docs/explanation/latency.md.
inline constexpr double trust_in_laps = 0.3, trust_in_features = 0.1;
/// The same of the rows of a table beside whole networks that were measured after it, in turns and to a hundredth or two.
inline constexpr double trust_in_rows = 0.1;

/// A network of a survey: the rows that its laps belong to; or one that is measured whole, to compare the sum of its rows with.
struct visited_network {
  std::vector<std::size_t> rows;
  bool whole = false;
  std::string name;  ///< of one that is whole
};

/// What follows from the rounds so far. Rows of no network have no samples; the rows' names and implementations are the caller's.
struct table_estimate {
  std::vector<latency_row> rows;
  hasse::additivity additivity;
  beat_record beat;  ///< without its network
  std::vector<network_failure> failures;
};
/// Of what each row computes: what is expected of rows where no laps are.
using row_features = std::vector<std::array<double, feature_count>>;
HASSE_BODY table_estimate estimate(std::span<const std::vector<visit>> rounds, std::span<const visited_network> networks,
                                   const row_features& features);

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/latency/detail/estimate.inl>
#endif
