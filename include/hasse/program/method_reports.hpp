// What the reports of the methods show, filled in from what the methods found.
// Used by hasse_slim and hasse_proxyless, and by programs of users' own that write such reports.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/result/gated_data.hpp>
#include <hasse/result/slimming_data.hpp>
#include <hasse/supernet/gated.hpp>
#include <hasse/supernet/greedy_slimming.hpp>

namespace hasse {

/// Fills in what a greedy slimming did.
inline void add_slimming(slimming_data& data, const slimming_result& from) {
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

/// Fills in the blocks that are searched.
inline void add_supernet(gated_data& data, const gated_list& supernet) {
  data.blocks.clear();
  for (const int at : supernet.searched()) {
    gated_report_block block{.name = supernet.block(at).name};
    for (const gated_candidate& each : supernet.block(at).candidates) block.candidates.push_back(each.text);
    data.blocks.push_back(std::move(block));
  }
}

/// How the network of a choice is drawn: one entry per block of the supernet, zero blocks included.
inline std::vector<drawn_block> drawn_blocks(const gated_list& supernet, std::span<const int> choice) {
  supernet.check(choice);
  std::vector<drawn_block> drawn;
  for (int at = 0; at < supernet.size(); ++at) {
    const gated_candidate& taken = supernet.candidate(at, choice[static_cast<std::size_t>(at)]);
    drawn_block block{.name = supernet.block(at).name, .out = taken.out(), .is_zero = taken.is_zero()};
    for (const layer& item : taken.layers) {
      block.stride *= item.stride;
      if (item.kind == layer_kind::linear) block.label = "linear";
      if (item.kind != layer_kind::convolution || item.kernel < block.kernel) continue;
      const std::string window = std::to_string(item.kernel) + "x" + std::to_string(item.kernel);
      const bool depthwise = is_depthwise(item);
      block.kernel = item.kernel;
      block.expand = depthwise ? item.in.c / taken.layers.input.c : 0;
      block.label = depthwise ? "MB" + std::to_string(block.expand) + " " + window : "conv " + window;
    }
    if (supernet.block(at).searched()) block.candidate = taken.text;
    if (block.is_zero || block.label.empty()) block.label = taken.text;
    drawn.push_back(std::move(block));
  }
  return drawn;
}

}  // namespace hasse
