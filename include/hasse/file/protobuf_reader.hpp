// Protocol buffer messages read as if they were hostile: one field after the other, nothing copied, no length believed.
// Used by onnx; protobuf.hpp writes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <hasse/core/apart.hpp>
#include <hasse/core/error.hpp>

namespace hasse {

/// Walks over the fields of one message: while (reader.next()) switch (reader.field()) ... A field that is asked for as what it is not is
/// refused; one that nobody asks for is skipped. `bytes` outlive the reader; `path` is only named in refusals.
class protobuf_reader {
 public:
  protobuf_reader(std::string_view bytes, const std::string& path) : rest_(bytes), path_(&path) {}

  /// Goes to the next field; false behind the last.
  bool next();

  int field() const { return field_; }
  std::int64_t number() const {
    demand(0, "a whole number");
    return static_cast<std::int64_t>(number_);
  }
  float real() const;
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
  std::uint64_t varint(std::string_view& from) const;

  std::string_view rest_, bytes_;
  const std::string* path_;
  std::uint64_t number_ = 0;
  int field_ = 0, wire_ = 0;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/protobuf_reader.inl>
#endif
