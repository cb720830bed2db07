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

  std::string read(std::uint64_t offset, std::size_t count) const {
    std::string bytes(count, '\0');
    bytes.resize(read_at(offset, bytes.data(), count));
    return bytes;
  }
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
  explicit file_source(const std::filesystem::path& path)
      : where_(detail::printable(path.string())), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    struct ::stat facts {};
    if (file_.number < 0 || ::fstat(file_.number, &facts) != 0)
      throw file_error(where_, "cannot be read (" + detail::system_reason() + ")", "check the path and its permissions");
    if (!S_ISREG(facts.st_mode)) throw file_error(where_, "is not a regular file", "name a file");
    size_ = static_cast<std::uint64_t>(facts.st_size);
  }
  std::uint64_t size() const override { return size_; }
  std::size_t read_at(std::uint64_t offset, char* to, std::size_t count) const override {
    std::size_t have = 0;
    while (have < count) {
      const ::ssize_t got = ::pread(file_.number, to + have, count - have, static_cast<::off_t>(offset + have));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw file_error(where_, "cannot be read (" + detail::system_reason() + ")", "check the disk");
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    return have;
  }

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
  std::size_t read(char* to, std::size_t count) override {
    const std::size_t got = from_.read_at(position_, to, count);
    position_ += got;
    return got;
  }
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

  std::size_t read(char* to, std::size_t count) override {
    std::size_t have = 0;
    while (have < count) {
      if (stream_.avail_in == 0) {
        stream_.next_in = reinterpret_cast<Bytef*>(input_.data());
        const std::size_t got = from_.read_at(position_, input_.data(), input_.size());
        position_ += got;
        stream_.avail_in = static_cast<uInt>(got);
      }
      if (ended_) {
        const bool at_end = stream_.avail_in == 0;
        for (; stream_.avail_in > 0 && *stream_.next_in == 0; --stream_.avail_in) ++stream_.next_in;  // padding of tapes
        if (at_end) break;
        if (stream_.avail_in == 0) continue;
        if (inflateReset(&stream_) != Z_OK) refuse("cannot be unpacked");
        ended_ = false;
      }
      const std::size_t piece = std::min<std::size_t>(count - have, 1u << 30);
      stream_.next_out = reinterpret_cast<Bytef*>(to + have);
      stream_.avail_out = static_cast<uInt>(piece);
      const int status = inflate(&stream_, Z_NO_FLUSH);
      have += piece - stream_.avail_out;
      if (status == Z_STREAM_END)
        ended_ = true;
      else if (status != Z_OK)
        refuse(status == Z_BUF_ERROR ? "is cut off" : "is not a readable gzip file");
    }
    return have;
  }
  void skip(std::uint64_t count) override {
    std::array<char, 4096> ignored;
    while (count > 0) {
      const std::size_t got = read(ignored.data(), static_cast<std::size_t>(std::min<std::uint64_t>(count, ignored.size())));
      if (got == 0) return;
      count -= got;
    }
  }
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
inline std::unique_ptr<byte_stream> unpacked_stream(const byte_source& from, const std::string& where) {
  if (from.read(0, 2) == "\x1f\x8b") return std::make_unique<gzip_stream>(from, where);
  return std::make_unique<plain_stream>(from);
}

/// A regular file inside of an archive: where its bytes lie in it, or the bytes themselves where nobody can go back to them.
struct archive_member {
  std::string path;
  std::uint64_t offset = 0, size = 0;  ///< in the archive
  bool deflated = false;
  std::uint64_t unpacked = 0;  ///< bytes, where deflated
  std::shared_ptr<const std::string> content = {};
};

/// The bytes of a member, at most `most_image_bytes`; `where` names it in errors.
inline std::string read_member(const byte_source& archive, const archive_member& member, const std::string& where) {
  const auto refuse = [&](const std::string& problem) { throw file_error(where, problem, "make the archive anew, or take the member out"); };
  if (member.content) return *member.content;
  if (std::max(member.size, member.unpacked) > most_image_bytes)
    refuse("has " + std::to_string(std::max(member.size, member.unpacked)) + " bytes, more than the " + std::to_string(most_image_bytes) + " that an image may have");
  std::string stored = archive.read(member.offset, static_cast<std::size_t>(member.size));
  if (stored.size() != member.size) refuse("is cut off");
  if (!member.deflated) return stored;
  if (member.unpacked / 1032 > member.size + 64) refuse("claims to unpack to " + std::to_string(member.unpacked) + " bytes, more than it can");
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw file_error(where, "cannot be unpacked", "free memory and try again");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> ended(&stream, inflateEnd);
  std::string result(static_cast<std::size_t>(member.unpacked), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(stored.data());
  stream.avail_in = static_cast<uInt>(stored.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  if (inflate(&stream, Z_FINISH) != Z_STREAM_END || stream.avail_out != 0) refuse("is damaged");
  return result;
}

}  // namespace hasse
