// What an architecture is worth by its quality and its latency, for searches that maximise; losses are in latency_loss.hpp.
// Used by searches that sample architectures. Quality lies within 0 and 1, latency and target have one unit.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include <hasse/core/error.hpp>

namespace hasse {

namespace detail {
/// latency / target of an admissible call.
inline double reward_ratio(double quality, double latency, double target) {
  if (!(quality >= 0 && quality <= 1))
    throw error("a reward was asked for the quality " + std::to_string(quality) + "; divide it so that it lies within 0 and 1");
  if (!(latency > 0) || !(target > 0) || !std::isfinite(latency) || !std::isfinite(target))
    throw error("a reward was asked for a latency of " + std::to_string(latency) + " against a target of " +
                std::to_string(target) + "; both have to be above 0");
  return latency / target;
}
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
