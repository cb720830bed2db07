// How the costs of pieces make that of a network. Used by gated_costs and by every price.
#pragma once

#include <cstdint>

namespace hasse {

/// They add up (latency, MACs), or the largest counts (peak memory).
enum class cost_gathering : std::uint8_t { sum, largest };

}  // namespace hasse
