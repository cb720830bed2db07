// Which part of a space, and how its place is written.
// Used by parts, block and the entries of a catalogue.
#pragma once

#include <cstdint>
#include <string>

#include <hasse/core/shape.hpp>

namespace hasse {

/// Index of a part in its space, 0 .. part_count<Space> - 1: the row of every table.
using part_id = int;

enum class part_kind : std::uint8_t { stem, first_block, later_block, head };

/// Which part: stem layers by their index; blocks by stage, option before and option of their own width; pieces of the head by index and
/// the options that they depend on.
struct part_key {
  part_kind kind = part_kind::stem;
  int index = 0;   ///< stem: which layer; blocks: which stage; head: which piece
  int before = 0;  ///< first_block of stage s > 0: width option of stage s - 1; later_block: of the same stage; head: of the stage or searched width that it reads
  int own = 0;     ///< blocks: width option; head: of the width that it searches
  friend constexpr bool operator==(const part_key&, const part_key&) = default;
};

/// "32>64 @32x32": channels and input size, the second half of every block's name.
inline std::string place_text(feature_shape in, feature_shape out) {
  return std::to_string(in.c) + '>' + std::to_string(out.c) + " @" + std::to_string(in.h) + 'x' + std::to_string(in.w);
}

/// As above; a block that joins two values names the second, too: "16>16 @8x8 with 32 @16x16".
inline std::string place_text(feature_shape in, feature_shape second, feature_shape out) {
  if (second.c == 0) return place_text(in, out);
  return place_text(in, out) + " with " + std::to_string(second.c) + " @" + std::to_string(second.h) + 'x' + std::to_string(second.w);
}

}  // namespace hasse
