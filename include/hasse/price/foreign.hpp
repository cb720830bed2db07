// Latency by a table that others measured as a price: of a device that is not at hand. Used by searches through gates.
#pragma once

#include <filesystem>
#include <limits>
#include <string>

#include <hasse/latency/foreign_blocks.hpp>
#include <hasse/price/price.hpp>

namespace hasse {

/// Milliseconds as sums over the rows of whole blocks; the device is what the file is called. Models Price.
struct foreign_price {
  foreign_table table;

  double of(const layer_list& layers) const { return milliseconds_of(table, layers); }
  price_unit unit() const { return in_milliseconds; }
  std::string device() const { return std::filesystem::path(table.source).filename().string(); }
  cost_gathering gathering() const { return cost_gathering::sum; }
  double uncertainty() const { return std::numeric_limits<double>::quiet_NaN(); }
};

}  // namespace hasse
