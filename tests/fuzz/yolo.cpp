// Any bytes as a data.yaml and as rows of labels, with joints and without: refused with a sentence, or what is told is whole.
// Build with clang++ -fsanitize=fuzzer,address,undefined.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include <hasse/data/yolo.hpp>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  hasse::data_description about;
  try {
    const hasse::yolo_description told = hasse::parse_yolo_description(text, "fuzz.yaml");
    for (const std::string& name : told.classes)
      if (name.empty()) __builtin_trap();
    if (!told.mirrored_joints.empty() && told.mirrored_joints.size() != told.joints) __builtin_trap();
  } catch (const hasse::file_error&) {
  }
  for (const std::size_t joints : {0u, 2u}) try {
      hasse::listed_picture picture{.name = "fuzz", .objects = hasse::parse_yolo_labels(text, "fuzz.txt", "fuzz", 3, joints, 3, about)};
      for (const hasse::labelled_object& object : hasse::detail::objects_in(picture, true, 48, 64, about)) {
        const hasse::box& place = object.place;
        if (!(place.x0 >= 0 && place.y0 >= 0 && place.x1 <= 64 && place.y1 <= 48 && place.width() >= 1 && place.height() >= 1)) __builtin_trap();
        if (object.kind < 0 || object.kind > 2 || object.joints.size() != joints) __builtin_trap();
      }
    } catch (const hasse::file_error&) {
    }
  about.lines();
  return 0;
}
