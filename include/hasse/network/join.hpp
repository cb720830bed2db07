// Finds the runs of layers that a backend may run as one step: inverted bottlenecks, whose expanded tensor need not leave the
// cache. Used by memory (a run's input outlives the run) and inference (which asks the backend).
#pragma once

#include <span>

#include <hasse/network/fuse.hpp>
#include <hasse/space/layer.hpp>
#include <hasse/space/layer_list.hpp>

namespace hasse {

namespace detail {
/// How many layers the inverted bottleneck that begins with `first` has; 1 when none does. `readers` is readers_of the list.
constexpr int inverted_bottleneck_at(std::span<const layer> list, std::span<const int> readers, int first) {
  const int count = static_cast<int>(list.size());
  const auto feeds_only = [&](int from, int to) {  // layer `to` is the only reader of layer `from`
    return to < count && list[at(to)].input == from + 1 && readers[at(from + 1)] == 1;
  };
  int depthwise = first;
  if (is_pointwise(list[at(first)]) && list[at(first)].other == no_value && feeds_only(first, first + 1)) depthwise = first + 1;
  if (depthwise >= count || !is_depthwise(list[at(depthwise)]) || list[at(depthwise)].other != no_value) return 1;
  int project = depthwise + 1;
  if (!feeds_only(depthwise, project)) {
    // Squeeze-excite: the average of what the depthwise layer gives, two layers on it, and its product with their result.
    const int scale = depthwise + 4;
    project = scale + 1;
    if (project >= count || readers[at(depthwise + 1)] != 2) return 1;
    const layer &squeeze = list[at(depthwise + 1)], &product = list[at(scale)];
    const bool excites = squeeze.kind == layer_kind::global_average_pool && squeeze.input == depthwise + 1 &&
                         product.kind == layer_kind::scale && product.input == depthwise + 1 && product.other == scale &&
                         is_pointwise(list[at(depthwise + 2)]) && is_pointwise(list[at(depthwise + 3)]) &&
                         list[at(depthwise + 2)].other == no_value && list[at(depthwise + 3)].other == no_value &&
                         feeds_only(depthwise + 1, depthwise + 2) && feeds_only(depthwise + 2, depthwise + 3) &&
                         readers[at(scale)] == 1 && feeds_only(scale, project);
    if (!excites) return 1;
  }
  const layer& last = list[at(project)];
  return is_pointwise(last) && (last.other == no_value || last.other <= first) ? project - first + 1 : 1;
}
}  // namespace detail

/// `runs[i]` layers that begin with layer i may become one step: 1 for a layer that stands alone, 0 inside a run. No run crosses an end of
/// one of the stretches in `apart`.
template <class List>
constexpr detail::row<List, int> joined_runs(const List& folded, std::span<const stretch> apart = {}) {
  using detail::at;
  const int count = static_cast<int>(folded.size());
  const auto readers = readers_of(folded);
  auto runs = detail::row_of<List, int>::make(at(count), 0);
  int end = 0;  // of what may be joined to `first`
  for (int first = 0; first < count; first += runs[at(first)]) {
    if (first >= end) {
      end = count;
      for (const stretch& each : apart) {
        if (each.first > first && each.first < end) end = each.first;
        if (each.first + each.count > first && each.first + each.count < end) end = each.first + each.count;
      }
    }
    runs[at(first)] = detail::inverted_bottleneck_at({folded.data(), at(end)}, readers, first);
  }
  return runs;
}

}  // namespace hasse
