// The bodies of file/tensorboard.hpp, as core/apart.hpp says.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <string>
#include <string_view>

#include <fcntl.h>

#include <hasse/core/error.hpp>
#include <hasse/core/hash.hpp>
#include <hasse/file/tensorboard.hpp>

namespace hasse {

namespace detail {

/// The checksum that TensorBoard stores: CRC-32C, rotated and shifted.
constexpr std::uint32_t masked_crc(std::string_view bytes) {
  const std::uint32_t crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

HASSE_BODY std::string event_record(const protobuf_message& event) {
  const auto append = [](std::string& to, auto value) { to.append(reinterpret_cast<const char*>(&value), sizeof value); };
  std::string record;
  append(record, static_cast<std::uint64_t>(event.bytes.size()));
  append(record, masked_crc(record));
  record += event.bytes;
  append(record, masked_crc(event.bytes));
  return record;
}

HASSE_BODY std::size_t whole_event_bytes(std::string_view text, const std::string& path) {
  std::size_t at = 0;
  while (text.size() - at >= 12) {
    std::uint64_t length = 0;
    std::uint32_t length_crc = 0, payload_crc = 0;
    std::memcpy(&length, text.data() + at, 8);
    std::memcpy(&length_crc, text.data() + at + 8, 4);
    const bool length_is_good = length_crc == masked_crc(text.substr(at, 8));
    if (length_is_good && (text.size() - at < 16 || length > text.size() - at - 16)) break;
    if (length_is_good) std::memcpy(&payload_crc, text.data() + at + 12 + length, 4);
    if (!length_is_good || payload_crc != masked_crc(text.substr(at + 12, length)))
      throw file_error(path, "is damaged at byte " + std::to_string(at), "move it away; such files only hold curves for viewing");
    at += 16 + length;
  }
  return at;
}

}  // namespace detail

HASSE_BODY event_writer::event_writer(const std::filesystem::path& folder)
    : path_((folder / "events.out.tfevents.0.hasse").string()),
      file_(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
  if (file_.number < 0) throw file_error(path_, "cannot be opened (" + detail::system_reason() + ")", "check the folder and its permissions");
  const std::string found = read_file(path_, std::uintmax_t{1} << 30);
  const std::size_t whole = detail::whole_event_bytes(found, path_);
  if (whole < found.size()) cut_file(path_, whole);
  if (whole == 0) write(protobuf_message().real(1, now()).text(3, "brain.Event:2"));
}

HASSE_BODY void event_writer::scalar(std::string_view tag, std::int64_t step, double value) {
  const auto point = protobuf_message().text(1, tag).real(2, static_cast<float>(value));
  write(protobuf_message().real(1, now()).number(2, step).message(5, protobuf_message().message(1, point)));
}

HASSE_BODY double event_writer::now() { return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count(); }

HASSE_BODY void event_writer::write(const protobuf_message& event) { detail::write_all(file_.number, detail::event_record(event), path_); }

}  // namespace hasse
