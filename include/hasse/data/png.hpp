// Pictures as PNG files. Used by programs that show what a network sees; they link png.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include <png.h>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>

namespace hasse {

/// Replaces `path` by a PNG of height x width x RGB. Throws `file_error` where it cannot be written.
inline void write_png(const std::filesystem::path& path, int height, int width, std::span<const std::uint8_t> pixels) {
  if (height < 1 || width < 1 || pixels.size() != static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * 3)
    throw error("a picture of " + std::to_string(height) + " x " + std::to_string(width) + " needs three bytes a pixel, and " +
                std::to_string(pixels.size()) + " bytes were given; give height * width * 3");
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(width), image.height = static_cast<png_uint_32>(height);
  image.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::string bytes(size, '\0');
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr))
    throw file_error(path.string(), "cannot be made (" + std::string(image.message) + ")", "free some memory and start again");
  replace_file(path, std::string_view(bytes).substr(0, size));
}

}  // namespace hasse
