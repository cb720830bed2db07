// The bodies of supernet/slimmable.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include <hasse/supernet/slimmable.hpp>

namespace hasse {

HASSE_BODY parameter_layout slimmable_layout(const layer_list& layers, int norms) {
  parameter_layout layout = layout_of(layers);
  const parameter_layout own = layout;
  const auto repeat = [&](const std::vector<parameter_tensor>& from, std::vector<parameter_tensor>& to, std::size_t& end) {
    for (int set = 1; set < norms; ++set)
      for (parameter_tensor tensor : from) {
        if (tensor.role == parameter_role::weight || tensor.role == parameter_role::bias) continue;
        tensor.name += '@' + std::to_string(set);
        tensor.layer += set * static_cast<int>(layers.size());
        tensor.offset = end;
        end += round_up(tensor.size, 16);
        to.push_back(std::move(tensor));
      }
  };
  repeat(own.trainable, layout.trainable, layout.trainable_size);
  repeat(own.statistics, layout.statistics, layout.statistics_size);
  if (norms == 0) layout.statistics.clear(), layout.statistics_size = 0;
  return layout;
}

}  // namespace hasse
