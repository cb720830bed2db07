// Bytes of a file or of memory, read where they are wanted; gzip streams over them; one member of an archive and how it is read.
// Used by the readers of tar, zip and idx: no file is taken into memory before its header says what it is. Programs link z.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/data/description.hpp>

namespace hasse {

/// Largest image file that is read.
inline constexpr std::uint64_t most_image_bytes = std::uint64_t{1} << 28;

/// Bytes with a length, read at any place. `where` names them in errors.
class byte_source {
 public:
  virtual ~byte_source() = default;
  virtual std::uint64_t size() const = 0;
  /// At most `count` bytes from `offset` on; returns how many there were.
  virtual std::size_t read_at(std::uint64_t offset, char* to, std::size_t count) const = 0;

  std::string read(std::uint64_t offset, std::size_t count) const;
};

class memory_source : public byte_source {
 public:
  explicit memory_source(std::string_view bytes) : bytes_(bytes) {}
  std::uint64_t size() const override { return bytes_.size(); }
  std::size_t read_at(std::uint64_t offset, char* to, std::size_t count) const override {
    return offset >= bytes_.size() ? 0 : bytes_.substr(offset).copy(to, count);
  }

 private:
  std::string_view bytes_;
};

class file_source : public byte_source {
 public:
  explicit file_source(const std::filesystem::path& path);
  std::uint64_t size() const override { return size_; }
  std::size_t read_at(std::uint64_t offset, char* to, std::size_t count) const override;

 private:
  std::string where_;
  detail::descriptor file_;
  std::uint64_t size_ = 0;
};

/// Bytes from front to back.
class byte_stream {
 public:
  virtual ~byte_stream() = default;
  /// Fewer than `count` only at the end.
  virtual std::size_t read(char* to, std::size_t count) = 0;
  virtual void skip(std::uint64_t count) = 0;
  /// How many bytes there are at most from here to the end.
  virtual std::uint64_t most_left() const = 0;
};

class plain_stream : public byte_stream {
 public:
  explicit plain_stream(const byte_source& from) : from_(from) {}
  std::size_t read(char* to, std::size_t count) override;
  void skip(std::uint64_t count) override { position_ += count; }
  std::uint64_t most_left() const override { return from_.size() > position_ ? from_.size() - position_ : 0; }

 private:
  const byte_source& from_;
  std::uint64_t position_ = 0;
};

/// What gzip streams unpack to, one after the other.
class gzip_stream : public byte_stream {
 public:
  gzip_stream(const byte_source& from, std::string where) : from_(from), where_(std::move(where)) {
    if (inflateInit2(&stream_, 16 + MAX_WBITS) != Z_OK) throw file_error(where_, "cannot be unpacked", "free memory and try again");
  }
  gzip_stream(const gzip_stream&) = delete;
  gzip_stream& operator=(const gzip_stream&) = delete;
  ~gzip_stream() override { inflateEnd(&stream_); }

  std::size_t read(char* to, std::size_t count) override;
  void skip(std::uint64_t count) override;
  /// Deflate gains at most a factor of 1032.
  std::uint64_t most_left() const override {
    return (from_.size() - std::min(from_.size(), position_) + stream_.avail_in + 1) * 1032 + (1u << 16);
  }

 private:
  [[noreturn]] void refuse(const char* problem) const { throw file_error(where_, problem, "fetch it again"); }

  const byte_source& from_;
  std::string where_;
  z_stream stream_{};
  std::array<char, 1 << 15> input_;
  std::uint64_t position_ = 0;
  bool ended_ = false;
};

/// The plain or unpacked bytes of a file that may be packed by gzip.
HASSE_BODY std::unique_ptr<byte_stream> unpacked_stream(const byte_source& from, const std::string& where);

/// A regular file inside of an archive: where its bytes lie in it, or the bytes themselves where nobody can go back to them.
struct archive_member {
  std::string path;
  std::uint64_t offset = 0, size = 0;  ///< in the archive
  bool deflated = false;
  std::uint64_t unpacked = 0;  ///< bytes, where deflated
  std::shared_ptr<const std::string> content = {};
};

/// The bytes of a member, at most `most_image_bytes`; `where` names it in errors.
HASSE_BODY std::string read_member(const byte_source& archive, const archive_member& member, const std::string& where);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/data/archive.inl>
#endif
