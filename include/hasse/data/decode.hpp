// JPEG and PNG bytes to pixels, by turbojpeg and libpng. The bytes are hostile: sizes are checked before memory is taken.
// Used by the image-folder reader; programs that include it link turbojpeg and png.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <png.h>
#include <turbojpeg.h>

#include <hasse/core/error.hpp>
#include <hasse/core/shape.hpp>

namespace hasse {

/// An image as it came out of a file: H, W, C with one (grey) or three (RGB) channels.
struct decoded_image {
  feature_shape shape{};
  std::vector<std::uint8_t> pixels;
};

/// Decodes one image after the other, reusing its memory. `where` names the file or archive member in errors.
class image_decoder {
 public:
  static constexpr std::int64_t most_pixels = std::int64_t{1} << 26;
  static constexpr std::int64_t longest_side = 65'535;  ///< JPEG's own limit; what resizing needs grows with the longer side

  image_decoder() : jpeg_(tjInitDecompress(), tjDestroy) {
    if (!jpeg_) throw error("the JPEG decoder cannot start (" + std::string(tjGetErrorStr()) + "); free memory and try again");
  }

  /// The image in `bytes`, valid until the next call; throws `file_error` for anything but a whole JPEG or PNG.
  const decoded_image& decode(std::string_view bytes, const std::string& where) {
    if (bytes.starts_with("\xff\xd8\xff"))
      decode_jpeg(bytes, where);
    else if (bytes.starts_with("\x89PNG\r\n\x1a\n"))
      decode_png(bytes, where);
    else
      throw file_error(where, "is neither a JPEG nor a PNG image", remedy);
    return image_;
  }

 private:
  static constexpr const char* remedy = "replace the image by a whole one, or take it out of the data set";

  /// Refuses sizes that the limit forbids or that so few bytes cannot hold (`most_per_byte` pixels at best compression).
  static void check_size(std::int64_t height, std::int64_t width, std::size_t bytes, std::int64_t most_per_byte,
                         const std::string& where) {
    const std::string claim = "claims " + std::to_string(width) + " x " + std::to_string(height) + " pixels";
    if (height <= 0 || width <= 0) throw file_error(where, claim, remedy);
    if (height > most_pixels / width)
      throw file_error(where, claim + ", more than the " + std::to_string(most_pixels) + " that are read",
                       "make the image smaller");
    if (std::max(height, width) > longest_side)
      throw file_error(where, claim + ", and no side of more than " + std::to_string(longest_side) + " is read",
                       "make the image smaller");
    if (height * width / most_per_byte > static_cast<std::int64_t>(bytes))
      throw file_error(where, claim + ", more than its " + std::to_string(bytes) + " bytes can hold", remedy);
  }

  void decode_jpeg(std::string_view bytes, const std::string& where) {
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
    const auto size = static_cast<unsigned long>(bytes.size());
    int width = 0, height = 0, subsampling = 0, colours = 0;
    if (tjDecompressHeader3(jpeg_.get(), data, size, &width, &height, &subsampling, &colours) != 0) refuse_jpeg(where);
    check_size(height, width, bytes.size(), 1024, where);  // a block of 64 pixels takes a bit or more
    if (colours == TJCS_CMYK || colours == TJCS_YCCK) throw file_error(where, "is a JPEG in CMYK colours", "convert it to RGB");
    image_.shape = {height, width, colours == TJCS_GRAY ? 1 : 3};
    image_.pixels.resize(static_cast<std::size_t>(image_.shape.size()));
    const int format = colours == TJCS_GRAY ? TJPF_GRAY : TJPF_RGB;
    if (tjDecompress2(jpeg_.get(), data, size, image_.pixels.data(), width, 0, height, format,
                      TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0)
      refuse_jpeg(where);
  }

  [[noreturn]] void refuse_jpeg(const std::string& where) {
    throw file_error(where, "is not a readable JPEG (" + std::string(tjGetErrorStr2(jpeg_.get())) + ")", remedy);
  }

  void decode_png(std::string_view bytes, const std::string& where) {
    png_image png{};
    png.version = PNG_IMAGE_VERSION;
    const std::unique_ptr<png_image, decltype(&png_image_free)> freed(&png, png_image_free);
    if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) refuse_png(png, where);
    check_size(png.height, png.width, bytes.size(), 8 * 1040,
               where);  // deflate gains at most a factor of 1032; a pixel has a bit or more
    const bool coloured = (png.format & PNG_FORMAT_FLAG_COLOR) != 0;
    png.format = coloured ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    image_.shape = {static_cast<int>(png.height), static_cast<int>(png.width), coloured ? 3 : 1};
    image_.pixels.resize(static_cast<std::size_t>(image_.shape.size()));
    const png_color black{0, 0, 0};  // what shows through transparent pixels
    if (png_image_finish_read(&png, &black, image_.pixels.data(), 0, nullptr) == 0) refuse_png(png, where);
  }

  [[noreturn]] static void refuse_png(const png_image& png, const std::string& where) {
    throw file_error(where, "is not a readable PNG (" + std::string(png.message) + ")", remedy);
  }

  std::unique_ptr<void, int (*)(void*)> jpeg_;
  decoded_image image_;
};

}  // namespace hasse
