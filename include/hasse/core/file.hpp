// Files that survive a kill: whole-file reads with a size limit, replacement by rename, appends that are on disk when they return.
// Used by latency, data, train and result.
#pragma once

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>

namespace hasse {

namespace detail {
/// A file descriptor that closes itself.
struct descriptor {
  int number = -1;
  explicit descriptor(int opened) : number(opened) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number >= 0) ::close(number);
  }
};

inline std::string system_reason() { return std::strerror(errno); }

HASSE_BODY void write_all(int file, std::string_view bytes, const std::string& path);

HASSE_BODY void sync_directory_of(const std::filesystem::path& path);
}  // namespace detail

/// A regular file that is open for reading, of at most `limit` bytes: the size is known before anything is read.
class readable_file {
 public:
  explicit readable_file(const std::filesystem::path& path, std::uintmax_t limit = std::uintmax_t{1} << 32)
      : path_(path.string()), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {  // a pipe without a writer must not block
    struct ::stat facts {};
    if (file_.number < 0 || ::fstat(file_.number, &facts) != 0)
      throw file_error(path_, "cannot be read (" + detail::system_reason() + ")", "check the path and its permissions");
    if (!S_ISREG(facts.st_mode)) throw file_error(path_, "is not a regular file", "name a file");
    size_ = static_cast<std::uintmax_t>(facts.st_size);
    if (size_ > limit)
      throw file_error(path_, "has " + std::to_string(size_) + " bytes, more than the " + std::to_string(limit) + " that such a file may have",
                       "check that it is the right file");
  }

  std::uintmax_t size() const { return size_; }

  /// `count` bytes from `offset`; fewer only where the file has become shorter.
  std::string read(std::uintmax_t offset, std::uintmax_t count) const;

 private:
  std::string path_;
  detail::descriptor file_;
  std::uintmax_t size_ = 0;
};

/// The whole file, at most `limit` bytes (the limit is checked before anything is allocated).
HASSE_BODY std::string read_file(const std::filesystem::path& path, std::uintmax_t limit = std::uintmax_t{1} << 32);

/// Whether something stands there. A path that cannot be looked at is refused: it might.
HASSE_BODY bool file_exists(const std::filesystem::path& path);

/// What stands in a folder, in no order.
HASSE_BODY std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder);

/// Removes a file; it may be gone.
HASSE_BODY void remove_file(const std::filesystem::path& path);

/// Makes a folder and those above it, where they are missing.
HASSE_BODY void create_folder(const std::filesystem::path& folder);

/// Cuts a file off behind its first `size` bytes.
HASSE_BODY void cut_file(const std::filesystem::path& path, std::uintmax_t size);

/// Writes `content` so that at every instant the path holds either the old file or the new one, whole. Where that fails, nothing new
/// is left behind.
HASSE_BODY void replace_file(const std::filesystem::path& path, std::string_view content);

/// Removes what a killed `replace_file` left in a folder; only for a folder that no other process writes to.
HASSE_BODY void remove_unfinished(const std::filesystem::path& folder);

/// Appends `line` and a newline in one write, and returns when it is on disk.
HASSE_BODY void append_line(const std::filesystem::path& path, std::string_view line);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/core/file.inl>
#endif
