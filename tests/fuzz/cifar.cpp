// CIFAR-10 batches: as given, then filled up to whole records, since chance does not find lengths.
// Build with clang++ -fsanitize=fuzzer,address,undefined.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <hasse/data/cifar10.hpp>

namespace {
void append(std::string_view bytes) {
  try {
    hasse::image_set set = hasse::empty_images("cifar10", {32, 32, 3}, {});
    hasse::append_cifar10(bytes, "fuzz.bin", set);
    if (set.pixels.size() != set.size() * set.image_bytes()) __builtin_trap();
  } catch (const hasse::error&) {
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  append(bytes);
  bytes.resize((size + 3072) / 3073 * 3073);
  append(bytes);
  return 0;
}
