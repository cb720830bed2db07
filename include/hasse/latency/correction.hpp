// What whole networks, measured after their table was made, teach of the rows that they are made of.
// Used by table. The why: docs/explanation/latency.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/latency/record.hpp>

namespace hasse::detail {

/// True where a whole network is further from its sum than `stated`, a share of it, and the measurement is uncertain.
HASSE_BODY bool is_outside(const measured_whole& network, double stated);

/// Whether more networks are outside of what nine of ten keep to than luck explains: two deviations.
HASSE_BODY bool is_beyond_luck(std::size_t outside, std::size_t networks);

/// The rows that come nearest to these networks and to themselves: relative errors of both.
/// `rows_of[i]` are the rows of network i; rows of none of them stay. Nanoseconds, 1 or more.
HASSE_BODY std::vector<std::int64_t> corrected_rows(std::span<const std::int64_t> rows, std::span<const measured_whole> networks,
                                                    std::span<const std::vector<std::size_t>> rows_of);

/// The rows' times by the first `count` corrections of a table; 0 where a row has none.
HASSE_BODY std::vector<std::int64_t> times_of_rows(const latency_record& table, std::size_t count);

}  // namespace hasse::detail

#if HASSE_BODIES_INLINE
#include <hasse/latency/correction.inl>
#endif
