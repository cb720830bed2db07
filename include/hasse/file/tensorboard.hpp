// Scalar curves in TensorBoard's event format, without its libraries.
// Used by result; the curves are a view for people, the journal holds the truth.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include <hasse/core/apart.hpp>
#include <hasse/core/file.hpp>
#include <hasse/file/protobuf.hpp>

namespace hasse {

namespace detail {

HASSE_BODY std::string event_record(const protobuf_message& event);

/// Length of the whole records at the front of an event file; a damaged one is refused, an incomplete last one is not counted.
HASSE_BODY std::size_t whole_event_bytes(std::string_view text, const std::string& path);

}  // namespace detail

/// Appends scalars to `<folder>/events.out.tfevents.0.hasse`; each is handed to the system when `scalar` returns.
class event_writer {
 public:
  explicit event_writer(const std::filesystem::path& folder);

  /// One point of the curve `tag` (slashes group curves: "[(32),(64)]/loss").
  void scalar(std::string_view tag, std::int64_t step, double value);

 private:
  static double now();
  void write(const protobuf_message& event);

  std::string path_;
  detail::descriptor file_;
};

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/file/tensorboard.inl>
#endif
