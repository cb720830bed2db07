// Any bytes as a slimmable network: refused with a sentence, or read to one that is written and read again alike.
#include <cstdlib>

#include <hasse/space/layer_list.hpp>
#include <hasse/supernet/slimmable_model.hpp>

namespace {
const hasse::width_family& family() {
  static const hasse::width_family made([] {
    hasse::layer_list layers{.input = {4, 4, 1}, .items = {}};
    hasse::layer_builder<hasse::layer_list> list{layers};
    const hasse::value_id stem = list.conv_bn(0, 4, 1, 1, hasse::activation::relu, {});
    const hasse::value_id grouped = list.conv_bn(stem, 4, 1, 1, hasse::activation::relu, {}, 2);
    list.linear(list.global_average_pool(grouped), 2);
    return layers;
  }());
  return made;
}

void read(const hasse::tensor_file& file) {
  try {
    const hasse::slimmable_model model = hasse::detail::slimmable_of(file, "fuzz", "net", family());
    const hasse::tensor_file written = hasse::detail::file_of(model);
    const hasse::tensor_file again = hasse::detail::file_of(hasse::detail::slimmable_of(written, "again", "net", family()));
    if (hasse::detail::content_hash(again) != hasse::detail::content_hash(written)) std::abort();
    for (const auto& [at, statistics] : model.statistics) model.extract(at);
    for (const hasse::channel_configuration& at : model.switched) model.extract(at);
  } catch (const hasse::error&) {
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  try {
    hasse::tensor_file file = hasse::parse_safetensors({reinterpret_cast<const char*>(data), size}, "fuzz");
    read(file);
    // A fuzzer rarely guesses a checksum, so the same content is also tried with a good one.
    file.metadata["checksum"] = hasse::hex64(hasse::detail::content_hash(file)).view();
    read(file);
  } catch (const hasse::error&) {
  }
  return 0;
}
