// The bodies of data/zip.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <hasse/core/error.hpp>
#include <hasse/data/archive.hpp>
#include <hasse/data/zip.hpp>

namespace hasse {

namespace detail {
HASSE_BODY std::uint64_t zip_walk::number(std::string_view bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

HASSE_BODY void zip_walk::find_directory() {
  constexpr std::uint64_t end_size = 22, longest_comment = 65535, locator_size = 20;
  const std::uint64_t tail_size = std::min(bytes_.size(), end_size + longest_comment);
  const std::string tail = bytes_.read(bytes_.size() - tail_size, static_cast<std::size_t>(tail_size));
  const std::size_t at = tail.rfind("PK\5\6");
  if (at == std::string::npos || tail.size() - at < end_size) refuse("is a zip archive without its end");
  if (number(tail, at + 4, 2) != number(tail, at + 6, 2)) refuse("is one part of several");
  count_ = number(tail, at + 10, 2), directory_size_ = number(tail, at + 12, 4), directory_ = number(tail, at + 16, 4);
  if (count_ == 0xffff || directory_size_ == 0xffffffff || directory_ == 0xffffffff) {
    if (at < locator_size || number(tail, at - locator_size, 4) != 0x07064b50) {
      if (count_ != 0xffff) refuse("is a zip archive without its end");
    } else {
      const std::string end = bytes_.read(number(tail, at - locator_size + 8, 8), 56);
      if (end.size() < 56 || number(end, 0, 4) != 0x06064b50) refuse("has a damaged directory");
      count_ = number(end, 32, 8), directory_size_ = number(end, 40, 8), directory_ = number(end, 48, 8);
    }
  }
  constexpr std::uint64_t entry = 46;
  if (directory_ > bytes_.size() || directory_size_ > bytes_.size() - directory_ || count_ > directory_size_ / entry)
    refuse("has a damaged directory");
}

HASSE_BODY void zip_walk::widen(std::string_view extra, archive_member& member) const {
  while (extra.size() >= 4) {
    const std::uint64_t id = number(extra, 0, 2);
    const std::size_t length = number(extra, 2, 2);
    if (length > extra.size() - 4) return;
    std::string_view field = extra.substr(4, length);
    if (id == 1)
      for (std::uint64_t* value : {&member.unpacked, &member.size, &member.offset})
        if (*value == 0xffffffff) {
          if (field.size() < 8) refuse("has a damaged directory");
          *value = number(field, 0, 8);
          field.remove_prefix(8);
        }
    extra.remove_prefix(4 + length);
  }
}
}  // namespace detail

}  // namespace hasse
