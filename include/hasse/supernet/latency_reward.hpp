// What an architecture is worth by its quality and its latency, for searches that maximise; losses are in latency_loss.hpp.
// Used by searches that sample architectures. Quality lies within 0 and 1, latency and target have one unit.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>

namespace hasse {

namespace detail {
/// latency / target of an admissible call.
HASSE_BODY double reward_ratio(double quality, double latency, double target);
}  // namespace detail

/// quality (latency / target)^exponent. `hard` gives nothing for being faster than the target. MnasNet's exponent is -0.07; that of
/// ProxylessNAS with REINFORCE is -0.1.
struct mnasnet_reward {
  double exponent = -0.07;
  bool hard = false;
  double operator()(double quality, double latency, double target) const {
    const double factor = std::pow(detail::reward_ratio(quality, latency, target), exponent);
    return quality * (hard ? std::min(factor, 1.0) : factor);
  }
};

/// quality + weight |latency / target - 1|: best exactly at the target (TuNAS).
struct absolute_reward {
  double weight = -0.1;
  double operator()(double quality, double latency, double target) const {
    return quality + weight * std::abs(detail::reward_ratio(quality, latency, target) - 1);
  }
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/supernet/latency_reward.inl>
#endif
