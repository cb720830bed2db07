// What a configuration of a width family costs: multiply-accumulates, parameters, bytes in use while it infers.
// Used by search, whose greedy slimming stops at budgets of one of them, and by programs.
#pragma once

#include <cstddef>
#include <cstdint>

#include <hasse/network/channel_groups.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/plan.hpp>
#include <hasse/space/cost.hpp>

namespace hasse {

/// Multiply-accumulates for one image, of convolutions and linear layers.
inline std::int64_t macs_of(const width_family& family, const channel_configuration& configuration) {
  return cost_of(family.layers_at(configuration)).macs;
}

/// Trainable numbers.
inline std::int64_t parameters_of(const width_family& family, const channel_configuration& configuration) {
  return cost_of(family.layers_at(configuration)).parameters();
}

/// Bytes of the values in use at once, parameters apart, when the folded network infers one image in float.
inline std::size_t peak_bytes_of(const width_family& family, const channel_configuration& configuration) {
  return plan_inference(fold_for_inference(family.layers_at(configuration)).layers, 1, sizeof(float)).arena_bytes;
}

}  // namespace hasse
