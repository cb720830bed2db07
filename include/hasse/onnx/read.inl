// The bodies of onnx/read.hpp, as core/apart.hpp says: element-wise operators, and the way from a graph to a list.
#pragma once

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <hasse/core/error.hpp>
#include <hasse/core/file.hpp>
#include <hasse/core/quoted.hpp>
#include <hasse/network/check.hpp>
#include <hasse/onnx/detail/operators.hpp>
#include <hasse/onnx/detail/reader.hpp>
#include <hasse/onnx/detail/shapes.hpp>
#include <hasse/onnx/graph.hpp>
#include <hasse/onnx/read.hpp>

namespace hasse {

namespace detail {

/// Operators of one input that are activations.
inline void onnx_reader::elementwise(const onnx_node& node) {
  activation act = activation::relu;
  if (node.kind == "Sigmoid") act = activation::sigmoid;
  if (node.kind == "HardSwish") act = activation::hard_swish;
  if (node.kind == "HardSigmoid") {
    const float alpha = real(node, "alpha", 0.2f), beta = real(node, "beta", 0.5f);
    if (std::abs(alpha - 1.0f / 6) > 1e-5f || std::abs(beta - 0.5f) > 1e-5f)
      refuse("has alpha " + std::to_string(alpha) + " and beta " + std::to_string(beta) + ", and 1/6 and 1/2 is what layers here have", "train with the hard sigmoid of MobileNetV3");
    act = activation::hard_sigmoid;
  }
  onnx_value value = settled(node, 0);
  value.id = layers_.build([&](auto builder) { return builder.activate(value.id, act); });
  value.sole = true;
  give(node, std::move(value));
}

/// Clip and what is one: 0 .. 6, or 0 and no end.
inline void onnx_reader::clip(const onnx_node& node) {
  const auto bound = [&](const char* name, std::size_t index, double otherwise) {
    if (const onnx_attribute* given = node.find(name)) return static_cast<double>(given->real);
    if (!has_input(node, index)) return otherwise;
    const std::vector<double> one = numbers(known(node, index, name));
    return one.empty() ? otherwise : one[0];
  };
  const double least = bound("min", 1, -std::numeric_limits<double>::infinity()), most = bound("max", 2, std::numeric_limits<double>::infinity());
  onnx_value value = changed(node, 0);
  const auto all = [](const std::vector<double>& of, double is) { return std::all_of(of.begin(), of.end(), [&](double each) { return each == is; }); };
  if (least == 0 && most == 6 && !value.clipped && !value.is_padded() && value.pick.empty() && all(value.factor, 1) && !value.shift.empty() && all(value.shift, 3)) {
    value.clipped = true;  // of a hard sigmoid, perhaps: the next node says
    return give(node, std::move(value));
  }
  if (least != 0 || !(most == 6 || most > 1e30)) refuse("clips to " + std::to_string(least) + " .. " + std::to_string(most) + ", and 0 .. 6 or 0 and no end is what layers here have", "train with ReLU or ReLU6");
  value = settled(node, 0);
  value.id = layers_.build([&](auto builder) { return builder.activate(value.id, most == 6 ? activation::relu6 : activation::relu); });
  value.sole = true;
  give(node, std::move(value));
}

/// Add, Sub, Mul and Div of a value and a constant: one number for all, or one for each channel.
inline void onnx_reader::scaled(const onnx_node& node, const onnx_value& given, const onnx_constant& by, bool value_is_first) {
  onnx_value value = given;
  const std::size_t rank = value.dims.size();
  const std::size_t axis = value.axes.find('C');
  const std::int64_t count = by.count();
  if (by.dims.size() > rank || count < 1) refuse("joins a tensor of " + std::to_string(rank) + " dimensions and a constant of " + std::to_string(by.dims.size()));
  if (count != 1)
    for (std::size_t i = 0; i < by.dims.size(); ++i) {
      const std::size_t at = i + rank - by.dims.size();
      if (by.dims[i] != 1 && (at != axis || by.dims[i] != value.dims[at])) refuse("joins an image and a constant that is not one number, nor one for each channel");
    }
  layers_.spend(count);
  const std::vector<float> read = floats(by);
  if (static_cast<std::int64_t>(read.size()) != count) refuse("joins an image and a constant that is not there", onnx_remedy_);
  const std::vector<double> with(read.begin(), read.end());
  if (value.is_padded()) refuse("reads what a Pad makes");
  const bool adds = node.kind == "Add" || node.kind == "Sub";
  if (!value_is_first && node.kind == "Div") refuse("divides a constant by a value");
  if (value.clipped) {  // clip(x + 3, 0, 6) / 6 is the hard sigmoid of x
    const double times = adds || count != 1 ? 0 : node.kind == "Mul" ? with[0] : 1 / with[0];
    if (std::abs(times * 6 - 1) < 1e-5) {
      value.clipped = false, value.factor.clear(), value.shift.clear();
      value.id = layers_.build([&](auto builder) { return builder.activate(value.id, activation::hard_sigmoid); });
      value.sole = true;
      return give(node, std::move(value));
    }
    layers_.settle(value);
  }
  const auto widen = [](std::vector<double>& to, std::size_t size, double fill) {
    if (to.empty()) to.assign(1, fill);
    if (to.size() < size) to.resize(size, to[0]);
  };
  widen(value.factor, with.size(), 1), widen(value.shift, with.size(), 0);
  const auto at = [&](std::size_t i) { return with[with.size() == 1 ? 0 : i]; };
  const auto times = [&](auto factor_at) {
    for (auto* each : {&value.factor, &value.shift})
      for (std::size_t i = 0; i < each->size(); ++i) (*each)[i] *= factor_at(i);
  };
  if (node.kind == "Mul" || node.kind == "Div") {
    widen(value.factor, value.shift.size(), 1), widen(value.shift, value.factor.size(), 0);
    times([&](std::size_t i) { return node.kind == "Mul" ? at(i) : 1 / at(i); });
  } else {
    if (node.kind == "Sub" && !value_is_first) times([](std::size_t) { return -1.0; });
    for (std::size_t i = 0; i < value.shift.size(); ++i) value.shift[i] += node.kind == "Sub" && value_is_first ? -at(i) : at(i);
  }
  give(node, std::move(value));
}

inline void onnx_reader::add(const onnx_node& node) {
  const bool first_known = input(node, 0).is_known, second_known = input(node, 1).is_known;
  if (first_known && second_known) refuse("computes with constants alone, and this operator is not folded", "simplify the file, for instance with onnxsim");
  if (first_known || second_known) {
    const onnx_value value = changed(node, first_known ? 1 : 0);
    return scaled(node, value, input(node, first_known ? 0 : 1).known, second_known);
  }
  if (node.kind != "Add") refuse("is no sum of two values, and layers here only add", "export the network without it");
  const onnx_value &left = settled(node, 0), &right = settled(node, 1);
  if (left.dims != right.dims || left.axes != right.axes) refuse("adds tensors of different shapes");
  const std::string axes = left.axes;
  give(node, value_of(layers_.build([&](auto builder) { return builder.add(left.id, right.id); }), axes));
}

inline void onnx_reader::multiply(const onnx_node& node) {
  if (input(node, 0).is_known || input(node, 1).is_known) return add(node);
  for (const std::size_t gate : {1u, 0u}) {  // x clip(x + 3, 0, 6), six times the hard swish
    const onnx_value clipped = input(node, gate);
    if (!clipped.clipped || input(node, 1 - gate).id != clipped.id) continue;
    onnx_value value = settled(node, 1 - gate);
    value.id = layers_.build([&](auto builder) { return builder.activate(value.id, activation::hard_swish); });
    value.factor = {6}, value.sole = true;
    return give(node, std::move(value));
  }
  const onnx_value left = settled(node, 0), right = settled(node, 1);
  for (const auto& [value, gate] : {std::pair(&left, &right), std::pair(&right, &left)}) {
    if (gate->id < 1 || gate->axes != value->axes) continue;
    const layer made = layers_.item(gate->id);
    if (made.kind != layer_kind::activation || made.input != value->id) continue;
    if (made.act != activation::sigmoid && made.act != activation::hard_sigmoid) continue;
    const activation act = made.act == activation::sigmoid ? activation::swish : activation::hard_swish;
    const value_id from = value->id;
    return give(node, value_of(layers_.build([&](auto builder) { return builder.activate(from, act); }), value->axes));
  }
  const feature_shape first = layers_.shape_of(left.id), second = layers_.shape_of(right.id);
  const bool first_is_gate = first.pixels() == 1 && second.pixels() > 1;
  const onnx_value &value = first_is_gate ? right : left, &gate = first_is_gate ? left : right;
  if (gate.axes != value.axes) refuse("multiplies tensors of different dimensions");
  if (layers_.shape_of(gate.id) != feature_shape{1, 1, layers_.shape_of(value.id).c})
    refuse("multiplies " + std::to_string(first.h) + "x" + std::to_string(first.w) + "x" + std::to_string(first.c) + " by " + std::to_string(second.h) + "x" + std::to_string(second.w) + "x" + std::to_string(second.c) +
           ", and one of them has to be one number for each channel");
  give(node, value_of(layers_.build([&](auto builder) { return builder.scale(value.id, gate.id); }), value.axes));
}

inline void onnx_reader::reduce_mean(const onnx_node& node) {
  onnx_value value = settled(node, 0);
  const bool is_pool = node.kind == "GlobalAveragePool" || node.kind == "GlobalMaxPool";
  sides axes = is_pool ? sides{2, 3} : attribute_or_input(node, "axes", 1);
  std::string letters;
  for (std::int64_t axis : axes) letters += value.axes[axis_of(axis, value.axes.size())];
  std::sort(letters.begin(), letters.end());
  if (letters != "HW") refuse("averages over other axes than height and width", "average over height and width, which is GlobalAveragePool");
  value_id made = no_value;
  if (node.kind == "GlobalMaxPool") {
    const feature_shape in = layers_.shape_of(value.id);
    if (in.h != in.w) refuse("is over " + std::to_string(in.h) + "x" + std::to_string(in.w) + " pixels, and layers here have square windows", "read it for square images");
    made = layers_.build([&](auto builder) { return builder.max_pool(value.id, in.h, 1, 0); });
  } else {
    made = layers_.build([&](auto builder) { return builder.global_average_pool(value.id); });
  }
  std::string kept = value.axes;
  if (!is_pool && whole(node, "keepdims", 1) == 0) std::erase_if(kept, [](char axis) { return axis == 'H' || axis == 'W'; });
  give(node, value_of(made, kept));
}

inline void onnx_reader::read(const onnx_node& node) {
  const std::string_view kind = node.kind;
  if (!node.domain.empty() && node.domain != "ai.onnx") refuse("is an operator of the domain " + in_quotes(node.domain) + ", which is not ONNX's own");
  if (fold(node)) return;
  if (kind == "Conv") return convolution(node);
  if (kind == "MaxPool" || kind == "AveragePool") return pool(node);
  if (kind == "GlobalAveragePool" || kind == "GlobalMaxPool" || kind == "ReduceMean") return reduce_mean(node);
  if (kind == "BatchNormalization") return batch_norm(node);
  if (kind == "ConvTranspose") return upsample(node);
  if (kind == "Gemm" || kind == "MatMul") return linear(node);
  if (kind == "Relu" || kind == "Sigmoid" || kind == "HardSwish" || kind == "HardSigmoid") return elementwise(node);
  if (kind == "Clip") return clip(node);
  if (kind == "Mul") return multiply(node);
  if (kind == "Add" || kind == "Sub" || kind == "Div") return add(node);
  if (kind == "Concat") return concat(node);
  if (kind == "Slice") return slice(node);
  if (kind == "Split") return split(node);
  if (kind == "Gather") return gather(node);
  if (kind == "Pad") return pad(node);
  if (kind == "Resize" || kind == "Upsample") return resize(node);
  if (kind == "DepthToSpace") return depth_to_space(node);
  if (kind == "Transpose") return transpose(node);
  if (kind == "Reshape" || kind == "Flatten" || kind == "Squeeze" || kind == "Unsqueeze") return reshape(node, reshaped_to(node));
  if (kind == "Identity" || kind == "Dropout") return give(node, changed(node, 0));
  if (kind == "Cast") {
    const std::int64_t to = whole(node, "to", 1);
    if (to != 1 && to != 10 && to != 11 && to != 16) refuse("makes whole numbers of an image");
    return give(node, changed(node, 0));
  }
  std::string remedy = "replace it in the network and train again";
  if (!node.inputs.empty()) remedy += ", or read only what is before it: its input is " + in_quotes(node.inputs[0]) + ", which can be named as an output";
  refuse("is an operator that no layer here computes", remedy);
}

/// Which nodes the outputs need, and how often each name is read by those.
inline void onnx_reader::find_needed() {
  for (const std::string& each : how_.outputs) wanted_.push_back(each);
  if (wanted_.empty())
    for (const onnx_port& each : graph_.outputs) wanted_.push_back(each.name);
  std::map<std::string_view, std::size_t> makers;
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
    for (const std::string_view output : graph_.nodes[i].outputs)
      if (!output.empty() && !makers.emplace(output, i).second) throw file_error(path_, "makes " + in_quotes(output) + " twice", onnx_remedy_);
  needed_.assign(graph_.nodes.size(), false);
  std::vector<std::string_view> open(wanted_.begin(), wanted_.end());
  for (const std::string_view name : open) ++readers_[name];
  while (!open.empty()) {
    const auto made = makers.find(open.back());
    open.pop_back();
    if (made == makers.end() || needed_[made->second]) continue;
    needed_[made->second] = true;
    for (const std::string_view name : graph_.nodes[made->second].inputs)
      if (!name.empty()) ++readers_[name], open.push_back(name);
  }
}

inline void onnx_reader::read_input() {
  std::vector<const onnx_port*> ports;
  for (const onnx_port& each : graph_.inputs)
    if (!values_.contains(each.name)) ports.push_back(&each);
  if (ports.size() != 1) throw file_error(path_, "has " + std::to_string(ports.size()) + " inputs, and a network here reads one", "export it with one input, the images");
  const onnx_port& port = *ports[0];
  input_ = port.name;
  sides dims = port.dims;
  if (!port.has_dims || (dims.size() != 4 && dims.size() != 2))
    throw file_error(path_, "has an input " + in_quotes(port.name) + " of " + std::to_string(dims.size()) + " dimensions, and images x channels x height x width are needed", "export it for images");
  // Files of TensorFlow begin with a transposition.
  bool channels_last = dims.size() == 4;
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i)
    if (needed_[i] && std::ranges::find(graph_.nodes[i].inputs, port.name) != graph_.nodes[i].inputs.end())
      channels_last = channels_last && graph_.nodes[i].kind == "Transpose" && wholes(graph_.nodes[i], "perm") == sides{0, 3, 1, 2};
  if (dims[0] > 0) batch_ = dims[0];
  dims[0] = batch_;
  if (dims.size() == 4) {
    const std::size_t row = channels_last ? 1 : 2;
    if (how_.height > 0) dims[row] = how_.height;
    if (how_.width > 0) dims[row + 1] = how_.width;
    if (dims[row] < 1 || dims[row + 1] < 1) throw file_error(path_, "leaves the height and width of its images open", "say which are meant, for instance 224 and 224 (to programs: --input 3x224x224)");
  }
  constexpr std::int64_t most = 1 << 20;
  for (const std::int64_t side : dims)
    if (side < 1 || side > most) throw file_error(path_, "has an input " + in_quotes(port.name) + " with a side that is open or not 1 to 1048576", "export it with fixed channels");
  const auto side = [&](std::size_t axis) { return static_cast<int>(dims[axis]); };
  layers_.list.input = dims.size() == 2 ? feature_shape{1, 1, side(1)} : channels_last ? feature_shape{side(1), side(2), side(3)} : feature_shape{side(2), side(3), side(1)};
  if (!has_extent(layers_.list.input)) throw file_error(path_, "has an input that is absurdly large", "read it for smaller images");
  values_[port.name] = value_of(0, dims.size() == 2 ? "NC" : channels_last ? "NHWC" : "NCHW");
}

/// Names as check_outputs wants them, made from those of the file.
inline std::string output_name_of(std::string_view name, const std::vector<named_value>& others) {
  std::string made;
  for (const char each : name.substr(0, longest_output_name - 20)) made += is_output_name(std::string("a") + each) ? each : '_';
  if (!is_output_name(made)) made = "output_" + made;
  const std::string base = made;
  for (int number = 2; std::ranges::any_of(others, [&](const named_value& other) { return other.name == made; }); ++number) made = base + "_" + std::to_string(number);
  return made;
}

inline void onnx_reader::take_outputs(onnx_network& to) {
  if (wanted_.empty() || wanted_.size() > 1024) throw file_error(path_, "has " + std::to_string(wanted_.size()) + " outputs, and 1 to 1024 are possible", onnx_remedy_);
  std::vector<value_id> ids;
  for (const std::string_view name : wanted_) {
    const auto found = values_.find(name);
    if (found == values_.end()) throw file_error(path_, "makes no " + in_quotes(name) + ", which is to be an output", "name a value of the file, such as the output of a node");
    where_ = "the output " + in_quotes(name);
    if (found->second.is_known) refuse("is a constant", "name a value that depends on the images");
    layers_.settle(found->second);
    const std::string& axes = found->second.axes;
    if (axes == "NF" || axes.find('g') != std::string::npos) refuse("is an image whose numbers are in an order of their own", "name the value before it is reshaped as the output");
    ids.push_back(found->second.id);
    to.outputs.emplace_back(name);
  }
  std::vector<value_id> renamed;
  layers_.prune(ids, renamed);
  if (wanted_.size() > 1 || wanted_[0] != "logits")  // what hasse writes of a network that names no output
    for (std::size_t i = 0; i < ids.size(); ++i) {
      named_value output{output_name_of(wanted_[i], layers_.list.outputs), renamed[static_cast<std::size_t>(ids[i])]};
      layers_.list.outputs.push_back(std::move(output));
    }
}

inline onnx_network onnx_reader::network() {
  find_needed();
  for (const onnx_tensor& each : graph_.tensors) {
    onnx_value value;
    value.is_known = true;
    value.known.dims = each.dims, value.known.whole = is_whole(each.type), value.known.source = &each;
    values_[each.name] = std::move(value);
  }
  read_input();
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    if (!needed_[i]) continue;
    const onnx_node& node = graph_.nodes[i];
    const bool is_named = !node.name.empty() || node.outputs.empty();
    where_ = (is_named ? "node " + in_quotes(node.name) : "the node that makes " + in_quotes(node.outputs[0])) + " (" + printable(clipped(node.kind, 60)) + ")";
    layers_.node = std::string(is_named ? node.name : node.outputs[0]);
    try {
      read(node);
    } catch (const file_error&) {
      throw;
    } catch (const error& problem) {  // of the layers, which know no file
      throw file_error(path_, where_ + " cannot be a layer here (" + problem.what() + ")", "export the network without it, or read the file for other sides of the image");
    }
  }
  onnx_network made;
  try {
    take_outputs(made);
    check(layers_.list);
  } catch (const file_error&) {
    throw;
  } catch (const error& problem) {
    throw file_error(path_, std::string("holds no network that can run here (") + problem.what() + ")", "name other outputs, or export it again");
  }
  made.input = std::string(input_), made.nodes = std::move(layers_.nodes), made.metadata = graph_.metadata;
  const auto said = made.metadata.find("architecture");
  made.network.name = said != made.metadata.end() ? said->second : std::filesystem::path(path_).stem().string();
  made.network.layers = std::move(layers_.list);
  made.network.weights = parameters<float>(made.network.layers.items);
  for (int i = 0; i < static_cast<int>(made.network.layers.size()); ++i) {
    const onnx_weights& own = layers_.weights[static_cast<std::size_t>(i)];
    const auto put = [&](parameter_role role, const std::vector<float>& values) {
      const std::span<float> to = made.network.weights.of(i, role);
      if (to.size() != values.size()) throw file_error(path_, "holds weights of a layer that do not fit it (" + in_quotes(made.nodes[static_cast<std::size_t>(i)]) + ")", onnx_remedy_);
      std::copy(values.begin(), values.end(), to.begin());
    };
    put(parameter_role::weight, own.weight), put(parameter_role::bias, own.bias), put(parameter_role::scale, own.scale), put(parameter_role::shift, own.shift);
    put(parameter_role::running_mean, own.mean), put(parameter_role::running_variance, own.variance);
  }
  return made;
}

}  // namespace detail

HASSE_BODY onnx_network parse_onnx_network(std::string_view bytes, const std::string& path, const onnx_reading& how, const std::filesystem::path& folder) {
  const onnx_graph graph = parse_onnx(bytes, path);
  return detail::onnx_reader(graph, path, folder, how).network();
}

HASSE_BODY onnx_network read_onnx(const std::filesystem::path& path, const onnx_reading& how) {
  const std::string bytes = read_file(path);
  const std::filesystem::path folder = path.parent_path();
  return parse_onnx_network(bytes, path.string(), how, folder.empty() ? std::filesystem::path(".") : folder);
}

}  // namespace hasse
