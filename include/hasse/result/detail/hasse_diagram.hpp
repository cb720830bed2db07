// The Hasse diagram of trained networks around the frontier: cover relations only, larger networks above smaller ones.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/result/detail/score.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/result/svg.hpp>

namespace hasse::detail {

/// A drawn order: `networks[i]` is the index of node i in the report, `row` 0 is at the bottom.
struct diagram {
  struct edge {
    std::size_t lower, upper;
  };
  std::vector<std::size_t> networks;
  std::vector<std::size_t> row;
  std::vector<double> across;  ///< 0..1
  std::vector<edge> covers;
  std::size_t rows = 0;
};

/// At most `most` networks: the frontier, then its relatives, the most accurate first. Networks without relatives are left out.
HASSE_BODY std::vector<std::size_t> around_frontier(const report_data& data, std::size_t most);

/// Rows by the longest chain below, places in a row by the mean place of neighbours.
HASSE_BODY diagram lay_out(const report_data& data, std::size_t most = 60);

/// The picture; empty when no two networks are comparable.
HASSE_BODY std::string hasse_diagram(const report_data& data);

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/result/detail/hasse_diagram.inl>
#endif
