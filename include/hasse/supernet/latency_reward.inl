// The bodies of supernet/latency_reward.hpp, as core/apart.hpp says.
#pragma once

#include <cmath>
#include <string>

#include <hasse/supernet/latency_reward.hpp>

namespace hasse {

namespace detail {

HASSE_BODY double reward_ratio(double quality, double latency, double target) {
  if (!(quality >= 0 && quality <= 1))
    throw error("a reward was asked for the quality " + std::to_string(quality) + "; divide it so that it lies within 0 and 1");
  if (!(latency > 0) || !(target > 0) || !std::isfinite(latency) || !std::isfinite(target))
    throw error("a reward was asked for a latency of " + std::to_string(latency) + " against a target of " +
                std::to_string(target) + "; both have to be above 0");
  return latency / target;
}

}  // namespace detail

}  // namespace hasse
