// The bodies of data/image_kind.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <hasse/data/image_kind.hpp>

namespace hasse {

HASSE_BODY file_kind kind_of(std::string_view bytes) {
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

HASSE_BODY std::string lower_case(std::string_view text) {
  std::string result(text);
  for (char& letter : result)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return result;
}

HASSE_BODY std::string ending_of(std::string_view path) {
  const std::string_view name = file_name(path);
  const std::size_t point = name.rfind('.');
  return point == std::string_view::npos || point == 0 ? std::string() : lower_case(name.substr(point));
}

HASSE_BODY bool named_as_image(std::string_view path) {
  const std::string ending = ending_of(path);
  for (const char* known : {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib"})
    if (ending == known) return true;
  return webp_is_read && ending == ".webp";
}

HASSE_BODY bool hidden_name(std::string_view name) {
  if (name.starts_with('.') && name != "." && name != "..") return true;
  const std::string lower = lower_case(name);
  for (const char* known : {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "@eadir", "$recycle.bin", "system volume information"})
    if (lower == known) return true;
  return false;
}

}  // namespace detail

}  // namespace hasse
