// The bodies of result/onnx.hpp, as core/apart.hpp says.
#pragma once

#include <filesystem>
#include <string>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/result/detail/onnx_layers.hpp>
#include <hasse/result/onnx.hpp>

namespace hasse {

HASSE_BODY std::string onnx_bytes(const model& network, const onnx_options& options) {
  return detail::onnx_file(network, options.symbolic_batch, options.metadata, [](detail::onnx_layer_writer& graph) {
    const layer_list& layers = graph.layers();
    for (int i = 0; i < layers.output_count(); ++i) {
      const std::string called = layers.outputs.empty() ? "logits" : std::string(layers.output_name(i));
      if (called == "images") throw error("an output of the network is called \"images\", as the input of an ONNX file is; name it otherwise");
      const auto& [name, flat] = graph.made(i);
      graph.node("Identity", {name}, called);
      graph.output(called, graph.sides(layers.output_shape(i), flat));
    }
  });
}

HASSE_BODY void write_onnx(const std::filesystem::path& path, const model& network, const onnx_options& options) {
  replace_file(path, onnx_bytes(network, options));
}

}  // namespace hasse
