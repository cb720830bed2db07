// What the file of a layer table holds, as plain values, and its text form: written the same every time, read as if it were
// hostile. Used by layer_table.
#pragma once

#include <map>
#include <string>

#include <hasse/core/apart.hpp>
#include <hasse/latency/record.hpp>
#include <hasse/latency/whole.hpp>

namespace hasse {

/// A network that was measured whole beside the sum of its pieces.
struct whole_network {
  std::string name;      ///< for the reader
  std::int64_t sum = 0;  ///< nanoseconds
  measurement whole{};
  friend bool operator==(const whole_network&, const whole_network&) = default;
};

/// A layer table as its file holds it.
struct layer_record {
  device_facts device;
  protocol rules;
  std::string date;                             ///< when measuring began
  std::map<std::string, latency_row> pieces;    ///< by the text of the piece
  std::map<std::string, whole_network> wholes;  ///< by the identity of the layers: sixteen hexadecimal digits
  std::map<std::string, std::string> kernels;   ///< by layer, the code that the backend found fastest and ran

  friend bool operator==(const layer_record&, const layer_record&) = default;
};

/// The text of the file; equal records give equal bytes.
HASSE_BODY std::string to_text(const layer_record& record);

/// Reads what `to_text` wrote; `path` is only named in refusals.
HASSE_BODY layer_record parse_layer_record(std::string_view text, const std::string& path);

}  // namespace hasse

#if HASSE_BODIES_INLINE
#include <hasse/latency/layer_record.inl>
#endif
