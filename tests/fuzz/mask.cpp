// PNG files of masks, and the texts that name their numbers. Build with clang++ -fsanitize=fuzzer,address,undefined.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <hasse/data/mask.hpp>
#include <hasse/data/open_segmentation.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const hasse::decoded_mask mask = hasse::read_mask(bytes, "fuzz");
    if (mask.numbers.size() != static_cast<std::size_t>(mask.height) * static_cast<std::size_t>(mask.width)) __builtin_trap();
  } catch (const hasse::error&) {
  }
  for (const auto read : {hasse::parse_mask_ids, hasse::parse_mask_classes}) try {
      const hasse::mask_numbers found = read(bytes, "fuzz");
      for (const auto& each : found.known)
        if (each.label >= found.classes.size() && each.label != hasse::void_label) __builtin_trap();
    } catch (const hasse::error&) {
    }
  return 0;
}
