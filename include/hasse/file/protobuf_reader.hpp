// Protocol buffer messages read as if they were hostile: one field after the other, nothing copied, no length believed.
// Used by onnx; protobuf.hpp writes.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <hasse/core/error.hpp>

namespace hasse {

/// Walks over the fields of one message: while (reader.next()) switch (reader.field()) ... A field that is asked for as what it is not is
/// refused; one that nobody asks for is skipped. `bytes` outlive the reader; `path` is only named in refusals.
class protobuf_reader {
 public:
  protobuf_reader(std::string_view bytes, const std::string& path) : rest_(bytes), path_(&path) {}

  /// Goes to the next field; false behind the last.
  bool next() {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint(rest_);
    if (tag >> 3 == 0 || tag >> 3 > 536870911) throw refusal("has a field of the number " + std::to_string(tag >> 3));
    field_ = static_cast<int>(tag >> 3), wire_ = static_cast<int>(tag & 7);
    switch (wire_) {
      case 0: number_ = varint(rest_); break;
      case 1: take(8); break;
      case 2: {
        const std::uint64_t length = varint(rest_);
        if (length > rest_.size())
          throw refusal("has a field that claims " + std::to_string(length) + " bytes where " + std::to_string(rest_.size()) + " are left");
        take(static_cast<std::size_t>(length));
        break;
      }
      case 5: take(4); break;
      default: throw refusal("has a field of the unknown wire type " + std::to_string(wire_));
    }
    return true;
  }

  int field() const { return field_; }
  std::int64_t number() const {
    demand(0, "a whole number");
    return static_cast<std::int64_t>(number_);
  }
  float real() const {
    demand(5, "a number of single precision");
    float value = 0;
    std::memcpy(&value, bytes_.data(), sizeof value);
    return value;
  }
  /// Text, bytes or an encoded message.
  std::string_view bytes() const {
    demand(2, "text or a message");
    return bytes_;
  }
  protobuf_reader message() const { return {bytes(), *path_}; }

  /// Repeated whole numbers: one, or several packed.
  template <class Take>
  void each_number(Take take_one) const {
    if (wire_ == 0) return take_one(static_cast<std::int64_t>(number_));
    for (std::string_view packed = bytes(); !packed.empty();) take_one(static_cast<std::int64_t>(varint(packed)));
  }
  /// The little-endian bytes of repeated numbers of fixed length, `size` bytes each: one, or several packed.
  std::string_view fixed(std::size_t size) const {
    if (wire_ == (size == 8 ? 1 : 5)) return bytes_;
    if (bytes().size() % size != 0) throw refusal("has packed numbers that end in the middle of one");
    return bytes_;
  }

 private:
  file_error refusal(const std::string& problem) const {
    return {*path_, problem + ", so it is no protocol buffer message", "restore the file from a copy or give another"};
  }
  void demand(int wire, const char* what) const {
    if (wire_ != wire) throw refusal("has a field " + std::to_string(field_) + " that is not " + what);
  }
  void take(std::size_t count) {
    if (count > rest_.size()) throw refusal("ends in the middle of a number");
    bytes_ = rest_.substr(0, count);
    rest_.remove_prefix(count);
  }
  std::uint64_t varint(std::string_view& from) const {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (from.empty()) throw refusal("ends in the middle of a number");
      const auto byte = static_cast<unsigned char>(from.front());
      from.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7fu} << shift;
      if (byte < 0x80) return value;
    }
    throw refusal("has a whole number of more than ten bytes");
  }

  std::string_view rest_, bytes_;
  const std::string* path_;
  std::uint64_t number_ = 0;
  int field_ = 0, wire_ = 0;
};

}  // namespace hasse
