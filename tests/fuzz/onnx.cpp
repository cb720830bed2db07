// Any bytes as an ONNX file, or as the nodes of one: refused with a sentence, or read to a network that is written and read again alike.
#include <cstdlib>

#include <hasse/file/protobuf.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/onnx.hpp>
#include <hasse/result/onnx.hpp>

namespace {
void read(std::string_view bytes) {
  try {
    const hasse::onnx_network found = hasse::parse_onnx_network(bytes, "fuzz", {.height = 8, .width = 8});
    const hasse::onnx_network again = hasse::parse_onnx_network(hasse::onnx_bytes(found.network), "again");
    if (!(hasse::fold_for_inference(again.network.layers).layers == hasse::fold_for_inference(found.network.layers).layers)) std::abort();
  } catch (const hasse::error&) {
  }
}
}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  // The same bytes within a graph that is sound, so that they are read further.
  using message = hasse::protobuf_message;
  const auto port = [](const char* name) {
    message sides;
    for (const int side : {1, 4, 8, 8}) sides.message(1, message().number(1, side));
    return message().text(1, name).message(2, message().message(1, message().number(1, 1).message(2, sides)));
  };
  message graph;
  graph.bytes = bytes;
  const std::string zeros(4 * 4 * 3 * 3 * 4, '\0');
  graph.message(5, message().number(1, 4).number(1, 4).number(1, 3).number(1, 3).number(2, 1).text(8, "w").text(9, zeros));
  graph.message(5, message().number(1, 4).number(2, 1).text(8, "b").text(9, std::string(16, '\0')));
  graph.message(11, port("x")).message(12, port("y"));
  read(message().message(7, graph).message(8, message().number(2, 17)).bytes);
  return 0;
}
