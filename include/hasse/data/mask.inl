// The bodies of data/mask.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <png.h>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/image_kind.hpp>
#include <hasse/data/mask.hpp>
#include <hasse/data/png.hpp>

namespace hasse {

namespace detail {
inline constexpr const char* mask_remedy = "give a PNG with one number a pixel: grey or with a palette, of at most 8 bits, without transparency";

/// A PNG that is read from memory. libpng ends what it cannot do by a jump, so each of the steps below is a function without anything
/// that would have to be destroyed.
class png_of_numbers {
 public:
  explicit png_of_numbers(std::string_view bytes) : bytes_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) std::strcpy(message_, "there is no memory for it");
  }
  png_of_numbers(const png_of_numbers&) = delete;
  png_of_numbers& operator=(const png_of_numbers&) = delete;
  ~png_of_numbers() { png_destroy_read_struct(&png_, &info_, nullptr); }

  bool read_header() {
    if (info_ == nullptr || setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, take);
    png_read_info(png_, info_);
    return true;
  }
  bool read_rows(png_bytep* rows) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_packing(png_);  // numbers of less than a byte get a byte each, as they are
    png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    png_read_image(png_, rows);
    png_read_end(png_, nullptr);
    return true;
  }
  std::int64_t height() const { return png_get_image_height(png_, info_); }
  std::int64_t width() const { return png_get_image_width(png_, info_); }
  int bits() const { return png_get_bit_depth(png_, info_); }
  int colours() const { return png_get_color_type(png_, info_); }
  const char* message() const { return message_; }

 private:
  static void fail(png_structp png, png_const_charp message) {
    auto* const self = static_cast<png_of_numbers*>(png_get_error_ptr(png));
    std::strncpy(self->message_, message, sizeof self->message_ - 1);
    png_longjmp(png, 1);
  }
  static void take(png_structp png, png_bytep to, std::size_t count) {
    auto* const self = static_cast<png_of_numbers*>(png_get_io_ptr(png));
    if (count > self->bytes_.size()) png_error(png, "it is cut off");
    std::memcpy(to, self->bytes_.data(), count);
    self->bytes_.remove_prefix(count);
  }

  std::string_view bytes_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  char message_[120] = "";
};

}  // namespace detail

HASSE_BODY decoded_mask read_mask(std::string_view bytes, const std::string& where) {
  if (std::string_view(kind_of(bytes).name) != "PNG") throw file_error(where, bytes.empty() ? "is empty" : "is no PNG", detail::mask_remedy);
  detail::png_of_numbers png(bytes);
  const auto refuse = [&] { return file_error(where, "is not a readable PNG (" + std::string(png.message()) + ")", detail::mask_remedy); };
  if (!png.read_header()) throw refuse();
  const std::int64_t height = png.height(), width = png.width();
  const std::string claim = "claims " + std::to_string(width) + " x " + std::to_string(height) + " pixels";
  if (height < 1 || width < 1 || std::max(height, width) > image_decoder::longest_side || height > image_decoder::most_pixels / width)
    throw file_error(where, claim + ", more than are read", "make the mask and its picture smaller");
  if (height * width / (8 * 1040) > static_cast<std::int64_t>(bytes.size()))  // as of pictures: deflate gains at most a factor of 1032
    throw file_error(where, claim + ", more than its " + std::to_string(bytes.size()) + " bytes can hold", detail::mask_remedy);
  const int colours = png.colours();
  if ((colours & PNG_COLOR_MASK_ALPHA) != 0 || png.bits() > 8)
    throw file_error(where, png.bits() > 8 ? "has 16 bits a channel" : "has transparent pixels", detail::mask_remedy);
  const bool coloured = colours == PNG_COLOR_TYPE_RGB;
  const std::size_t channels = coloured ? 3 : 1, row = static_cast<std::size_t>(width) * channels;
  std::vector<std::uint8_t> values(static_cast<std::size_t>(height) * row);
  std::vector<png_bytep> rows;
  for (std::int64_t y = 0; y < height; ++y) rows.push_back(values.data() + static_cast<std::size_t>(y) * row);
  if (!png.read_rows(rows.data())) throw refuse();
  decoded_mask made{static_cast<int>(height), static_cast<int>(width), coloured, {}};
  made.numbers.resize(values.size() / channels);
  for (std::size_t i = 0; i < made.numbers.size(); ++i) {
    const std::uint8_t* const at = values.data() + i * channels;
    made.numbers[i] = coloured ? at[0] + (std::uint32_t{at[1]} << 8) + (std::uint32_t{at[2]} << 16) : at[0];
  }
  return made;
}

HASSE_BODY void write_mask(const std::filesystem::path& path, int height, int width, std::span<const std::uint8_t> indices) {
  std::array<std::array<std::uint8_t, 3>, 256> palette;
  for (int i = 0; i < 256; ++i) palette[static_cast<std::size_t>(i)] = mask_colour(i);
  replace_file(path, detail::encode_png(height, width, indices, palette.data()));
}

}  // namespace hasse
