// The bodies of data/bmp.hpp, as core/apart.hpp says.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/data/bmp.hpp>

namespace hasse {

HASSE_BODY bmp_header read_bmp_header(std::string_view bytes, std::int64_t most_pixels, std::int64_t longest_side, const std::string& where) {
  const auto refuse = [&](const std::string& problem) {
    throw file_error(where, "is not a readable BMP (" + problem + ")", "replace the image by a whole one, convert it to PNG, or take it out of the data set");
  };
  const auto number = [&](std::size_t at, std::size_t count) {
    std::uint32_t value = 0;
    for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
  };
  if (bytes.size() < 26 || !bytes.starts_with("BM")) refuse("it has no header");
  const std::size_t header = number(14, 4);
  const bool old = header == 12;
  if ((!old && header < 40) || header > 124 || bytes.size() < 14 + header) refuse("its header is of no known size");
  const auto whole = [&](std::size_t at) { return std::int64_t{static_cast<std::int32_t>(number(at, 4))}; };
  const std::int64_t width = old ? std::int64_t{number(18, 2)} : whole(18);
  std::int64_t height = old ? std::int64_t{number(20, 2)} : whole(22);
  bmp_header made;
  made.from_above = height < 0;
  if (height < 0) height = -height;
  if (width < 1 || height < 1 || width > longest_side || height > longest_side || height > most_pixels / width)
    refuse("it claims " + std::to_string(width) + " x " + std::to_string(height) + " pixels, and " + std::to_string(most_pixels) +
           " are read, " + std::to_string(longest_side) + " a side");
  made.height = static_cast<int>(height), made.width = static_cast<int>(width);
  made.bits = static_cast<int>(number(old ? 24 : 28, 2));
  const std::uint32_t packing = old ? 0 : number(30, 4);
  constexpr std::uint32_t plain = 0, by_masks = 3, by_masks_with_alpha = 6;
  const bool masked = packing == by_masks || packing == by_masks_with_alpha;
  if (packing != plain && !masked) refuse("it is compressed");
  const bool paletted = made.bits == 1 || made.bits == 4 || made.bits == 8;
  if (!(paletted || made.bits == 16 || made.bits == 24 || made.bits == 32) || (masked && made.bits != 16 && made.bits != 32))
    refuse("it has " + std::to_string(made.bits) + " bits a pixel");
  std::size_t after = 14 + header;
  if (masked) {
    if (header == 40) after += packing == by_masks ? 12 : 16;
    if (bytes.size() < after || bytes.size() < 66) refuse("it ends within its header");
    for (std::size_t c = 0; c < 3; ++c) made.masks[c] = number(54 + 4 * c, 4);
  } else if (made.bits == 16) {
    made.masks = {0x7c00, 0x03e0, 0x001f};
  } else if (made.bits == 32) {
    made.masks = {0xff0000, 0xff00, 0xff};
  }
  if (made.bits == 16 || made.bits == 32)
    for (const std::uint32_t mask : made.masks)
      if (mask == 0 || (made.bits == 16 && mask > 0xffff) || std::popcount((mask >> std::countr_zero(mask)) + 1) > 1)
        refuse("its colour masks are damaged");
  if (paletted) {
    std::size_t colours = old ? 0 : number(46, 4);
    const std::size_t most = std::size_t{1} << made.bits, entry = old ? 3 : 4;
    if (colours == 0 || colours > most) colours = most;
    if ((bytes.size() - after) / entry < colours) refuse("it ends within its palette");
    for (std::size_t i = 0; i < colours; ++i) {
      const auto byte = [&](std::size_t k) { return static_cast<std::uint8_t>(bytes[after + i * entry + k]); };
      made.palette.push_back({byte(2), byte(1), byte(0)});
    }
  }
  made.first = number(10, 4);
  made.row = (static_cast<std::size_t>(made.width) * static_cast<std::size_t>(made.bits) + 31) / 32 * 4;
  if (made.first < 14 + header || made.first > bytes.size() || (bytes.size() - made.first) / made.row < static_cast<std::size_t>(made.height))
    refuse("it is cut off");
  return made;
}

HASSE_BODY void read_bmp_pixels(std::string_view bytes, const bmp_header& header, const std::string& where, std::vector<std::uint8_t>& pixels) {
  pixels.clear();
  pixels.reserve(static_cast<std::size_t>(header.height) * static_cast<std::size_t>(header.width) * 3);
  const auto bits = static_cast<std::size_t>(header.bits), width = static_cast<std::size_t>(header.width);
  const auto scaled = [](std::uint32_t value, std::uint32_t mask) {
    const int shift = std::countr_zero(mask);
    const std::uint64_t most = mask >> shift;
    return static_cast<std::uint8_t>(std::uint64_t{(value & mask) >> shift} * 255 / most);
  };
  for (int y = 0; y < header.height; ++y) {
    const auto line = static_cast<std::size_t>(header.from_above ? y : header.height - 1 - y);
    const std::string_view row = bytes.substr(header.first + line * header.row, header.row);
    const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(row[at]); };
    for (std::size_t x = 0; x < width; ++x) {
      if (bits <= 8) {
        const std::size_t bit = x * bits;
        const std::size_t index = byte(bit / 8) >> (8 - bits - bit % 8) & ((1u << bits) - 1);
        if (index >= header.palette.size())
          throw file_error(where, "is not a readable BMP (a colour outside of its palette)", "replace the image by a whole one, or take it out of the data set");
        pixels.insert(pixels.end(), header.palette[index].begin(), header.palette[index].end());
      } else if (bits == 24) {
        for (std::size_t c = 3; c-- > 0;) pixels.push_back(byte(3 * x + c));
      } else {
        std::uint32_t value = 0;
        for (std::size_t i = bits / 8; i-- > 0;) value = value << 8 | byte(x * bits / 8 + i);
        for (const std::uint32_t mask : header.masks) pixels.push_back(scaled(value, mask));
      }
    }
  }
}

}  // namespace hasse
