// How a picture has to be turned: EXIF's orientation in JPEG, PNG and WebP files. Every offset is checked against the length.
// Used by the image decoder.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/apart.hpp>
#include <hasse/core/shape.hpp>

namespace hasse {

/// The orientation (1 to 8) that an EXIF block says, beginning with its byte order mark; 1, upright, where it says none.
HASSE_BODY int exif_orientation(std::string_view exif);

namespace detail {
HASSE_BODY std::size_t big_endian(std::string_view bytes, std::size_t at, std::size_t count);

HASSE_BODY int orientation_of_jpeg(std::string_view bytes);

HASSE_BODY int orientation_of_png(std::string_view bytes);

HASSE_BODY int orientation_of_webp(std::string_view bytes);

/// Turns stored pixels (H, W, C) upright.
HASSE_BODY void turn_upright(int orientation, feature_shape& shape, std::vector<std::uint8_t>& pixels);
}  // namespace detail

/// The orientation (1 to 8) that a file says of its picture; 1 for kinds that cannot say one.
HASSE_BODY int orientation_of(std::string_view bytes);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/orientation.inl>
#endif
