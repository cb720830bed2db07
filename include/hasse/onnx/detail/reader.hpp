// A graph that is read node by node: what stands under each name, and how nodes are asked for what they are made with.
// Used by read.inl, which knows the operators.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/onnx/detail/constant.hpp>
#include <hasse/onnx/detail/layers.hpp>
#include <hasse/onnx/graph.hpp>
#include <hasse/onnx/network.hpp>

namespace hasse::detail {

class onnx_reader {
 public:
  onnx_reader(const onnx_graph& graph, const std::string& path, const std::filesystem::path& folder, const onnx_reading& how)
      : graph_(graph), path_(path), folder_(folder), how_(how) {}

  onnx_network network();

 private:
  using sides = std::vector<std::int64_t>;

  // What surrounds the nodes.
  void find_needed();
  void read_input();
  void take_outputs(onnx_network& to);

  // Families of operators; each is the node's, and says what its outputs are.
  void read(const onnx_node& node);
  bool fold(const onnx_node& node);
  void convolution(const onnx_node& node);
  void pool(const onnx_node& node);
  void batch_norm(const onnx_node& node);
  void upsample(const onnx_node& node);
  void adaptive_pool(const onnx_node& node);
  void linear(const onnx_node& node);
  void elementwise(const onnx_node& node);
  void add(const onnx_node& node);
  void multiply(const onnx_node& node);
  void scaled(const onnx_node& node, const onnx_value& value, const onnx_constant& by, bool value_is_first);
  void clip(const onnx_node& node);
  void concat(const onnx_node& node);
  void slice(const onnx_node& node);
  void split(const onnx_node& node);
  void gather(const onnx_node& node);
  void pad(const onnx_node& node);
  void resize(const onnx_node& node);
  void depth_to_space(const onnx_node& node);
  void reduce_mean(const onnx_node& node);
  void transpose(const onnx_node& node);
  void reshape(const onnx_node& node, const sides& to);
  sides reshaped_to(const onnx_node& node);

  // What a node is asked.
  [[noreturn]] void refuse(const std::string& problem, const std::string& remedy = "export the network without it, or name an earlier value as an output") const {
    throw file_error(path_, where_ + " " + problem, remedy);
  }
  std::int64_t whole(const onnx_node& node, std::string_view name, std::int64_t otherwise) const {
    const onnx_attribute* found = node.find(name);
    return found ? found->whole : otherwise;
  }
  float real(const onnx_node& node, std::string_view name, float otherwise) const {
    const onnx_attribute* found = node.find(name);
    return found ? found->real : otherwise;
  }
  std::string text(const onnx_node& node, std::string_view name, std::string_view otherwise) const {
    const onnx_attribute* found = node.find(name);
    return std::string(found ? found->text : otherwise);
  }
  sides wholes(const onnx_node& node, std::string_view name, sides otherwise = {}) const {
    const onnx_attribute* found = node.find(name);
    return found && !found->wholes.empty() ? found->wholes : otherwise;
  }
  bool has_input(const onnx_node& node, std::size_t index) const { return index < node.inputs.size() && !node.inputs[index].empty(); }
  onnx_value& input(const onnx_node& node, std::size_t index) {
    if (!has_input(node, index)) refuse("lacks its input " + std::to_string(index + 1), onnx_remedy_);
    const auto found = values_.find(node.inputs[index]);
    if (found == values_.end()) refuse("reads " + in_quotes(node.inputs[index]) + ", which nothing before it makes", onnx_remedy_);
    return found->second;
  }
  /// An input that is a value of the network, with nothing left to do to it.
  onnx_value& settled(const onnx_node& node, std::size_t index, bool keep_padding = false) {
    onnx_value& value = input(node, index);
    if (value.is_known) refuse("computes with constants alone (" + in_quotes(node.inputs[index]) + "), and this operator is not folded", "simplify the file, for instance with onnxsim");
    layers_.settle(value, keep_padding);
    return value;
  }
  const onnx_constant& known(const onnx_node& node, std::size_t index, const char* what) {
    const onnx_value& value = input(node, index);
    if (!value.is_known) refuse("computes its " + std::string(what) + " (" + in_quotes(node.inputs[index]) + ") from the images, and a constant is needed");
    return value.known;
  }
  /// Few numbers: axes, sides, scales.
  std::vector<double> numbers(const onnx_constant& from) const {
    if (!from.few.empty() || from.count() == 0) return from.few;
    if (from.count() > most_folded) refuse("computes with a constant of " + std::to_string(from.count()) + " numbers, and at most " + std::to_string(most_folded) + " are folded", "simplify the file, for instance with onnxsim");
    if (from.many) return {from.many->begin(), from.many->end()};
    return from.source ? numbers_of(*from.source, folder_, path_) : std::vector<double>();
  }
  sides wholes(const onnx_node& node, std::size_t index, const char* what) {
    sides made;
    for (const double each : numbers(known(node, index, what))) made.push_back(bounded(each));
    return made;
  }
  /// An attribute of older opsets that newer ones have as an input.
  sides attribute_or_input(const onnx_node& node, std::string_view name, std::size_t index, sides otherwise = {}) {
    if (node.find(name)) return wholes(node, name);
    return has_input(node, index) ? wholes(node, index, std::string(name).c_str()) : otherwise;
  }
  std::vector<float> floats(const onnx_constant& from) {
    if (!from.few.empty()) return {from.few.begin(), from.few.end()};
    if (from.many) return *from.many;
    return from.source ? floats_of(*from.source, folder_, path_) : std::vector<float>();
  }
  /// One number, or one for each of `channels`.
  std::vector<float> vector_of(const onnx_node& node, std::size_t index, const char* what, int channels) {
    const onnx_constant& from = known(node, index, what);
    if (from.count() != channels) refuse("has a " + std::string(what) + " of " + std::to_string(from.count()) + " numbers for " + std::to_string(channels) + " channels", onnx_remedy_);
    return floats(from);
  }

  std::size_t axis_of(std::int64_t axis, std::size_t rank) const {
    const std::int64_t counted = axis < 0 ? axis + static_cast<std::int64_t>(rank) : axis;
    if (counted < 0 || counted >= static_cast<std::int64_t>(rank)) refuse("names axis " + std::to_string(axis) + " of " + std::to_string(rank), onnx_remedy_);
    return static_cast<std::size_t>(counted);
  }
  void give(const onnx_node& node, onnx_value value, std::size_t index = 0) {
    if (index < node.outputs.size() && !node.outputs[index].empty()) values_[node.outputs[index]] = std::move(value);
  }
  void give_known(const onnx_node& node, onnx_constant known) {
    onnx_value value;
    value.is_known = true, value.known = std::move(known);
    give(node, std::move(value));
  }
  /// Value `id` of the list as N x C x H x W, or with the axes of another.
  onnx_value value_of(value_id id, const std::string& axes = "NCHW") const {
    const feature_shape shape = layers_.shape_of(id);
    onnx_value made;
    made.id = id, made.axes = axes;
    for (const char axis : axes)
      made.dims.push_back(axis == 'N' ? batch_ : axis == 'C' ? shape.c : axis == 'H' ? shape.h : axis == 'W' ? shape.w : axis == '1' ? 1 : shape.size());
    return made;
  }
  void demand_axes(const onnx_value& value, std::string_view axes) const {
    if (value.axes != axes) refuse("reads a tensor of " + std::to_string(value.dims.size()) + " dimensions that is not images x channels x height x width here");
  }
  /// A copy of a value that is to be changed; whoever else reads the name keeps what it was.
  onnx_value changed(const onnx_node& node, std::size_t index) {
    onnx_value& found = input(node, index);
    const bool only = readers_[node.inputs[index]] == 1;
    if (!only && (!found.factor.empty() || !found.shift.empty() || found.clipped)) layers_.settle(found, true);
    onnx_value value = found;
    value.sole = value.sole && only;
    return value;
  }

  const onnx_graph& graph_;
  const std::string& path_;
  const std::filesystem::path& folder_;
  const onnx_reading& how_;
  std::map<std::string_view, onnx_value> values_{};
  std::map<std::string_view, int> readers_{};
  std::vector<bool> needed_{};
  std::vector<std::string_view> wanted_{};  ///< the names of the outputs
  std::int64_t batch_ = 1;
  std::string_view input_{};
  std::string where_{};  ///< "node "conv1" (Conv)"
  onnx_layers layers_{};
  static constexpr const char* onnx_remedy_ = "check that it is an ONNX file, or export it again";
};

}  // namespace hasse::detail
