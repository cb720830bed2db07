// The bodies of data/decode.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <png.h>
#include <turbojpeg.h>
#ifdef HASSE_WEBP
#include <webp/decode.h>
#endif

#include <hasse/core/error.hpp>
#include <hasse/core/shape.hpp>
#include <hasse/data/bmp.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/image_kind.hpp>
#include <hasse/data/orientation.hpp>

namespace hasse {

HASSE_BODY const decoded_image& image_decoder::decode(std::string_view bytes, const std::string& where, bool upright) {
  const file_kind kind = kind_of(bytes);
  const std::string_view name = kind.name;
  if (bytes.empty()) throw file_error(where, "is empty", remedy);
  if (kind.use != file_use::image)
    throw file_error(where, name.empty() ? "is no image of a kind that is read" : "is a file of the kind " + std::string(name) + ", which is not read",
                     name.empty() ? remedy : "convert it to JPEG or PNG, or take it out of the data set");
  if (name == "JPEG")
    decode_jpeg(bytes, where);
  else if (name == "PNG")
    decode_png(bytes, where);
#ifdef HASSE_WEBP
  else if (name == "WebP")
    decode_webp(bytes, where);
#endif
  else
    decode_bmp(bytes, where);
  if (upright) detail::turn_upright(orientation_of(bytes), image_.shape, image_.pixels);
  return image_;
}

HASSE_BODY void image_decoder::check_size(std::int64_t height, std::int64_t width, std::size_t bytes, std::int64_t most_per_byte,
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

HASSE_BODY void image_decoder::decode_jpeg(std::string_view bytes, const std::string& where) {
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto size = static_cast<unsigned long>(bytes.size());
  int width = 0, height = 0, subsampling = 0, colours = 0;
  if (tjDecompressHeader3(jpeg_.get(), data, size, &width, &height, &subsampling, &colours) != 0) refuse_jpeg(where);
  check_size(height, width, bytes.size(), 1024, where);  // a block of 64 pixels takes a bit or more
  const bool inks = colours == TJCS_CMYK || colours == TJCS_YCCK;
  image_.shape = {height, width, colours == TJCS_GRAY ? 1 : 3};
  image_.pixels.resize(static_cast<std::size_t>(height) * static_cast<std::size_t>(width) * (inks ? 4 : static_cast<std::size_t>(image_.shape.c)));
  const int format = colours == TJCS_GRAY ? TJPF_GRAY : inks ? TJPF_CMYK : TJPF_RGB;
  if (tjDecompress2(jpeg_.get(), data, size, image_.pixels.data(), width, 0, height, format,
                    TJFLAG_ACCURATEDCT | TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS) != 0)
    refuse_jpeg(where);
  if (inks) print_inks();
}

HASSE_BODY void image_decoder::print_inks() {
  std::vector<std::uint8_t>& pixels = image_.pixels;
  std::size_t to = 0;
  for (std::size_t from = 0; from + 3 < pixels.size(); from += 4) {
    const std::uint32_t light = pixels[from + 3];
    for (std::size_t c = 0; c < 3; ++c) {
      const std::uint32_t product = (255u - pixels[from + c]) * light + 128;
      pixels[to++] = static_cast<std::uint8_t>(light - (((product >> 8) + product) >> 8));
    }
  }
  pixels.resize(to);
}

HASSE_BODY void image_decoder::refuse_jpeg(const std::string& where) {
  const std::string reason = tjGetErrorStr2(jpeg_.get());
  jpeg_ = started();  // a decoder that failed may fail with the next image, too
  throw file_error(where, "is not a readable JPEG (" + reason + ")", remedy);
}

HASSE_BODY void image_decoder::decode_png(std::string_view bytes, const std::string& where) {
  png_image png{};
  png.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, decltype(&png_image_free)> freed(&png, png_image_free);
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) refuse_png(png.message, where);
  check_size(png.height, png.width, bytes.size(), 8 * 1040,
             where);  // deflate gains at most a factor of 1032; a pixel has a bit or more
  const bool coloured = (png.format & PNG_FORMAT_FLAG_COLOR) != 0;
  png.format = coloured ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  image_.shape = {static_cast<int>(png.height), static_cast<int>(png.width), coloured ? 3 : 1};
  image_.pixels.resize(static_cast<std::size_t>(image_.shape.size()));
  const png_color black{0, 0, 0};  // what shows through transparent pixels
  if (png_image_finish_read(&png, &black, image_.pixels.data(), 0, nullptr) == 0) refuse_png(png.message, where);
}

HASSE_BODY void image_decoder::refuse_png(const std::string& problem, const std::string& where) {
  throw file_error(where, "is not a readable PNG (" + problem + ")", remedy);
}

HASSE_BODY void image_decoder::decode_bmp(std::string_view bytes, const std::string& where) {
  const bmp_header header = read_bmp_header(bytes, most_pixels, longest_side, where);
  image_.shape = {header.height, header.width, 3};
  read_bmp_pixels(bytes, header, where, image_.pixels);
}

#ifdef HASSE_WEBP
HASSE_BODY void image_decoder::put_on_black(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t c = 0; c < 3; ++c) {
      const double value = image_.pixels[4 * i + c] / 255.0, alpha = image_.pixels[4 * i + 3] / 255.0;
      const double light = alpha * (value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4));
      const double seen = light <= 0.0031308 ? light * 12.92 : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
      image_.pixels[3 * i + c] = static_cast<std::uint8_t>(255 * seen + 0.5);
    }
  image_.pixels.resize(count * 3);
}

HASSE_BODY void image_decoder::decode_webp(std::string_view bytes, const std::string& where) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  WebPBitstreamFeatures found;
  const auto refuse = [&](const char* problem) {
    throw file_error(where, "is not a readable WebP (" + std::string(problem) + ")", remedy);
  };
  if (WebPGetFeatures(data, bytes.size(), &found) != VP8_STATUS_OK) refuse("its header is damaged");
  if (found.has_animation) refuse("it is an animation");
  check_size(found.height, found.width, bytes.size(), std::int64_t{1} << 24, where);  // one colour costs nothing
  const auto pixels = static_cast<std::size_t>(found.height) * static_cast<std::size_t>(found.width);
  image_.shape = {found.height, found.width, 3};
  image_.pixels.resize(pixels * (found.has_alpha ? 4 : 3));
  if ((found.has_alpha ? WebPDecodeRGBAInto : WebPDecodeRGBInto)(data, bytes.size(), image_.pixels.data(), image_.pixels.size(),
                                                                 found.width * (found.has_alpha ? 4 : 3)) == nullptr)
    refuse("it is damaged or cut off");
  if (found.has_alpha) put_on_black(pixels);
}
#endif

HASSE_BODY image_decoder::jpeg_handle image_decoder::started() {
  jpeg_handle made(tjInitDecompress(), tjDestroy);
  if (!made) throw error("the JPEG decoder cannot start (" + std::string(tjGetErrorStr()) + "); free memory and try again");
  return made;
}

}  // namespace hasse
