// JPEG, PNG, WebP (with -DHASSE_WEBP) and BMP bytes, their EXIF blocks, through the decoders and into the shape of a network. Build with clang++ -fsanitize=fuzzer,address,undefined.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include <hasse/data/decode.hpp>
#include <hasse/data/resize.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static hasse::image_decoder decoder;
  static hasse::image_fitter fitter({8, 6, 3});
  try {
    const auto& image = decoder.decode({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (image.pixels.size() != static_cast<std::size_t>(image.shape.size())) __builtin_trap();
    std::vector<std::uint8_t> fitted;
    fitter.append(image.pixels, image.shape, fitted);
    if (fitted.size() != 8 * 6 * 3) __builtin_trap();
  } catch (const hasse::error&) {
  }
  return 0;
}
