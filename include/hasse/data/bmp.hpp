// Windows bitmaps: 1, 4 and 8 bits by a palette, 16, 24 and 32 bits a pixel, rows from below or from above. No run lengths.
// Used by the image decoder. Every field is checked against the length before memory is taken.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/shape.hpp>

namespace hasse {

/// What the header says, checked: `first + height * row` bytes are there.
struct bmp_header {
  int height = 0, width = 0, bits = 0;
  bool from_above = false;
  std::size_t first = 0, row = 0;               ///< bytes: where pixels begin, and of a row with its padding
  std::vector<std::array<std::uint8_t, 3>> palette;  ///< RGB
  std::array<std::uint32_t, 3> masks{};         ///< of R, G, B, for 16 and 32 bits
};

/// Throws `file_error` for what is no whole bitmap of those kinds; `most_pixels` and `longest_side` bound it.
HASSE_BODY bmp_header read_bmp_header(std::string_view bytes, std::int64_t most_pixels, std::int64_t longest_side, const std::string& where);

/// The pixels of a bitmap whose header was read: H, W, 3. Alpha is not looked at.
HASSE_BODY void read_bmp_pixels(std::string_view bytes, const bmp_header& header, const std::string& where, std::vector<std::uint8_t>& pixels);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/bmp.inl>
#endif
