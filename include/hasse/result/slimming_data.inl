// The bodies of result/slimming_data.hpp, as core/apart.hpp says.
#pragma once

#include <string>

#include <hasse/result/report_data.hpp>
#include <hasse/result/slimming_data.hpp>
#include <hasse/supernet/greedy_slimming.hpp>

namespace hasse {

HASSE_BODY void add_slimming(slimming_data& data, const slimming_result& from) {
  data.channels = from.start.counts;
  data.trace = {{0, from.start_error, from.start_cost, {}}};
  for (const slimming_step& step : from.steps)
    data.trace.push_back(
        {static_cast<double>(step.step), step.error, step.cost,
         "group " + std::to_string(step.group) + ": " + std::to_string(step.from) + " to " + std::to_string(step.to)});
  data.goals.clear();
  for (const slimmed& each : from.found)
    data.goals.push_back({each.target, static_cast<double>(each.step), each.error, each.cost, each.configuration.counts});
}

}  // namespace hasse
