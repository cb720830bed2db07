// What a file is, told by its first bytes: images that are read, images that are not, archives. Names and endings may be wrong.
// Used by the readers of folders and archives.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include <hasse/core/apart.hpp>

namespace hasse {

/// Whether WebP images can be read: with libwebp, which the build looks for.
#ifdef HASSE_WEBP
inline constexpr bool webp_is_read = true;
#else
inline constexpr bool webp_is_read = false;
#endif

enum class file_use { image, unread_image, archive, other };

struct file_kind {
  file_use use = file_use::other;
  const char* name = "";  ///< of the format
};

/// What makes the pixels of an image file other than 8-bit RGB: "grey", "a palette", ...; "" for RGB, and where its header does not say.
inline const char* pixels_of(std::string_view bytes) {
  const auto byte = [&](std::size_t at) { return at < bytes.size() ? static_cast<unsigned char>(bytes[at]) : 0u; };
  if (bytes.starts_with("\x89PNG")) {
    if (byte(24) == 16) return "16 bits a channel";
    switch (byte(25)) {
      case 0: return "grey";
      case 3: return "a palette";
      case 4: return "grey with alpha";
      case 6: return "alpha";
      default: return "";
    }
  }
  if (bytes.starts_with("RIFF")) return byte(12 + 3) == 'X' && (byte(20) & 0x10) != 0 ? "alpha" : "";
  if (bytes.starts_with("BM")) return byte(28) <= 8 ? "a palette" : "";
  for (std::size_t at = 2; at + 9 < bytes.size() && byte(at) == 0xff;) {
    const unsigned marker = byte(at + 1);
    if (marker == 0xff) {  // padding
      ++at;
      continue;
    }
    const bool frame = marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
    if (frame) return byte(at + 9) == 1 ? "grey" : byte(at + 9) == 4 ? "CMYK" : "";
    at += 2 + (byte(at + 2) << 8 | byte(at + 3));
  }
  return "";
}

/// The first bytes that `kind_of` wants to see, where the file has as many.
inline constexpr std::size_t kind_bytes = 512;

/// What a file that begins with these bytes is.
HASSE_BODY file_kind kind_of(std::string_view bytes);

namespace detail {
HASSE_BODY std::string lower_case(std::string_view text);

inline std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// Lower case, with the point; empty where there is none.
HASSE_BODY std::string ending_of(std::string_view path);

/// Promises an image of a kind that is read; what its bytes are is seen when it is decoded.
HASSE_BODY bool named_as_image(std::string_view path);

/// Files and folders that people do not see, and that systems put beside those that they do.
HASSE_BODY bool hidden_name(std::string_view name);

inline constexpr const char* as_hidden = "hidden files or folders, or of the operating system";
inline constexpr const char* as_unread = "images of kinds that are not read";
inline constexpr const char* as_archive = "archives inside of the folder";
inline constexpr const char* as_other = "files that are no images";
inline constexpr const char* as_empty = "folders without images";
inline constexpr const char* as_loop = "links that lead back or too deep";
inline constexpr const char* as_special = "entries that are neither files nor folders";
inline constexpr const char* as_replaced = "archive members that a later one of the same path replaces";
}  // namespace detail

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/image_kind.inl>
#endif
