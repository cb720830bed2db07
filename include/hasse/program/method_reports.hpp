// What the reports of the methods show, filled in from what the methods found.
// Used by hasse_slim and hasse_proxyless, and by programs of users' own that write such reports.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/result/gated_data.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/result/slimming_data.hpp>
#include <hasse/supernet/gated.hpp>
#include <hasse/supernet/gated_recipe.hpp>
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

/// Adds how a search went; `scale` are the search's units in one of the page's.
inline void add_curve(gated_data& data, const std::vector<gated_epoch>& curve, int warmup_epochs, double scale) {
  for (const gated_epoch& each : curve)
    data.epochs.push_back({.epoch = each.training.epoch,
                           .is_warmup = each.training.epoch <= warmup_epochs,
                           .loss = each.training.loss,
                           .train_accuracy = each.training.train_correct,
                           .validation_accuracy = each.training.validation_score,
                           .entropy = each.entropy,
                           .expected = each.expected / scale,
                           .likeliest = each.likeliest / scale,
                           .learning_rate = each.training.learning_rate,
                           .loss_pull = each.accuracy_pull,
                           .cost_pull = each.cost_pull,
                           .probabilities = each.probabilities});
}

/// What a frontier file says of a search through gates: the networks that were trained here; those that none of them beats are its
/// frontier. Latency is that of the device that was searched for: measured here, or by another device's table. Test images decide: the
/// gates have seen the validation images.
inline report_data frontier_of(const gated_data& page) {
  report_data data{.title = page.title, .measure = page.measure, .facts = page.facts};
  for (const gated_report_network& each : page.networks) {
    if (each.role == gated_role::other) continue;
    report_network network{.name = each.choice, .cost = page.is_measured ? each.milliseconds : each.summed};
    network.score = each.accuracy, network.test_score = each.test_accuracy;
    if (page.is_measured) network.whole_cost = each.milliseconds;
    network.macs = each.macs, network.parameters = each.parameters, network.files = each.files;
    data.networks.push_back(std::move(network));
  }
  for (report_network& each : data.networks)
    each.on_frontier = std::none_of(data.networks.begin(), data.networks.end(), [&](const report_network& other) {
      return other.cost <= each.cost && other.test_score >= each.test_score && (other.cost < each.cost || other.test_score > each.test_score);
    });
  return data;
}

}  // namespace hasse
