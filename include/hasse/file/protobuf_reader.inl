// The bodies of file/protobuf_reader.hpp, as core/apart.hpp says.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <hasse/core/error.hpp>
#include <hasse/file/protobuf_reader.hpp>

namespace hasse {

HASSE_BODY bool protobuf_reader::next() {
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

HASSE_BODY float protobuf_reader::real() const {
  demand(5, "a number of single precision");
  float value = 0;
  std::memcpy(&value, bytes_.data(), sizeof value);
  return value;
}

HASSE_BODY std::uint64_t protobuf_reader::varint(std::string_view& from) const {
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

}  // namespace hasse
