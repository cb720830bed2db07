// The bytes of JPEG, PNG, WebP and BMP files to upright pixels, by turbojpeg, libpng, libwebp (where HASSE_WEBP is defined) and a reader
// of our own. The bytes are hostile: sizes are checked before memory is taken. docs/how-to/own-data.md says what becomes of every kind of pixel.
// Used by the image-folder reader; programs that include it link turbojpeg and png.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/apart.hpp>
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

  image_decoder() : jpeg_(started()) {}

  /// The image in `bytes`, valid until the next call; throws `file_error` for anything but a whole image of a kind that is read.
  /// `upright`: turned as EXIF says; else as stored.
  const decoded_image& decode(std::string_view bytes, const std::string& where, bool upright = true);

 private:
  static constexpr const char* remedy = "replace the image by a whole one, or take it out of the data set";

  /// Refuses sizes that the limit forbids or that so few bytes cannot hold (`most_per_byte` pixels at best compression).
  static void check_size(std::int64_t height, std::int64_t width, std::size_t bytes, std::int64_t most_per_byte,
                         const std::string& where);

  void decode_jpeg(std::string_view bytes, const std::string& where);

  /// CMYK to RGB without a colour profile, in place. Inks are stored inverted, as Adobe does it and all readers take it.
  void print_inks();

  [[noreturn]] void refuse_jpeg(const std::string& where);

  void decode_png(std::string_view bytes, const std::string& where);

  [[noreturn]] static void refuse_png(const std::string& problem, const std::string& where);

  void decode_bmp(std::string_view bytes, const std::string& where);

#ifdef HASSE_WEBP
  /// RGBA to RGB as libpng does it for PNG: in linear light; in place.
  void put_on_black(std::size_t count);

  void decode_webp(std::string_view bytes, const std::string& where);
#endif

  using jpeg_handle = std::unique_ptr<void, int (*)(void*)>;
  static jpeg_handle started();

  jpeg_handle jpeg_;
  decoded_image image_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/decode.inl>
#endif
