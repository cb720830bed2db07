// The bodies of result/gated_data.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/shape.hpp>
#include <hasse/result/gated_data.hpp>
#include <hasse/result/report_data.hpp>
#include <hasse/supernet/gated.hpp>

namespace hasse {

HASSE_BODY void add_supernet(gated_data& data, const gated_list& supernet) {
  data.blocks.clear();
  for (const int at : supernet.searched()) {
    gated_report_block block{.name = supernet.block(at).name};
    for (const gated_candidate& each : supernet.block(at).candidates) block.candidates.push_back(each.text);
    data.blocks.push_back(std::move(block));
  }
}

HASSE_BODY std::vector<drawn_block> drawn_blocks(const gated_list& supernet, std::span<const int> choice) {
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
