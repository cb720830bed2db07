// An entry of a catalogue, without the space that it is one of.
// Used by catalogue and by network, which asks where layers come from.
#pragma once

#include <span>
#include <string>

#include <hasse/catalogue/bodies.hpp>
#include <hasse/space/cost.hpp>
#include <hasse/space/layer_builder.hpp>
#include <hasse/space/part_key.hpp>

namespace hasse {

/// One block of a space: what it is made of and what it costs.
struct entry {
  part_id id = 0;
  part_key key{};  ///< stem, stage or head, and which
  feature_shape in{}, second{}, out{};  ///< `second`: of a piece of the head that joins two values, else empty
  std::span<const layer> layers;        ///< unfused; value 0 is the block's input, the last layer gives what the next block reads
  constant_output_range outputs;  ///< what the network hands out besides
  cost costs{};
  std::string (*spec_text)() = nullptr;
  std::span<const own_bodies> bodies;  ///< what engines run in place of the layers

  /// "basic s2 64>128 @28x28".
  std::string text() const { return spec_text() + ' ' + place_text(in, second, out); }
  bool joins() const { return second.c > 0; }
};

}  // namespace hasse
