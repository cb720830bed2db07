// The members of a zip archive, stored or deflated, with more than 65535 of them, too (zip64). The directory at the end counts.
// Used by the image-folder reader. Every field is checked against the length.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/data/archive.hpp>

namespace hasse {

namespace detail {
class zip_walk {
 public:
  zip_walk(const byte_source& bytes, const std::string& where) : bytes_(bytes), where_(where) {}

  /// Calls `visit(member)` for every file, `visit_folder(path)` for every folder.
  template <class Visit, class VisitFolder>
  void members(Visit visit, VisitFolder visit_folder) {
    find_directory();
    std::string directory = bytes_.read(directory_, static_cast<std::size_t>(directory_size_));
    if (directory.size() != directory_size_) refuse("is cut off");
    std::string_view rest = directory;
    for (std::uint64_t i = 0; i < count_; ++i) {
      if (rest.size() < 46 || number(rest, 0, 4) != 0x02014b50) refuse("has a damaged directory");
      const std::size_t name = number(rest, 28, 2), extra = number(rest, 30, 2), comment = number(rest, 32, 2);
      if (rest.size() - 46 < name + extra + comment) refuse("has a damaged directory");
      archive_member member{std::string(rest.substr(46, name))};
      member.size = number(rest, 20, 4), member.unpacked = number(rest, 24, 4), member.offset = number(rest, 42, 4);
      widen(rest.substr(46 + name, extra), member);
      const std::uint64_t flags = number(rest, 8, 2), method = number(rest, 10, 2);
      rest.remove_prefix(46 + name + extra + comment);
      std::replace(member.path.begin(), member.path.end(), '\\', '/');  // as some write it
      if (member.path.ends_with('/')) {
        visit_folder(member.path);
        continue;
      }
      if ((flags & 1) != 0) refuse("has encrypted members ('" + printable(clipped(member.path)) + "')");
      if (method != 0 && method != 8)
        refuse("has members of a packing that is not read ('" + printable(clipped(member.path)) + "', method " + std::to_string(method) + ")");
      member.deflated = method == 8;
      if (!member.deflated && member.size != member.unpacked) refuse("has a damaged directory");
      const std::string local = bytes_.read(member.offset, 30);
      if (local.size() < 30 || number(local, 0, 4) != 0x04034b50) refuse("has a directory that does not fit its members");
      member.offset += 30 + number(local, 26, 2) + number(local, 28, 2);
      if (member.offset > bytes_.size() || member.size > bytes_.size() - member.offset) refuse("has a member that is cut off ('" + printable(clipped(member.path)) + "')");
      visit(std::move(member));
    }
  }

 private:
  [[noreturn]] void refuse(const std::string& problem) const {
    throw file_error(where_, problem, "make the archive anew, or unpack it and name the folder");
  }

  static std::uint64_t number(std::string_view bytes, std::size_t at, std::size_t count);

  void find_directory();

  /// Sizes and places beyond 32 bits stand in an extra field, in this order, those that do not fit only.
  void widen(std::string_view extra, archive_member& member) const;

  const byte_source& bytes_;
  const std::string& where_;
  std::uint64_t directory_ = 0, directory_size_ = 0, count_ = 0;
};
}  // namespace detail

/// Calls `visit(archive_member)` for every file of the archive, `visit_folder(path)` for every folder. Encrypted and split archives are refused.
template <class Visit, class VisitFolder>
void walk_zip(const byte_source& bytes, const std::string& where, Visit visit, VisitFolder visit_folder) {
  detail::zip_walk(bytes, where).members(visit, visit_folder);
}

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/zip.inl>
#endif
