// PNG files whose pixels are numbers of classes: read as they are stored, grey or indices into a palette of 1 to 8 bits, or colours as
// numbers; and written with a palette. The bytes are hostile: sizes are checked before memory is taken.
// Used by open_segmentation and by programs that show what a network answers; they link png.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/data/mask_colour.hpp>

namespace hasse {

/// The numbers of a mask, row by row: grey levels or indices as stored; of a coloured one R + 256 G + 65536 B (COCO's panoptic files).
struct decoded_mask {
  int height = 0, width = 0;
  bool coloured = false;
  std::vector<std::uint32_t> numbers;
};

/// Reads a PNG; `where` names the file in errors. Throws `file_error` for anything else, for transparency and for 16 bits a channel.
HASSE_BODY decoded_mask read_mask(std::string_view bytes, const std::string& where);

/// Replaces `path` by a PNG of height x width indices, with mask_colour as its palette.
HASSE_BODY void write_mask(const std::filesystem::path& path, int height, int width, std::span<const std::uint8_t> indices);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/mask.inl>
#endif
