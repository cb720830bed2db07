// Any bytes as JSON: refused with a sentence, or read to a value that survives writing; typed access never does more than refuse.
#include <cstdlib>

#include <hasse/file/json.hpp>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    const hasse::json value = hasse::parse_json({reinterpret_cast<const char*>(data), size}, "fuzz", {.bytes = 1 << 16, .values = 4096});
    if (hasse::parse_json(hasse::json_text(value), "again") != value) std::abort();
    const auto touch = [&](auto call) {
      try {
        call();
      } catch (const hasse::file_error&) {
      }
    };
    touch([&] { hasse::require<int>(value, "a", "fuzz"); });
    touch([&] { hasse::require<float>(value, "a", "fuzz"); });
    touch([&] { hasse::maybe<std::uint64_t>(value, "b", "fuzz"); });
    touch([&] { hasse::require<std::string>(value, "a", "fuzz"); });
    touch([&] { hasse::require_array(value, "b", "fuzz", "", 3); });
    touch([&] { hasse::allow_only(value, {"a", "b"}, "fuzz"); });
  } catch (const hasse::file_error&) {
  }
  return 0;
}
