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
  if (options.class_map && (network.layers.output_count() != 1 || network.layers.items.empty() || network.layers.items.back().kind == layer_kind::linear))
    throw error("network " + network.name + " does not answer with one map of scores, so that no class can be told at each pixel; export it with its own outputs");
  return detail::onnx_file(network, options, [&](detail::onnx_layer_writer& graph) {
    const layer_list& layers = graph.layers();
    if (options.class_map) {
      const feature_shape map = layers.output_shape(0);
      graph.node("ArgMax", {graph.made(0).name}, "labels", protobuf_message().message(5, graph.whole("axis", 1)).message(5, graph.whole("keepdims", 0)));
      return graph.output("labels", {graph.batch(), map.h, map.w}, detail::onnx_element::whole);
    }
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
