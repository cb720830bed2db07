// A space of detectors as a supernet of gates: each layer chooses what it is, at one width per block; behind them stands the
// head, a part for each map. Used by hasse_detect search, whose methods so go through the same networks.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/program/detector_space.hpp>
#include <hasse/supernet/gated.hpp>
#include <hasse/supernet/gated_costs.hpp>
#include <hasse/supernet/masked_costs.hpp>
#include <hasse/supernet/masked_layers.hpp>
#include <hasse/supernet/masked_space.hpp>
#include <hasse/supernet/mobiledet_space.hpp>

namespace hasse {

struct gated_detectors {
  gated_list list;
  std::vector<std::pair<int, int>> layers;  ///< of each block of the list: block and layer of the space; -1: a part of the head
  std::vector<int> widths;                  ///< a code of the space with the width of every block

  /// The code of the space that a choice of the list is.
  std::vector<int> code_of(const masked_space& space, std::span<const int> choice) const {
    list.check(choice);
    std::vector<int> code = widths;
    for (std::size_t at = 0; at < layers.size(); ++at)
      if (const auto& [block, layer] = layers[at]; block >= 0)
        space.set(code, block, layer, space.choices_of(block, layer)[static_cast<std::size_t>(choice[at])]);
    return code;
  }
};

/// The choice that is this network; of a code with other widths, the one whose layers take the same.
inline std::vector<int> choice_of(const gated_detectors& gates, const masked_space& space, std::span<const int> code) {
  std::vector<int> choice(gates.layers.size(), 0);
  for (std::size_t at = 0; at < choice.size(); ++at)
    if (const auto& [block, layer] = gates.layers[at]; block >= 0) {
      const std::vector<layer_choice> all = space.choices_of(block, layer);
      choice[at] = static_cast<int>(std::find(all.begin(), all.end(), space.choice_of(code, block, layer)) - all.begin());
    }
  gates.list.check(choice);
  return choice;
}

/// Blocks are as wide as the form says without multipliers. `space` is that of `made`, which was designed for the form.
inline gated_detectors gates_of(const searched_detectors& made, const masked_space& space, mobiledet_form form) {
  form.multipliers = {1000};
  const masked_design plain = mobiledet_space(form);
  gated_detectors gates{.list = {.input = space.design().input, .blocks = {}}, .layers = {}, .widths = std::vector<int>(space.decisions().size(), 0)};
  std::vector<int> ends;  // of maps, in the list
  for (int block = 0; block < space.blocks(); ++block) {
    const std::vector<int>& filters = space.block(block).filters;
    const auto width = std::find(filters.begin(), filters.end(), plain.blocks[static_cast<std::size_t>(block)].filters.front());
    if (width == filters.end())
      throw error(space.block(block).name + " of the space cannot be as wide as published; gates search layers at those widths, so give multipliers with 1000");
    space.set_filters(gates.widths, block, static_cast<int>(width - filters.begin()));
    const int count = static_cast<int>(space.block(block).layers.size());
    for (int layer = 0; layer < count; ++layer) {
      gated_block next{.name = space.block(block).name + (count > 1 ? " layer " + std::to_string(layer + 1) : ""), .stage = block, .candidates = {}};
      for (const layer_choice& each : space.choices_of(block, layer)) {
        std::vector<int> code = gates.widths;
        space.set(code, block, layer, each);
        next.candidates.push_back({space.word_of(block, layer, each), layer_alone(space, code, block, layer, gates.list.output())});
      }
      gates.list.blocks.push_back(std::move(next));
      gates.layers.emplace_back(block, layer);
    }
    if (std::find(made.ends.begin(), made.ends.end(), static_cast<std::size_t>(block)) != made.ends.end()) ends.push_back(gates.list.size() - 1);
  }
  for (std::size_t map = 0; map < ends.size(); ++map) {
    ssdlite_head part = made.head;  // the predictors of this map; behind the last one, the further maps and theirs
    for (std::size_t i = 0; i < part.anchors.size(); ++i)
      if (i < map || (i > map && map + 1 < ends.size())) part.anchors[i] = 0;
    gated_candidate predictors{"map" + std::to_string(map), {.input = gates.list.out_of(ends[map]), .items = {}}};
    part.lower(layer_builder<layer_list>{predictors.layers}, std::vector<value_id>(map + 1, 0));
    if (predictors.layers.size() == 0) continue;  // a map may have no anchors
    gates.list.blocks.push_back({.name = "head of map " + std::to_string(map + 1), .stage = -1, .candidates = {std::move(predictors)}, .reads = ends[map]});
    gates.layers.emplace_back(-1, -1);
  }
  gates.list.check();
  return gates;
}

/// What the candidates of each layer cost more than the cheapest of them, and all that is left together. Where costs do not add up, what each
/// costs alone.
inline gated_costs costs_of(const gated_detectors& gates, const masked_space& space, const masked_costs& costs) {
  if (costs.price().gathering() != cost_gathering::sum) return gated_costs_of(gates.list, costs.price());
  const double base = costs.of(gates.widths);
  gated_costs made{.fixed = base, .blocks = {}};
  for (const int place : gates.list.searched()) {
    const auto [block, layer] = gates.layers[static_cast<std::size_t>(place)];
    std::vector<double> more;
    for (const layer_choice& each : space.choices_of(block, layer)) {
      std::vector<int> code = gates.widths;
      space.set(code, block, layer, each);
      more.push_back(costs.of(code) - base);
    }
    const double least = *std::min_element(more.begin(), more.end());
    for (double& each : more) each -= least;
    made.fixed += least;
    made.blocks.push_back(std::move(more));
  }
  return made;
}

}  // namespace hasse
