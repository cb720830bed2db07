// Pictures as PNG files. Used by programs that show what a network sees; they link png.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include <png.h>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>

namespace hasse {

namespace detail {
/// `palette`: 256 colours of three bytes, and a pixel is one byte; null: a pixel is three.
inline std::string encode_png(int height, int width, std::span<const std::uint8_t> pixels, const void* palette = nullptr) {
  const std::size_t per_pixel = palette == nullptr ? 3 : 1;
  if (height < 1 || width < 1 || pixels.size() != static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * per_pixel)
    throw error("a picture of " + std::to_string(height) + " x " + std::to_string(width) + " needs " + std::to_string(per_pixel) + " bytes a pixel, and " +
                std::to_string(pixels.size()) + " bytes were given; give height * width * " + std::to_string(per_pixel));
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width), image.height = static_cast<png_uint_32>(height);
  image.format = palette == nullptr ? PNG_FORMAT_RGB : PNG_FORMAT_RGB_COLORMAP;
  image.colormap_entries = palette == nullptr ? 0 : 256;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, palette))
    throw error("a picture cannot be made (" + std::string(image.message) + "); free some memory and start again");
  bytes.resize(size);
  return bytes;
}
}  // namespace detail

/// The bytes of a PNG of height x width x RGB.
inline std::string png_bytes(int height, int width, std::span<const std::uint8_t> pixels) { return detail::encode_png(height, width, pixels); }

/// Replaces `path` by a PNG of height x width x RGB. Throws `file_error` where it cannot be written.
inline void write_png(const std::filesystem::path& path, int height, int width, std::span<const std::uint8_t> pixels) {
  replace_file(path, png_bytes(height, width, pixels));
}

}  // namespace hasse
