// The bodies of data/tar.hpp, as core/apart.hpp says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <hasse/core/error.hpp>
#include <hasse/data/archive.hpp>
#include <hasse/data/tar.hpp>

namespace hasse {

namespace detail {
HASSE_BODY void tar_walk::refuse(const std::string& problem) const {
  throw file_error(where_, "the archive member at byte " + std::to_string(position_) + " " + problem,
                   "make the archive anew, as a tar of regular files, or unpack it and name the folder");
}

HASSE_BODY std::string tar_walk::take(std::uint64_t count) {
  std::string result(static_cast<std::size_t>(count), '\0');
  if (bytes_.read(result.data(), result.size()) != result.size()) refuse("is cut off");
  return result;
}

HASSE_BODY bool tar_walk::next_header() {
  for (std::uint64_t blank = 0;; blank += block) {
    header_.resize(block);
    header_.resize(bytes_.read(header_.data(), block));
    const bool empty = header_.find_first_not_of('\0') == std::string::npos;
    if (header_.size() < block && empty && blank > 0) return false;
    if (header_.size() < block) refuse("is missing: the archive ends without its end mark");
    if (!empty) break;
    if (blank > most_blank) refuse("is missing: the archive goes on with nothing");
    position_ += block;
  }
  check_sum(header_);
  return true;
}

HASSE_BODY std::uint64_t tar_walk::number(std::string_view field) const {
  std::uint64_t value = 0;
  if ((field[0] & '\x80') != 0) {
    for (std::size_t i = 0; i < field.size(); ++i) {
      const auto byte = static_cast<unsigned char>(i == 0 ? field[i] & '\x7f' : field[i]);
      if (value >> 54) refuse("has a size that is too large");
      value = value << 8 | byte;
    }
    return value;
  }
  std::size_t i = field.find_first_not_of(' ');
  if (i == std::string_view::npos) return 0;
  for (; i < field.size() && field[i] != ' ' && field[i] != '\0'; ++i) {
    if (field[i] < '0' || field[i] > '7') refuse("has a number that is not octal");
    value = value << 3 | static_cast<std::uint64_t>(field[i] - '0');
  }
  return value;
}

HASSE_BODY void tar_walk::check_sum(std::string_view header) const {
  std::uint64_t expected = number(header.substr(148, 8)), sum = 0;
  for (std::size_t i = 0; i < block; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
  if (sum != expected) refuse("has a header whose checksum is wrong");
}

HASSE_BODY std::string tar_walk::path_of(std::string_view header) const {
  if (!pax_path_.empty()) return pax_path_;
  if (!long_name_.empty()) return long_name_;
  const std::string name = text(header.substr(0, 100)), prefix = text(header.substr(345, 155));
  const bool posix = header.substr(257, 6) == std::string_view("ustar\0", 6);
  return posix && !prefix.empty() ? prefix + '/' + name : name;
}

HASSE_BODY void tar_walk::read_pax(std::string_view content) {
  while (!content.empty()) {
    std::size_t digits = 0, length = 0;
    for (; digits < content.size() && digits < 9 && content[digits] >= '0' && content[digits] <= '9'; ++digits)
      length = length * 10 + static_cast<std::size_t>(content[digits] - '0');
    if (digits >= content.size() || content[digits] != ' ' || length < digits + 3 || length > content.size() ||
        content[length - 1] != '\n')
      refuse("has a damaged pax record");
    const std::string_view record = content.substr(digits + 1, length - digits - 2);
    const std::size_t equals = record.find('=');
    if (equals == std::string_view::npos) refuse("has a pax record without a value");
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1);
    if (key == "path") pax_path_ = text(value);
    if (key == "linkpath") pax_link_ = text(value);
    if (key == "size") pax_size_ = decimal(value);
    if (key.starts_with("GNU.sparse")) refuse("is a sparse file, which is not read");
    content.remove_prefix(length);
  }
}

HASSE_BODY std::int64_t tar_walk::decimal(std::string_view digits) const {
  std::int64_t value = 0;
  if (digits.empty() || digits.size() > 18) refuse("has a pax size that is not a number");
  for (const char digit : digits) {
    if (digit < '0' || digit > '9') refuse("has a pax size that is not a number");
    value = value * 10 + (digit - '0');
  }
  return value;
}
}  // namespace detail

}  // namespace hasse
