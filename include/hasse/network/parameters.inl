// The bodies of network/parameters.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <hasse/network/parameters.hpp>

namespace hasse {

HASSE_BODY const parameter_tensor* parameter_layout::find(int layer, parameter_role role) const {
  const std::vector<parameter_tensor>& tensors = is_statistic(role) ? statistics : trainable;
  const auto first = std::lower_bound(tensors.begin(), tensors.end(), layer,
                                      [](const parameter_tensor& tensor, int wanted) { return tensor.layer < wanted; });
  for (auto tensor = first; tensor != tensors.end() && tensor->layer == layer; ++tensor)
    if (tensor->role == role) return &*tensor;
  return nullptr;
}

HASSE_BODY parameter_layout layout_of(std::span<const layer> layers) {
  parameter_layout layout;
  const auto put = [&](int index, parameter_role role, std::vector<int> dims, bool depthwise = false) {
    const layer& item = layers[static_cast<std::size_t>(index)];
    char number[16];
    std::snprintf(number, sizeof number, "%03d", index);
    std::size_t size = 1;
    for (const int dim : dims) size *= static_cast<std::size_t>(dim);
    std::size_t& end = is_statistic(role) ? layout.statistics_size : layout.trainable_size;
    (is_statistic(role) ? layout.statistics : layout.trainable)
        .push_back({std::string(number) + '.' + std::string(name_of(item.kind)) + '.' + std::string(name_of(role)), role, index,
                    std::move(dims), end, size, depthwise});
    end += round_up(size, 16);
  };
  for (int index = 0; index < static_cast<int>(layers.size()); ++index) {
    const layer& item = layers[static_cast<std::size_t>(index)];
    const bool depthwise = item.groups > 1 && item.groups == item.in.c;
    if (item.kind == layer_kind::convolution)
      put(index, parameter_role::weight, {item.out.c, item.in.c / item.groups, item.kernel, item.kernel}, depthwise);
    if (item.kind == layer_kind::linear) put(index, parameter_role::weight, {item.out.c, static_cast<int>(item.in.size())});
    if (item.bias) put(index, parameter_role::bias, {item.out.c}, depthwise);
    if (item.kind == layer_kind::batch_norm)
      for (const auto role :
           {parameter_role::scale, parameter_role::shift, parameter_role::running_mean, parameter_role::running_variance})
        put(index, role, {item.out.c});
  }
  return layout;
}

}  // namespace hasse
