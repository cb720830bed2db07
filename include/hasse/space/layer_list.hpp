// The run-time twin of fixed_layers: a layer list that grows.
// Used by catalogue, network, latency and result, where an architecture is a value.
#pragma once

#include <vector>

#include <hasse/space/layer.hpp>

namespace hasse {

struct layer_list {
  feature_shape input{};
  std::vector<layer> items{};

  const layer* begin() const { return items.data(); }
  const layer* end() const { return items.data() + items.size(); }
  const layer* data() const { return items.data(); }
  std::size_t size() const { return items.size(); }
  void append(const layer& item) { items.push_back(item); }
  feature_shape shape_of(value_id value) const { return value == 0 ? input : items[static_cast<std::size_t>(value - 1)].out; }
  friend bool operator==(const layer_list&, const layer_list&) = default;
};

}  // namespace hasse
