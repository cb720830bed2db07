// Any bytes as a latency table: refused with a sentence, or read to a record that is written and read again alike.
#include <cstdlib>

#include <hasse/file/json.hpp>
#include <hasse/latency/record.hpp>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto read = [](std::string_view text) {
    try {
      const hasse::latency_record record = hasse::parse_latency_record(text, "fuzz");
      if (!record.complete() && !record.rows.empty()) std::abort();
      if (record.complete() && hasse::parse_latency_record(hasse::to_text(record), "again") != record) std::abort();
    } catch (const hasse::file_error&) {
    }
  };
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text);
  // A fuzzer rarely guesses a checksum, so the same content is also tried with a good one.
  try {
    hasse::json content = hasse::parse_json(text, "fuzz", {.bytes = 1 << 16, .values = 4096});
    if (!content.is_object()) return 0;
    content.erase("checksum");
    content["checksum"] = hasse::detail::checksum_of(content);
    read(hasse::json_text(content));
  } catch (const hasse::file_error&) {
  }
  return 0;
}
