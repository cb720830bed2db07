// Any bytes as an event file: refused with a sentence, or a length of whole records that lies inside.
#include <cstdlib>

#include <hasse/file/tensorboard.hpp>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const std::size_t whole = hasse::detail::whole_event_bytes(text, "fuzz");
    if (whole > size || hasse::detail::whole_event_bytes(text.substr(0, whole), "again") != whole) std::abort();
  } catch (const hasse::file_error&) {
  }
  return 0;
}
