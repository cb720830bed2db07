// The bodies of data/archive.hpp, as core/apart.hpp says.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include <hasse/data/archive.hpp>

namespace hasse {

HASSE_BODY std::string byte_source::read(std::uint64_t offset, std::size_t count) const {
  std::string bytes(count, '\0');
  bytes.resize(read_at(offset, bytes.data(), count));
  return bytes;
}

HASSE_BODY file_source::file_source(const std::filesystem::path& path) : where_(detail::printable(path.string())), file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  struct ::stat facts {};
  if (file_.number < 0 || ::fstat(file_.number, &facts) != 0)
    throw file_error(where_, "cannot be read (" + detail::system_reason() + ")", "check the path and its permissions");
  if (!S_ISREG(facts.st_mode)) throw file_error(where_, "is not a regular file", "name a file");
  size_ = static_cast<std::uint64_t>(facts.st_size);
}

HASSE_BODY std::size_t file_source::read_at(std::uint64_t offset, char* to, std::size_t count) const {
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

HASSE_BODY std::size_t plain_stream::read(char* to, std::size_t count) {
  const std::size_t got = from_.read_at(position_, to, count);
  position_ += got;
  return got;
}

HASSE_BODY std::size_t gzip_stream::read(char* to, std::size_t count) {
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

HASSE_BODY void gzip_stream::skip(std::uint64_t count) {
  std::array<char, 4096> ignored;
  while (count > 0) {
    const std::size_t got = read(ignored.data(), static_cast<std::size_t>(std::min<std::uint64_t>(count, ignored.size())));
    if (got == 0) return;
    count -= got;
  }
}

HASSE_BODY std::unique_ptr<byte_stream> unpacked_stream(const byte_source& from, const std::string& where) {
  if (from.read(0, 2) == "\x1f\x8b") return std::make_unique<gzip_stream>(from, where);
  return std::make_unique<plain_stream>(from);
}

HASSE_BODY std::string read_member(const byte_source& archive, const archive_member& member, const std::string& where) {
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
