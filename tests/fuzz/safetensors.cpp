// Any bytes as safetensors: refused with a sentence, or read to tensors that are written and read again alike.
#include <cstdlib>

#include <hasse/file/safetensors.hpp>

namespace {
void read(std::string_view bytes) {
  try {
    const hasse::tensor_file file = hasse::parse_safetensors(bytes, "fuzz");
    const std::string written = hasse::safetensors_bytes(file);
    if (hasse::safetensors_bytes(hasse::parse_safetensors(written, "again")) != written) std::abort();
  } catch (const hasse::error&) {
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  read(text);
  // The same bytes with a header length that fits: up to the first newline is header, the rest data.
  const std::size_t length = std::min(text.find('\n'), text.size());
  std::string framed(8, '\0');
  const std::uint64_t written = length;
  std::memcpy(framed.data(), &written, 8);
  framed += text.substr(0, length);
  if (length < text.size()) framed += text.substr(length + 1);
  read(framed);
  return 0;
}
