// Latencies of whole networks on many devices, as the tables of HELP (Lee et al., NeurIPS 2021) list them.
// Used to judge sums over blocks, and latency predictors, against networks that others measured.
#pragma once

#include <algorithm>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>

namespace hasse {

/// One network: its number in the benchmark, one run of digits per field, milliseconds per device.
struct listed_network {
  std::int64_t index = 0;
  std::vector<std::string> digits;
  std::vector<double> milliseconds;
  friend bool operator==(const listed_network&, const listed_network&) = default;
};

/// Networks under one header: `fields` say what the digits are ("ops", or "ks", "e", "d", "r"), `devices` are the columns.
struct listed_latencies {
  std::string source;
  std::vector<std::string> fields, devices;
  std::vector<listed_network> networks;

  /// The column of a device; one that is not there is refused with the names of those that are.
  std::size_t column_of(const std::string& device) const;
  friend bool operator==(const listed_latencies&, const listed_latencies&) = default;
};

/// Reads "index,<fields...>,lat_<device>..." with one network per line. `path` is only named. Nothing is left out: a cell without a
/// latency is refused.
HASSE_BODY listed_latencies parse_help_csv(std::string_view text, const std::string& path);

HASSE_BODY listed_latencies read_help_csv(const std::filesystem::path& path);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/help_csv.inl>
#endif
