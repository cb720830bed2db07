// Any bytes as an annotation of Pascal VOC: refused with a sentence, or objects whose boxes lie in the picture that they are put into.
// Build with clang++ -fsanitize=fuzzer,address,undefined.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <hasse/data/voc.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hasse::data_description about;
  try {
    const hasse::voc_annotation read = hasse::parse_voc({reinterpret_cast<const char*>(data), size}, "fuzz.xml", "fuzz", about);
    if (read.kinds.size() != read.picture.objects.size()) __builtin_trap();
    for (const hasse::labelled_object& object : hasse::detail::objects_in(read.picture, false, 48, 64, about)) {
      const hasse::box& place = object.place;
      if (!(place.x0 >= 0 && place.y0 >= 0 && place.x1 <= 64 && place.y1 <= 48 && place.width() >= 1 && place.height() >= 1)) __builtin_trap();
    }
  } catch (const hasse::file_error&) {
  }
  about.lines();
  return 0;
}
