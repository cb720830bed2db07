// Multiply-accumulates as a price. Used where a search has no device.
#pragma once

#include <hasse/price/price.hpp>
#include <hasse/space/cost.hpp>

namespace hasse {

/// Multiply-accumulates for one image, of convolutions and linear layers. Models Price.
struct mac_price : exact_price {
  double of(const layer_list& layers) const { return static_cast<double>(cost_of(layers).macs); }
  price_unit unit() const { return in_macs; }
};

}  // namespace hasse
