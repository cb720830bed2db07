// What a file is, told by its first bytes: images that are read, images that are not, archives. Names and endings may be wrong.
// Used by the readers of folders and archives.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

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
inline file_kind kind_of(std::string_view bytes) {
  using enum file_use;
  const auto at = [&](std::size_t position, std::string_view mark) {
    return bytes.size() >= position + mark.size() && bytes.substr(position, mark.size()) == mark;
  };
  if (at(0, "\xff\xd8\xff")) return {image, "JPEG"};
  if (at(0, "\x89PNG\r\n\x1a\n")) return {image, "PNG"};
  if (at(0, "RIFF") && at(8, "WEBP")) return {webp_is_read ? image : unread_image, "WebP"};
  if (at(0, "BM") && at(6, std::string_view("\0\0\0\0", 4)) && bytes.size() >= 26 && at(15, std::string_view("\0\0\0", 3)))
    return {image, "BMP"};
  if (at(0, "GIF8")) return {unread_image, "GIF"};
  if (at(0, std::string_view("II*\0", 4)) || at(0, std::string_view("MM\0*", 4)) || at(0, std::string_view("II+\0", 4)) ||
      at(0, std::string_view("MM\0+", 4)))
    return {unread_image, "TIFF"};
  if (at(4, "ftyp")) {
    if (at(8, "avif") || at(8, "avis")) return {unread_image, "AVIF"};
    for (const char* brand : {"heic", "heix", "hevc", "heim", "heis", "mif1", "msf1"})
      if (at(8, brand)) return {unread_image, "HEIC"};
  }
  if (at(0, std::string_view("\0\0\0\x0cjP  \r\n\x87\n", 12)) || at(0, "\xff\x4f\xff\x51")) return {unread_image, "JPEG 2000"};
  if (at(0, "\xff\x0a") || at(0, std::string_view("\0\0\0\x0cJXL \r\n\x87\n", 12))) return {unread_image, "JPEG XL"};
  if (at(0, "8BPS")) return {unread_image, "Photoshop"};
  if (bytes.size() > 2 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '7' && (bytes[2] == '\n' || bytes[2] == ' ' || bytes[2] == '\r'))
    return {unread_image, "PNM"};
  if (at(257, "ustar")) return {archive, "tar"};
  if (at(0, "PK\3\4") || at(0, "PK\5\6")) return {archive, "zip"};
  if (at(0, "\x1f\x8b")) return {archive, "gzip"};
  if (at(0, "BZh")) return {archive, "bzip2"};
  if (at(0, std::string_view("\xfd""7zXZ\0", 6))) return {archive, "xz"};
  if (at(0, "\x28\xb5\x2f\xfd")) return {archive, "zstd"};
  if (at(0, "7z\xbc\xaf\x27\x1c")) return {archive, "7z"};
  if (at(0, "Rar!\x1a\x07")) return {archive, "rar"};
  return {};
}

namespace detail {
inline std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

inline std::string_view file_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

/// Lower case, with the point; empty where there is none.
inline std::string ending_of(std::string_view path) {
  const std::string_view name = file_name(path);
  const std::size_t point = name.rfind('.');
  return point == std::string_view::npos || point == 0 ? std::string() : lower_case(name.substr(point));
}

/// Promises an image of a kind that is read; what its bytes are is seen when it is decoded.
inline bool named_as_image(std::string_view path) {
  const std::string ending = ending_of(path);
  for (const char* known : {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib"})
    if (ending == known) return true;
  return webp_is_read && ending == ".webp";
}

/// Files and folders that people do not see, and that systems put beside those that they do.
inline bool hidden_name(std::string_view name) {
  if (name.starts_with('.') && name != "." && name != "..") return true;
  const std::string lower = lower_case(name);
  for (const char* known : {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir", "$recycle.bin", "system volume information"})
    if (lower == known) return true;
  return false;
}

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
