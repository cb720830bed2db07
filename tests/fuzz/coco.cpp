// Any bytes as a file of COCO: refused with a sentence, or objects of classes that are there, in the picture that they are put into.
// Build with clang++ -fsanitize=fuzzer,address,undefined.
#include <cstddef>
#include <cstdint>
#include <sstream>
#include <string>

#include <hasse/data/coco.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  hasse::data_description about;
  try {
    std::istringstream stream(std::string(reinterpret_cast<const char*>(data), size));
    const hasse::coco_file read = hasse::parse_coco(stream, "fuzz.json", about);
    if (read.classes.size() != read.class_ids.size()) __builtin_trap();
    for (const hasse::listed_picture& picture : read.pictures)
      for (const hasse::labelled_object& object : hasse::detail::objects_in(picture, false, 48, 64, about)) {
        const hasse::box& place = object.place;
        if (!(place.x0 >= 0 && place.y0 >= 0 && place.x1 <= 64 && place.y1 <= 48 && place.width() >= 1 && place.height() >= 1)) __builtin_trap();
        if (object.kind < 0 || static_cast<std::size_t>(object.kind) >= read.classes.size()) __builtin_trap();
        if (!object.joints.empty() && object.joints.size() != read.joints.size()) __builtin_trap();
      }
  } catch (const hasse::file_error&) {
  }
  about.lines();
  return 0;
}
