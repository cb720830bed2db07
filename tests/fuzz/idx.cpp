// An idx pair, plain and packed. The first byte of the input says how many bytes at its end are the labels.
// Build with clang++ -fsanitize=fuzzer,address,undefined.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <hasse/data/idx.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || data[0] >= size) return 0;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t border = bytes.size() - data[0];
  try {
    const std::string images = hasse::read_idx_file(hasse::memory_source(std::string_view(bytes).substr(0, border)), 3, "images");
    const std::string labels = hasse::read_idx_file(hasse::memory_source(std::string_view(bytes).substr(border)), 1, "labels");
    hasse::image_set set;
    hasse::append_idx(images, "images", labels, "labels", set);
    if (set.pixels.size() != set.size() * set.image_bytes()) __builtin_trap();
  } catch (const hasse::error&) {
  }
  return 0;
}
