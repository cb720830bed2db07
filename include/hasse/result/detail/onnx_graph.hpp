// An ONNX graph under construction: nodes, constants and ports; field numbers from onnx.proto (IR version 7).
// Used by onnx_layers.hpp and by what writes something behind the layers of a network.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <hasse/file/protobuf.hpp>

namespace hasse::detail {

/// A side of a port: a number, or a name where it is known only when the graph runs.
using onnx_side = std::variant<std::int64_t, std::string>;
enum class onnx_element : std::int64_t { real = 1, byte = 2, whole = 7 };

template <class Number>
inline constexpr onnx_element onnx_element_of = onnx_element::real;
template <>
inline constexpr onnx_element onnx_element_of<std::int64_t> = onnx_element::whole;

class onnx_graph_writer {
 public:
  /// An attribute of a node.
  static protobuf_message whole(std::string_view name, std::int64_t number) {
    return protobuf_message().text(1, name).number(3, number).number(20, 2);
  }
  static protobuf_message real(std::string_view name, float number) {
    return protobuf_message().text(1, name).real(2, number).number(20, 1);
  }
  static protobuf_message word(std::string_view name, std::string_view text) {
    return protobuf_message().text(1, name).text(4, text).number(20, 3);
  }
  static protobuf_message ints(std::string_view name, const std::vector<std::int64_t>& numbers) {
    protobuf_message attribute = protobuf_message().text(1, name);
    for (const std::int64_t number : numbers) attribute.number(8, number);
    return attribute.number(20, 7);
  }

  /// Appends a node, named like its first output, whose name it returns; attributes are fields 5 of a message.
  std::string node(std::string_view kind, const std::vector<std::string>& inputs, const std::vector<std::string>& outputs,
                   const protobuf_message& attributes = {}) {
    protobuf_message node;
    for (const std::string& input : inputs) node.text(1, input);
    for (const std::string& output : outputs) node.text(2, output);
    node.text(3, outputs.front()).text(4, kind);
    node.bytes += attributes.bytes;
    nodes_.message(1, node);
    return outputs.front();
  }
  std::string node(std::string_view kind, const std::vector<std::string>& inputs, const std::string& output,
                   const protobuf_message& attributes = {}) {
    return node(kind, inputs, std::vector<std::string>{output}, attributes);
  }

  /// Appends a constant and returns its name.
  template <class Number>
  std::string tensor(const std::string& name, const std::vector<std::int64_t>& dims, std::span<const Number> values) {
    protobuf_message message;
    for (const std::int64_t dim : dims) message.number(1, dim);
    message.number(2, static_cast<std::int64_t>(onnx_element_of<Number>)).text(8, name);
    message.text(9, {reinterpret_cast<const char*>(values.data()), values.size_bytes()});
    initializers_.message(5, message);
    return name;
  }
  template <class Number>
  std::string tensor(const std::string& name, const std::vector<std::int64_t>& dims, const std::vector<Number>& values) {
    return tensor(name, dims, std::span<const Number>(values));
  }

  void input(std::string_view name, const std::vector<onnx_side>& sides, onnx_element type = onnx_element::real) {
    inputs_.message(11, port(name, sides, type));
  }
  void output(std::string_view name, const std::vector<onnx_side>& sides, onnx_element type = onnx_element::real) {
    outputs_.message(12, port(name, sides, type));
  }

  /// A whole GraphProto.
  protobuf_message message(const std::string& name) && {
    protobuf_message graph;
    graph.bytes = std::move(nodes_.bytes);
    graph.text(2, name);
    graph.bytes += initializers_.bytes + inputs_.bytes + outputs_.bytes;
    return graph;
  }

 private:
  static protobuf_message port(std::string_view name, const std::vector<onnx_side>& sides, onnx_element type) {
    protobuf_message dims;
    for (const onnx_side& side : sides)
      dims.message(
          1, side.index() == 0 ? protobuf_message().number(1, std::get<0>(side)) : protobuf_message().text(2, std::get<1>(side)));
    const protobuf_message tensor_type = protobuf_message().number(1, static_cast<std::int64_t>(type)).message(2, dims);
    return protobuf_message().text(1, name).message(2, protobuf_message().message(1, tensor_type));
  }

  protobuf_message nodes_, initializers_, inputs_, outputs_;
};

}  // namespace hasse::detail
