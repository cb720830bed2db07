// The bodies of supernet/gated_network.hpp, as core/apart.hpp says.
#pragma once

#include <hasse/supernet/gated_network.hpp>

namespace hasse {

HASSE_BODY layer_list gated_layers(const gated_list& gates) {
  layer_list all{.input = gates.input, .items = {}};
  for (const gated_block& block : gates.blocks)
    for (const gated_candidate& each : block.candidates) {
      for (const auto& [name, value] : each.layers.outputs) all.append_output(name, static_cast<value_id>(all.size()) + value);
      all.items.insert(all.items.end(), each.layers.begin(), each.layers.end());
    }
  return all;
}

}  // namespace hasse
