// Protocol buffer messages written by hand: fields in, wire bytes out. Enough for ONNX and TensorBoard, and nothing to link.
// Used by tensorboard.hpp and by result (ONNX).
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace hasse {

/// One message under construction; every call appends a field, and `bytes` is its encoding.
struct protobuf_message {
  std::string bytes;

  protobuf_message& number(int field, std::int64_t value) {
    tag(field, 0);
    varint(static_cast<std::uint64_t>(value));
    return *this;
  }
  protobuf_message& real(int field, float value) {
    tag(field, 5);
    return raw(&value, sizeof value);
  }
  protobuf_message& real(int field, double value) {
    tag(field, 1);
    return raw(&value, sizeof value);
  }
  /// Text, bytes or an encoded message.
  protobuf_message& text(int field, std::string_view value) {
    tag(field, 2);
    varint(value.size());
    bytes += value;
    return *this;
  }
  protobuf_message& message(int field, const protobuf_message& value) { return text(field, value.bytes); }

 private:
  void tag(int field, int wire) { varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(wire)); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
    bytes += static_cast<char>(value);
  }
  protobuf_message& raw(const void* from, std::size_t size) {
    bytes.append(static_cast<const char*>(from), size);
    return *this;
  }
};

}  // namespace hasse
