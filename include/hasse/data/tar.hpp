// The members of tar archives: ustar, GNU long names, pax paths and sizes, hard links, several archives joined. Headers are read, contents
// are not. Every field is checked against the length.
// Used by the image-folder reader, so that a data set of small files can stay one file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/data/archive.hpp>

namespace hasse {

/// What a tar archive holds at one place: a file, an earlier file under another name, or a folder.
struct tar_entry {
  std::string path;
  std::string link;  ///< the path of the earlier member that this is
  bool folder = false;
  std::uint64_t offset = 0, size = 0;
  std::string content;  ///< as many bytes as were asked for
};

namespace detail {
class tar_walk {
 public:
  tar_walk(byte_stream& bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  /// Calls `visit(tar_entry)` for every member that is asked about; `wanted(path, size)` says how many bytes of its content.
  template <class Wanted, class Visit>
  void members(Wanted wanted, Visit visit) {
    while (next_header()) {
      const std::string_view header = header_;
      const char type = header[156];
      const bool about_next = type == 'x' || type == 'g' || type == 'L' || type == 'K';
      std::uint64_t size = pax_size_ >= 0 && !about_next ? static_cast<std::uint64_t>(pax_size_) : number(header.substr(124, 12));
      if (type == '1') size = 0;  // some say the size of what is linked to
      if (size > bytes_.most_left()) refuse("claims " + std::to_string(size) + " bytes, more than the archive has left");
      const std::uint64_t padded = (size + block - 1) / block * block;
      std::uint64_t taken = 0;
      if (about_next) {
        if (size > most_about) refuse("has a name or record of " + std::to_string(size) + " bytes");
        const std::string content = take(size);
        taken = size;
        if (type == 'L') long_name_ = text(content);
        if (type == 'K') long_link_ = text(content);
        if (type == 'x') read_pax(content);
      } else {
        tar_entry entry{path_of(header), "", type == '5', position_ + block, size, ""};
        if (type == '1')
          entry.link = !pax_link_.empty() ? pax_link_ : !long_link_.empty() ? long_link_ : text(header.substr(157, 100));
        else if (type == 'S')
          refuse("is a sparse file, which is not read");
        else if (type != '0' && type != '\0' && type != '7' && type != '5')
          refuse("('" + printable(clipped(entry.path)) + "') is a symbolic link or a special file, which is not read");
        if (entry.link.empty() && !entry.folder) {
          taken = std::min<std::uint64_t>(size, wanted(entry.path, size));
          entry.content = take(taken);
        }
        visit(std::move(entry));
        long_name_.clear(), long_link_.clear(), pax_path_.clear(), pax_link_.clear(), pax_size_ = -1;
      }
      if (padded > taken + bytes_.most_left()) refuse("is cut off");
      bytes_.skip(padded - taken);
      position_ += block + padded;
    }
  }

 private:
  static constexpr std::size_t block = 512;
  static constexpr std::uint64_t most_about = 1 << 20, most_blank = 1 << 26;

  [[noreturn]] void refuse(const std::string& problem) const;

  std::string take(std::uint64_t count);

  /// Goes on to the next header, over end marks: another archive may follow.
  bool next_header();

  static std::string text(std::string_view field) { return std::string(field.substr(0, field.find('\0'))); }

  /// Octal digits between blanks, or base 256 when the top bit is set.
  std::uint64_t number(std::string_view field) const;

  void check_sum(std::string_view header) const;

  std::string path_of(std::string_view header) const;

  /// Records "LENGTH KEY=VALUE\n", where LENGTH counts the whole record.
  void read_pax(std::string_view content);

  std::int64_t decimal(std::string_view digits) const;

  byte_stream& bytes_;
  const std::string& where_;
  std::uint64_t position_ = 0;
  std::string header_, long_name_, long_link_, pax_path_, pax_link_;
  std::int64_t pax_size_ = -1;
};
}  // namespace detail

/// Calls `visit(tar_entry)` for every file, hard link and folder of an archive, or of several that were joined. `wanted(path, size)` says
/// how many bytes of a file's content come with it. Symbolic links, sparse and cut files are refused; `where` names the archive in errors.
template <class Wanted, class Visit>
void walk_tar(byte_stream& bytes, const std::string& where, Wanted wanted, Visit visit) {
  detail::tar_walk(bytes, where).members(wanted, visit);
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/tar.inl>
#endif
