// Any text as the layers, the classes or the normalisation of a weights file: refused with a sentence, or read to what is written
// and read again alike.
#include <cstdlib>

#include <hasse/file/json.hpp>
#include <hasse/network/parameters.hpp>
#include <hasse/result/layers_json.hpp>
#include <hasse/result/network_metadata.hpp>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    const hasse::layer_list layers = hasse::parse_layers(text, "fuzz");
    hasse::layout_of(layers);
    if (hasse::parse_layers(hasse::json_text(hasse::layers_json(layers)), "again") != layers) std::abort();
  } catch (const hasse::error&) {
  }
  for (const char* key : {"classes", "mean", "deviation"}) try {
      hasse::network_metadata said{{"mean", "0.5"}, {"deviation", "1"}};
      said[key] = text;
      const hasse::image_facts images = hasse::image_facts_of(said, 1, "fuzz");
      const hasse::image_facts again = hasse::image_facts_of(hasse::metadata_of(images), 1, "again");
      if (again.classes != images.classes || again.scale.mean != images.scale.mean) std::abort();
    } catch (const hasse::error&) {
    }
  return 0;
}
