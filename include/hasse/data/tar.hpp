// The members of a tar archive in memory: ustar, GNU long names, pax paths and sizes. Every field is checked against the length.
// Used by the image-folder reader, so that a data set of small files can stay one file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <hasse/core/error.hpp>

namespace hasse {

/// A regular file inside the archive; `content` points into the archive's bytes.
struct tar_member {
  std::string path;
  std::string_view content;
};

namespace detail {
class tar_walk {
 public:
  tar_walk(std::string_view bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  std::vector<tar_member> members() {
    std::vector<tar_member> result;
    while (!at_end()) {
      const std::string_view header = bytes_.substr(position_, block);
      check_sum(header);
      const char type = header[156];
      const bool carries_size = pax_size_ >= 0 && type != 'x' && type != 'g' && type != 'L' && type != 'K';
      const std::uint64_t size = carries_size ? static_cast<std::uint64_t>(pax_size_) : number(header.substr(124, 12));
      if (size > bytes_.size() - position_ - block)
        refuse("claims " + std::to_string(size) + " bytes, more than the archive has left");
      const std::string_view content = bytes_.substr(position_ + block, size);
      const std::uint64_t padded = (size + block - 1) / block * block;
      if (type == 'L')
        long_name_ = text(content);
      else if (type == 'x')
        read_pax(content);
      else if (type != 'K' && type != 'g') {
        if (type == '0' || type == '\0' || type == '7')
          result.push_back({path_of(header), content});
        else if (type != '5')
          refuse("is a link or a special file, which is not read");
        long_name_.clear(), pax_path_.clear(), pax_size_ = -1;
      }
      if (padded > bytes_.size() - position_ - block) refuse("is cut off");
      position_ += block + padded;
    }
    return result;
  }

 private:
  static constexpr std::size_t block = 512;

  [[noreturn]] void refuse(const std::string& problem) const {
    throw file_error(where_, "the archive member at byte " + std::to_string(position_) + " " + problem,
                     "make the archive anew, as a plain tar of regular files");
  }

  bool at_end() const {
    if (bytes_.size() - position_ < block) refuse("is missing: the archive ends without its end mark");
    return bytes_.substr(position_, block).find_first_not_of('\0') == std::string_view::npos;
  }

  static std::string text(std::string_view field) { return std::string(field.substr(0, field.find('\0'))); }

  /// Octal digits between blanks, or base 256 when the top bit is set.
  std::uint64_t number(std::string_view field) const {
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

  void check_sum(std::string_view header) const {
    std::uint64_t expected = number(header.substr(148, 8)), sum = 0;
    for (std::size_t i = 0; i < block; ++i) sum += i >= 148 && i < 156 ? ' ' : static_cast<unsigned char>(header[i]);
    if (sum != expected) refuse("has a header whose checksum is wrong");
  }

  std::string path_of(std::string_view header) const {
    if (!pax_path_.empty()) return pax_path_;
    if (!long_name_.empty()) return long_name_;
    const std::string name = text(header.substr(0, 100)), prefix = text(header.substr(345, 155));
    const bool posix = header.substr(257, 6) == std::string_view("ustar\0", 6);
    return posix && !prefix.empty() ? prefix + '/' + name : name;
  }

  /// Records "LENGTH KEY=VALUE\n", where LENGTH counts the whole record.
  void read_pax(std::string_view content) {
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
      if (key == "size") pax_size_ = decimal(value);
      if (key.starts_with("GNU.sparse")) refuse("is a sparse file, which is not read");
      content.remove_prefix(length);
    }
  }

  std::int64_t decimal(std::string_view digits) const {
    std::int64_t value = 0;
    if (digits.empty() || digits.size() > 18) refuse("has a pax size that is not a number");
    for (const char digit : digits) {
      if (digit < '0' || digit > '9') refuse("has a pax size that is not a number");
      value = value * 10 + (digit - '0');
    }
    return value;
  }

  std::string_view bytes_;
  const std::string& where_;
  std::size_t position_ = 0;
  std::string long_name_, pax_path_;
  std::int64_t pax_size_ = -1;
};
}  // namespace detail

/// Lists the regular files of a whole, uncompressed archive; `where` names it in errors. Links, sparse and cut files are refused.
inline std::vector<tar_member> tar_members(std::string_view bytes, const std::string& where) {
  return detail::tar_walk(bytes, where).members();
}

}  // namespace hasse
