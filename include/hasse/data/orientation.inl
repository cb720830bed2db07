// The bodies of data/orientation.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/data/orientation.hpp>

namespace hasse {

HASSE_BODY int exif_orientation(std::string_view exif) {
  const bool little = exif.starts_with(std::string_view("II*\0", 4));
  if (!little && !exif.starts_with(std::string_view("MM\0*", 4))) return 1;
  const auto number = [&](std::size_t at, std::size_t bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < bytes; ++i)
      value = value << 8 | static_cast<unsigned char>(exif[little ? at + bytes - 1 - i : at + i]);
    return value;
  };
  if (exif.size() < 8) return 1;
  const std::size_t directory = number(4, 4);
  if (directory > exif.size() || exif.size() - directory < 2) return 1;
  const std::size_t entries = std::min<std::size_t>(number(directory, 2), (exif.size() - directory - 2) / 12);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + 12 * i;
    constexpr std::uint32_t tag = 0x0112, one_short = 3;
    if (number(entry, 2) != tag) continue;
    if (number(entry + 2, 2) != one_short || number(entry + 4, 4) != 1) return 1;
    const std::uint32_t value = number(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

namespace detail {

HASSE_BODY std::size_t big_endian(std::string_view bytes, std::size_t at, std::size_t count) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

HASSE_BODY int orientation_of_jpeg(std::string_view bytes) {
  for (std::size_t at = 2; at + 4 <= bytes.size() && bytes[at] == '\xff';) {
    const auto marker = static_cast<unsigned char>(bytes[at + 1]);
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    if (marker == 0xda || marker == 0xd9) break;
    const std::size_t length = big_endian(bytes, at + 2, 2);
    if (length < 2 || length > bytes.size() - at - 2) break;
    const std::string_view content = bytes.substr(at + 4, length - 2);
    if (marker == 0xe1 && content.starts_with(std::string_view("Exif\0\0", 6))) return exif_orientation(content.substr(6));
    at += 2 + length;
  }
  return 1;
}

HASSE_BODY int orientation_of_png(std::string_view bytes) {
  for (std::size_t at = 8; at + 12 <= bytes.size();) {
    const std::size_t length = big_endian(bytes, at, 4);
    if (length > bytes.size() - at - 12) break;
    if (bytes.substr(at + 4, 4) == "eXIf") return exif_orientation(bytes.substr(at + 8, length));
    at += 12 + length;
  }
  return 1;
}

HASSE_BODY int orientation_of_webp(std::string_view bytes) {
  for (std::size_t at = 12; at + 8 <= bytes.size();) {
    std::size_t length = 0;
    for (std::size_t i = 4; i-- > 0;) length = length << 8 | static_cast<unsigned char>(bytes[at + 4 + i]);
    if (length > bytes.size() - at - 8) break;
    std::string_view content = bytes.substr(at + 8, length);
    if (bytes.substr(at, 4) == "EXIF") {
      if (content.starts_with(std::string_view("Exif\0\0", 6))) content.remove_prefix(6);
      return exif_orientation(content);
    }
    at += 8 + length + length % 2;
  }
  return 1;
}

HASSE_BODY void turn_upright(int orientation, feature_shape& shape, std::vector<std::uint8_t>& pixels) {
  if (orientation == 1) return;
  const bool transposed = orientation >= 5;
  const auto in_h = static_cast<std::size_t>(shape.h), in_w = static_cast<std::size_t>(shape.w), c = static_cast<std::size_t>(shape.c);
  const std::size_t out_h = transposed ? in_w : in_h, out_w = transposed ? in_h : in_w;
  const bool from_below = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool from_right = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  std::vector<std::uint8_t> turned(pixels.size());
  for (std::size_t y = 0; y < out_h; ++y)
    for (std::size_t x = 0; x < out_w; ++x) {
      const std::size_t down = from_below ? out_h - 1 - y : y, right = from_right ? out_w - 1 - x : x;
      const std::size_t source = transposed ? right * in_w + down : down * in_w + right;
      std::copy_n(pixels.begin() + static_cast<std::ptrdiff_t>(source * c), c, turned.begin() + static_cast<std::ptrdiff_t>((y * out_w + x) * c));
    }
  pixels = std::move(turned);
  shape = {static_cast<int>(out_h), static_cast<int>(out_w), shape.c};
}

}  // namespace detail

HASSE_BODY int orientation_of(std::string_view bytes) {
  if (bytes.starts_with("\xff\xd8")) return detail::orientation_of_jpeg(bytes);
  if (bytes.starts_with("\x89PNG")) return detail::orientation_of_png(bytes);
  if (bytes.starts_with("RIFF")) return detail::orientation_of_webp(bytes);
  return 1;
}

}  // namespace hasse
