// Another number of classes for a network that tells images, or their pixels, apart, whatever it was written for.
// Used by catalogue (a space as a run has it) and network (the same network as a type).
#pragma once

#include <cstddef>

#include <hasse/space/layer.hpp>

namespace hasse {

namespace detail {
/// Reads one value and gives as many channels, whatever these are.
constexpr bool keeps_channels(const layer& item) {
  switch (item.kind) {
    case layer_kind::batch_norm:
    case layer_kind::activation:
    case layer_kind::max_pool:
    case layer_kind::average_pool:
    case layer_kind::global_average_pool:
    case layer_kind::adaptive_average_pool:
    case layer_kind::resize:
    case layer_kind::corner_resize:
    case layer_kind::upsample:
      return true;
    default:
      return false;
  }
}
}  // namespace detail

/// Lets the last linear layer or convolution of a list give so many numbers, and what stands behind it go along. False, and nothing is
/// changed, where the list does not end so: with such a layer, and behind it only what keeps channels apart.
template <class List>
constexpr bool set_classes(List& list, int classes) {
  if (list.output_count() != 1 || list.output(0) != static_cast<value_id>(list.size())) return false;
  std::size_t at = list.size();
  while (at > 0 && detail::keeps_channels(list.items[at - 1])) {
    if (list.items[at - 1].input != static_cast<value_id>(at - 1)) return false;
    --at;
  }
  if (at == 0) return false;
  layer& answers = list.items[at - 1];
  if (answers.kind != layer_kind::linear && !(answers.kind == layer_kind::convolution && answers.groups == 1)) return false;
  answers.out.c = classes;
  for (; at < list.size(); ++at) list.items[at].in.c = list.items[at].out.c = classes;
  return true;
}

}  // namespace hasse
