// Latency by a table of layers as a price: of the device that it was measured on. Used by slimming and by searches through gates.
#pragma once

#include <algorithm>
#include <limits>
#include <memory>
#include <string>
#include <utility>

#include <hasse/latency/layer_table.hpp>
#include <hasse/price/price.hpp>

namespace hasse {

/// Milliseconds as sums over the rows of a table; one that measures looks at what it does not know yet. Models Price.
class layer_table_price {
 public:
  /// The table must outlive the price.
  explicit layer_table_price(layer_table& table, progress_sink progress = {})
      : table_(std::shared_ptr<void>(), &table), progress_(std::move(progress)) {}
  explicit layer_table_price(layer_table&& table, progress_sink progress = {})
      : table_(std::make_shared<layer_table>(std::move(table))), progress_(std::move(progress)) {}

  double of(const layer_list& layers) const { return to_milliseconds(table_->latency_of(layers, progress_)); }
  price_unit unit() const { return in_milliseconds; }
  std::string device() const { return text_of(table_->record().device); }
  cost_gathering gathering() const { return cost_gathering::sum; }
  /// The median over the networks that the table was compared with; sums are whole ticks, so no less than half of one in the shortest.
  double uncertainty() const {
    double error = std::numeric_limits<double>::quiet_NaN();
    const additivity known = table_->additivity();
    if (!known.networks.empty()) error = known.median_error();
    for (const additivity_pair& each : known.networks) error = std::max(error, 50 / static_cast<double>(each.whole));
    return error;
  }
  layer_table& table() const { return *table_; }

 private:
  std::shared_ptr<layer_table> table_;
  progress_sink progress_;
};

}  // namespace hasse
