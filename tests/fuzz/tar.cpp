// Archives (tar, packed by gzip or not, and zip) and what a folder of images makes of their members: as given, then as a tar with every checksum repaired and an end mark,
// since chance does not find checksums. Build with clang++ -fsanitize=fuzzer,address,undefined.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include <hasse/data/image_folder.hpp>

namespace {
void list(std::string_view bytes) {
  try {
    const auto listing = hasse::list_archive(std::make_shared<const hasse::memory_source>(bytes), "fuzz.tar");
    for (const auto& image : listing.train) {
      if (image.label >= listing.classes.size()) __builtin_trap();
      try {
        hasse::read_image(image);
      } catch (const hasse::error&) {
      }
    }
    listing.about.lines();
  } catch (const hasse::error&) {
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  list(bytes);
  bytes.resize((size + 511) / 512 * 512);
  for (std::size_t at = 0; at < bytes.size(); at += 512) {
    bytes.replace(at + 148, 8, 8, ' ');
    unsigned sum = 0;
    for (std::size_t i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[at + i]);
    std::snprintf(bytes.data() + at + 148, 8, "%06o", sum);
  }
  bytes.append(1024, '\0');
  list(bytes);
  return 0;
}
