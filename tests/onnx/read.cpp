// What hasse writes reads back to the same layers and bits, and what others write is read or refused as docs/how-to/bring-a-network.md says.
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

#include <hasse/file/protobuf.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/fuse.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/network/named.hpp>
#include <hasse/network/ssdlite.hpp>
#include <hasse/onnx.hpp>
#include <hasse/result/onnx.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {

/// Numbers that differ, cheaper than random ones; those of variances and scales are positive.
model filled(std::string name, layer_list layers) {
  model made{std::move(name), std::move(layers), {}};
  made.weights = parameters<float>(made.layers.items);
  std::uint32_t state = 1;
  const auto next = [&] { return static_cast<float>((state = state * 1664525u + 1013904223u) >> 8) * (1.0f / (1 << 24)); };
  for (const parameter_tensor& tensor : made.weights.layout.trainable)
    for (float& value : made.weights.of(tensor)) value = tensor.role == parameter_role::scale ? 0.5f + next() : 0.2f * (next() - 0.5f);
  for (const parameter_tensor& tensor : made.weights.layout.statistics)
    for (float& value : made.weights.of(tensor)) value = tensor.role == parameter_role::running_variance ? 0.5f + next() : next() - 0.5f;
  return made;
}

/// "" where a network and what is read of its file fold to the same layers and bits.
std::string difference_of(const model& network, bool symbolic) {
  const onnx_network read = parse_onnx_network(onnx_bytes(network, {.symbolic_batch = symbolic}), "written");
  const auto ours = fold_for_inference(network.layers), theirs = fold_for_inference(read.network.layers);
  if (!(ours.layers == theirs.layers)) return "other layers: " + std::to_string(ours.layers.size()) + " and " + std::to_string(theirs.layers.size());
  const auto one = fold_weights<float>(network.layers.items, ours.layers.items, ours.origins, network.weights);
  const auto other = fold_weights<float>(read.network.layers.items, theirs.layers.items, theirs.origins, read.network.weights);
  if (one.values != other.values) return "other weights";
  if (read.network.name != network.name) return "another name: " + read.network.name;
  if (read.nodes.size() != read.network.layers.size()) return "no node for each layer";
  return "";
}

/// A file by hand: nodes, initializers, inputs and outputs as they are appended.
struct file {
  protobuf_message graph{};
  std::int64_t opset = 17;

  file& node(std::string_view kind, std::vector<std::string> inputs, std::vector<std::string> outputs, const std::vector<protobuf_message>& attributes = {}) {
    protobuf_message made;
    for (const std::string& each : inputs) made.text(1, each);
    for (const std::string& each : outputs) made.text(2, each);
    made.text(3, "the_" + outputs[0]).text(4, kind);
    for (const protobuf_message& each : attributes) made.message(5, each);
    graph.message(1, made);
    return *this;
  }
  file& floats(std::string_view name, std::vector<std::int64_t> dims, std::vector<float> values) {
    protobuf_message made;
    for (const std::int64_t side : dims) made.number(1, side);
    made.number(2, 1).text(8, name).text(9, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
    graph.message(5, made);
    return *this;
  }
  file& wholes(std::string_view name, std::vector<std::int64_t> values) {  // spelled out
    protobuf_message made;
    made.number(1, static_cast<std::int64_t>(values.size())).number(2, 7).text(8, name);
    for (const std::int64_t each : values) made.number(7, each);
    graph.message(5, made);
    return *this;
  }
  file& port(int field, std::string_view name, std::vector<std::int64_t> dims) {
    protobuf_message shape;
    for (const std::int64_t side : dims) shape.message(1, side < 0 ? protobuf_message().text(2, "open") : protobuf_message().number(1, side));
    graph.message(field, protobuf_message().text(1, name).message(2, protobuf_message().message(1, protobuf_message().number(1, 1).message(2, shape))));
    return *this;
  }
  file& input(std::vector<std::int64_t> dims) { return port(11, "x", dims); }
  file& output(std::string_view name) { return port(12, name, {}); }
  std::string bytes() const {
    return protobuf_message().number(1, 8).message(7, graph).message(8, protobuf_message().text(1, "").number(2, opset)).bytes;
  }
  onnx_network read(const onnx_reading& how = {}) const { return parse_onnx_network(bytes(), "made.onnx", how); }
  std::string refusal(const onnx_reading& how = {}) const {
    try {
      read(how);
    } catch (const error& problem) {
      return problem.what();
    }
    return "";
  }
};

protobuf_message ints(std::string_view name, const std::vector<std::int64_t>& values) {
  protobuf_message made = protobuf_message().text(1, name);
  for (const std::int64_t each : values) made.number(8, each);
  return made.number(20, 7);
}
protobuf_message whole(std::string_view name, std::int64_t value) { return protobuf_message().text(1, name).number(3, value).number(20, 2); }
protobuf_message real(std::string_view name, float value) { return protobuf_message().text(1, name).real(2, value).number(20, 1); }
protobuf_message word(std::string_view name, std::string_view value) { return protobuf_message().text(1, name).text(4, value).number(20, 3); }

std::vector<float> counted(std::size_t count, float step = 1) {
  std::vector<float> made(count);
  for (std::size_t i = 0; i < count; ++i) made[i] = step * static_cast<float>(i);
  return made;
}

/// What the only output is for pixels in the order height, width, channels.
std::vector<float> answer(const model& network, std::vector<float> pixels) {
  reference<float> backend;
  inference_network net(backend, network.layers, 1, network.weights);
  net.write_input(pixels);
  net.run();
  std::vector<float> answers(static_cast<std::size_t>(net.output_shape().size()));
  net.read_output(answers);
  return answers;
}
std::vector<float> answer(const file& from, std::vector<float> pixels) { return answer(from.read().network, std::move(pixels)); }

}  // namespace

TEST_CASE("Every published network is written and read back to the same layers and bits", "[onnx]") {
  for (const std::string_view name : published_names) {
    INFO(name);
    const bool is_large = name.starts_with("resnet") && name != "resnet20";
    const layer_list layers = named_network(name, {.input = is_large ? feature_shape{64, 64, 3} : feature_shape{}});
    CHECK(difference_of(filled(std::string(name), layers), name.size() % 2 == 0) == "");
  }
}

TEST_CASE("A detector with many outputs is read back with their names", "[onnx]") {
  layer_list layers = named_network("ssdlite_mobiledet_cpu", {.input = {64, 64, 3}});
  REQUIRE(layers.outputs.size() > 2);
  CHECK(difference_of(filled("detector", layers), false) == "");
}

TEST_CASE("Layers of every kind are written and read back", "[onnx]") {
  layer_list list{.input = {12, 10, 4}, .items = {}};
  layer_builder<layer_list> build{list};
  value_id x = build.convolution(0, 8, 3, 2, -1, 1, true, padding::same);
  x = build.activate(build.batch_norm(x), activation::hard_swish);
  const value_id gate = build.activate(build.convolution(build.global_average_pool(x), 8, 1, 1, 0, 1, true), activation::hard_sigmoid);
  x = build.activate(build.batch_norm(build.scale(x, gate)), activation::swish);  // a batch norm alone
  x = build.concat(x, build.max_pool(x, 3, 1, 1));
  x = build.pad_channels(build.average_pool(x, 3, 1, 1), 20);
  x = build.add(x, build.activate(build.convolution(x, 20, 3, 1, 1, 20), activation::relu6));
  x = build.depth_to_space(build.resize(x, 9, 7), 2);
  x = build.adaptive_average_pool(build.upsample(build.corner_resize(x, 6, 5), 2), 7, 3);
  x = build.average_pool_rounding_up(x, 3);
  build.output("map", x);
  build.output("scores", build.linear(build.activate(x, activation::sigmoid), 3));
  CHECK(difference_of(filled("kinds", list), true) == "");
}

TEST_CASE("Operators that others write become layers", "[onnx]") {
  const std::vector<float> pixels = counted(4 * 4 * 2);  // height, width, channels
  const auto of = [](std::vector<std::int64_t> dims = {1, 2, 4, 4}) { return file().input(std::move(dims)).output("y"); };

  SECTION("arithmetic with constants joins the convolution before it, or is one of single pixels") {
    file net = of();
    net.floats("w", {2, 2, 1, 1}, {1, 0, 0, 1}).floats("three", {1, 2, 1, 1}, {3, 4}).floats("two", {}, {2});
    net.node("Conv", {"x", "w"}, {"c"}).node("Mul", {"c", "two"}, {"m"}).node("Add", {"three", "m"}, {"y"});
    const onnx_network read = net.read();
    REQUIRE(read.network.layers.size() == 1);
    const std::vector<float> joined = answer(read.network, pixels);
    CHECK(joined[2] == 2 * 2 + 3);
    CHECK(joined[3] == 2 * 3 + 4);
    file alone = of();
    alone.floats("two", {}, {2}).node("Sub", {"two", "x"}, {"s"}).node("Div", {"s", "two"}, {"y"});
    CHECK(answer(alone, pixels)[3] == (2 - 3) / 2.0f);
  }
  SECTION("a value that others read keeps what it was") {
    file net = of({1, 2, 4, 4});
    net.floats("w", {2, 2, 1, 1}, {1, 0, 0, 1}).floats("two", {}, {2}).node("Conv", {"x", "w"}, {"c"}).node("Mul", {"c", "two"}, {"m"}).node("Add", {"m", "c"}, {"y"});
    CHECK(answer(net, pixels)[5] == 15);
  }
  SECTION("the hard swish of arithmetic") {
    file net = of();
    net.floats("three", {}, {3}).floats("six", {}, {6}).floats("none", {}, {0});
    net.node("Add", {"x", "three"}, {"a"}).node("Clip", {"a", "none", "six"}, {"b"}).node("Mul", {"x", "b"}, {"c"}).node("Div", {"c", "six"}, {"y"});
    const onnx_network read = net.read();
    REQUIRE(read.network.layers.size() == 1);
    CHECK(read.network.layers.items[0].act == activation::hard_swish);
    file gate = of();
    gate.floats("three", {}, {3}).floats("six", {}, {6}).floats("none", {}, {0});
    gate.node("Add", {"x", "three"}, {"a"}).node("Clip", {"a", "none", "six"}, {"b"}).node("Div", {"b", "six"}, {"y"});
    CHECK(gate.read().network.layers.items[0].act == activation::hard_sigmoid);
    file other = of();
    other.floats("three", {}, {3}).floats("six", {}, {6}).floats("none", {}, {0});
    other.node("Add", {"x", "three"}, {"a"}).node("Clip", {"a", "none", "six"}, {"y"});
    CHECK(answer(other, pixels)[1] == 4);
    CHECK(answer(other, pixels)[9] == 6);
  }
  SECTION("channels are shuffled, split and joined, exactly") {
    file net = of({1, 4, 2, 4});
    net.wholes("grouped", {1, 2, 2, 2, 4}).wholes("whole", {0, -1, 2, 4});
    net.node("Reshape", {"x", "grouped"}, {"g"}).node("Transpose", {"g"}, {"t"}, {ints("perm", {0, 2, 1, 3, 4})}).node("Reshape", {"t", "whole"}, {"s"});
    net.wholes("sizes", {1, 3}).node("Split", {"s", "sizes"}, {"one", "three"}, {whole("axis", 1)}).node("Concat", {"three", "one"}, {"y"}, {whole("axis", 1)});
    const std::vector<float> moved = answer(net, counted(2 * 4 * 4));  // shuffled: 0 2 1 3; then 2 1 3 0
    CHECK(std::vector<float>(moved.begin(), moved.begin() + 4) == std::vector<float>{2, 1, 3, 0});
  }
  SECTION("slices of channels") {
    file net = of({1, 4, 2, 4});
    net.wholes("from", {1}).wholes("to", {9223372036854775807}).wholes("axis", {1}).wholes("by", {2}).node("Slice", {"x", "from", "to", "axis", "by"}, {"y"});
    const std::vector<float> taken = answer(net, counted(2 * 4 * 4));
    CHECK(std::vector<float>(taken.begin(), taken.begin() + 4) == std::vector<float>{1, 3, 5, 7});
  }
  SECTION("the nearest pixel, twice and three times as large") {
    for (const int times : {2, 3}) {
      file net = of({1, 2, 2, 2});
      const auto by = static_cast<float>(times);
      net.floats("scales", {4}, {1, 1, by, by}).node("Resize", {"x", "", "scales"}, {"y"}, {word("mode", "nearest"), word("coordinate_transformation_mode", "asymmetric"), word("nearest_mode", "floor")});
      const std::vector<float> large = answer(net, counted(2 * 2 * 2));
      REQUIRE(large.size() == static_cast<std::size_t>(8 * times * times));
      for (int row = 0; row < 2 * times; ++row)
        for (int column = 0; column < 2 * times; ++column)
          CHECK(large[static_cast<std::size_t>((row * 2 * times + column) * 2 + 1)] == static_cast<float>((row / times * 2 + column / times) * 2 + 1));
    }
  }
  SECTION("averages over zeros, and windows that begin before the end") {
    file counts = of({1, 2, 4, 4});
    counts.node("AveragePool", {"x"}, {"y"}, {ints("kernel_shape", {3, 3}), ints("pads", {1, 1, 1, 1}), whole("count_include_pad", 1)});
    CHECK(answer(counts, pixels)[0] == Approx((0 + 2 + 8 + 10) / 9.0));
    file up = of({1, 2, 4, 4});
    up.node("MaxPool", {"x"}, {"y"}, {ints("kernel_shape", {3, 3}), ints("strides", {2, 2}), whole("ceil_mode", 1)});
    const std::vector<float> covered = answer(up, pixels);
    REQUIRE(covered.size() == 8);
    CHECK(covered[7] == 31);
    file same = of({1, 2, 4, 4});
    same.node("MaxPool", {"x"}, {"y"}, {ints("kernel_shape", {3, 3}), ints("strides", {2, 2}), word("auto_pad", "SAME_UPPER")});
    CHECK(answer(same, pixels) == covered);
    file over = of({1, 2, 4, 4});
    over.node("AveragePool", {"x"}, {"y"}, {ints("kernel_shape", {3, 3}), ints("strides", {3, 3}), whole("ceil_mode", 1), whole("count_include_pad", 1)});
    CHECK(answer(over, pixels)[7] == 31);
  }
  SECTION("zeros around an image belong to what reads them") {
    file net = of({1, 2, 4, 4});
    net.floats("w", {1, 2, 3, 3}, std::vector<float>(18, 1)).wholes("pads", {0, 0, 0, 0, 0, 0, 1, 1}).node("Pad", {"x", "pads"}, {"p"}).node("Conv", {"p", "w"}, {"y"}, {ints("strides", {2, 2})});
    const onnx_network read = net.read();
    REQUIRE(read.network.layers.size() == 1);
    CHECK(read.network.layers.items[0].pad_bottom() == 1);
    CHECK(read.network.layers.output_shape(0) == feature_shape{2, 2, 1});
    file computed = of({1, 2, 4, 4});  // as PyTorch writes F.pad of computed sides: last axis first, pairs turned around
    computed.floats("w", {1, 2, 3, 3}, std::vector<float>(18, 1)).wholes("given", {0, 1, 0, 1, 0, 0, 0, 0}).wholes("pairs", {-1, 2}).wholes("zero", {0}).wholes("back", {-1}).wholes("least", {-9223372036854775807}).wholes("all", {-1});
    computed.node("Reshape", {"given", "pairs"}, {"p"}).node("Slice", {"p", "back", "least", "zero", "back"}, {"s"}).node("Transpose", {"s"}, {"t"}).node("Reshape", {"t", "all"}, {"flat"}).node("Cast", {"flat"}, {"pads"}, {whole("to", 7)});
    computed.node("Pad", {"x", "pads"}, {"padded"}).node("Conv", {"padded", "w"}, {"y"}, {ints("strides", {2, 2})});
    CHECK(computed.read().network.layers.items == read.network.layers.items);
    file after = of({1, 2, 4, 4});
    after.wholes("pads", {0, 0, 0, 0, 0, 0, 1, 1}).node("Pad", {"x", "pads"}, {"p"}).node("Relu", {"p"}, {"y"});
    CHECK_THAT(after.refusal(), Catch::Contains("\"the_y\" (Relu)") && Catch::Contains("Pad"));
  }
  SECTION("shapes that the file computes, images of any side, and a flattened image's weights") {
    file net = of({-1, 2, -1, -1});
    net.wholes("first", {0}).wholes("zero", {0}).wholes("minus", {-1}).floats("w", {32, 1}, counted(32));
    net.node("Shape", {"x"}, {"s"}).node("Gather", {"s", "zero"}, {"n"}).node("Concat", {"n", "minus"}, {"to"}, {whole("axis", 0)}).node("Reshape", {"x", "to"}, {"f"}).node("MatMul", {"f", "w"}, {"y"});
    CHECK_THAT(net.refusal(), Catch::Contains("leaves the height and width of its images open"));
    const onnx_network read = net.read({.height = 4, .width = 4});
    float sum = 0;  // channels first there, last here
    for (int pixel = 0; pixel < 16; ++pixel)
      for (int c = 0; c < 2; ++c) sum += static_cast<float>((pixel * 2 + c) * (c * 16 + pixel));
    CHECK(answer(read.network, pixels)[0] == sum);
  }
  SECTION("images with their channels last") {
    file net = of({1, 4, 4, 2});
    net.floats("w", {1, 2, 1, 1}, {1, 10}).node("Transpose", {"x"}, {"t"}, {ints("perm", {0, 3, 1, 2})}).node("Conv", {"t", "w"}, {"c"}).node("Transpose", {"c"}, {"y"}, {ints("perm", {0, 2, 3, 1})});
    CHECK(answer(net, pixels)[1] == 2 + 30);
  }
  SECTION("a batch norm of any epsilon") {
    file net = of();
    net.floats("s", {2}, {1, 2}).floats("b", {2}, {0, 1}).floats("m", {2}, {1, 0}).floats("v", {2}, {4, 0});
    net.node("BatchNormalization", {"x", "s", "b", "m", "v"}, {"y"}, {real("epsilon", 2.5e-6f)});  // the rule has whole millionths
    CHECK(answer(net, pixels)[0] == Approx((0 - 1) / 2.0));
    CHECK(answer(net, pixels)[1] == Approx(2 * (1 - 0) / std::sqrt(2.5e-6) + 1));
  }
  SECTION("several outputs, their names, and other ones that are asked for") {
    file net = of();
    net.output("/head/out:0").node("Relu", {"x"}, {"y"}).node("Sigmoid", {"y"}, {"/head/out:0"}).node("Softmax", {"y"}, {"unread"});
    const onnx_network read = net.read();
    REQUIRE(read.network.layers.outputs.size() == 2);
    CHECK(read.network.layers.outputs[1].name == "output__head_out_0");
    CHECK(read.outputs[1] == "/head/out:0");
    CHECK(read.nodes == std::vector<std::string>{"the_y", "the_/head/out:0"});
    CHECK(net.read({.outputs = {"y"}}).network.layers.size() == 1);
    CHECK_THAT(net.refusal({.outputs = {"unread"}}), Catch::Contains("\"the_unread\" (Softmax)") && Catch::Contains("\"y\""));
    CHECK_THAT(net.refusal({.outputs = {"nothing"}}), Catch::Contains("makes no \"nothing\""));
  }
}

TEST_CASE("The files of both exporters of PyTorch answer as PyTorch does", "[onnx]") {
  // bench/onnx/networks.py --small FOLDER makes them; the image counts from -1 to 1.
  std::vector<float> image(16 * 16 * 3);
  for (std::size_t i = 0; i < image.size(); ++i) image[i] = -1 + 2 * static_cast<float>(i) / static_cast<float>(image.size() - 1);
  for (const char* name : {"pytorch_trace.onnx", "pytorch_export.onnx"}) {
    INFO(name);
    const onnx_network read = read_onnx(std::filesystem::path(HASSE_SOURCE_DIR) / "tests/onnx" / name);
    CHECK(read.input == "images");
    CHECK(read.outputs == std::vector<std::string>{"scores"});
    const std::vector<float> found = answer(read.network, image);
    const double expected[] = {-0.0923379436, 0.0072983950, 0.0858507529, 0.0159072317, 0.0161736365};
    REQUIRE(found.size() == 5);
    for (std::size_t i = 0; i < 5; ++i) CHECK(found[i] == Approx(expected[i]).margin(1e-6));
  }
}

TEST_CASE("What cannot be had is one sentence with node, operator and what to do", "[onnx]") {
  const auto of = [] { return file().input({1, 2, 8, 8}).output("y").floats("w", {4, 2, 3, 3}, std::vector<float>(72)).floats("wide", {4, 2, 1, 7}, std::vector<float>(56)); };
  CHECK_THAT(of().node("Conv", {"x", "w"}, {"y"}, {ints("dilations", {2, 2})}).refusal(), Catch::StartsWith("made.onnx: node \"the_y\" (Conv) has dilations 2x2") && Catch::Contains("; "));
  CHECK_THAT(of().node("Conv", {"x", "wide"}, {"y"}).refusal(), Catch::Contains("kernel_shape 1x7"));
  CHECK_THAT(of().node("Conv", {"x", "w"}, {"y"}, {ints("strides", {1, 2})}).refusal(), Catch::Contains("strides 1x2"));
  CHECK_THAT(of().node("Conv", {"x", "w"}, {"y"}, {ints("pads", {2, 2, 0, 0})}).refusal(), Catch::Contains("pads 2, 2, 0, 0"));
  CHECK_THAT(of().node("Conv", {"x", "x"}, {"y"}).refusal(), Catch::Contains("a constant is needed"));
  CHECK_THAT(of().node("Conv", {"x", "none"}, {"y"}).refusal(), Catch::Contains("nothing before it makes"));
  CHECK_THAT(of().node("Gelu", {"x"}, {"y"}).refusal(), Catch::Contains("(Gelu)") && Catch::Contains("no layer"));
  CHECK_THAT(of().node("Transpose", {"x"}, {"t"}, {ints("perm", {0, 2, 3, 1})}).node("Conv", {"t", "w"}, {"y"}).refusal(), Catch::Contains("(Conv)"));
  CHECK_THAT(of().node("Mul", {"x", "x"}, {"y"}).refusal(), Catch::Contains("one number for each channel"));
  CHECK_THAT(of().node("Relu", {"x"}, {"z"}).refusal(), Catch::Contains("makes no \"y\""));
  file old = of().node("Relu", {"x"}, {"y"});
  old.opset = 6;
  CHECK_THAT(old.refusal(), Catch::Contains("opset 6"));
  CHECK_THAT(of().port(11, "more", {1, 2}).node("Relu", {"x"}, {"y"}).refusal(), Catch::Contains("2 inputs"));
  // Sizes are compared with what is there, and never believed.
  CHECK_THAT(of().floats("huge", {1 << 20, 2, 3, 3}, {1}).node("Conv", {"x", "huge"}, {"y"}).refusal(), Catch::Contains("\"huge\" holds 4 bytes"));
  file grows = of();
  std::string last = "x";
  for (int i = 0; i < 40; ++i) grows.node("Concat", {last, last}, {"c" + std::to_string(i)}, {whole("axis", 1)}), last = "c" + std::to_string(i);
  CHECK_THAT(grows.node("Relu", {last}, {"y"}).refusal(), Catch::Contains("large"));
  const std::string whole_file = of().node("Conv", {"x", "w"}, {"y"}).bytes();
  for (std::size_t length = 0; length < whole_file.size(); length += 7) CHECK_THROWS_AS(parse_onnx_network(whole_file.substr(0, length), "cut"), file_error);
}

TEST_CASE("Weights may lie in a file beside the model, and nowhere else", "[onnx]") {
  const auto folder = std::filesystem::temp_directory_path() / ("hasse_onnx_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::vector<float> weights{9, 9, 1, 2, 3, 4};
  std::ofstream(folder / "weights.bin", std::ios::binary).write(reinterpret_cast<const char*>(weights.data()), 24);
  const auto with = [&](const std::string& location, int offset, int length) {
    const auto entry = [](std::string_view key, const std::string& value) { return protobuf_message().text(1, key).text(2, value); };
    file net = file().input({1, 2, 1, 1}).output("y");
    net.graph.message(5, protobuf_message().number(1, 2).number(1, 2).number(1, 1).number(1, 1).number(2, 1).text(8, "w").message(13, entry("location", location)).message(13, entry("offset", std::to_string(offset))).message(13, entry("length", std::to_string(length))).number(14, 1));
    const std::string bytes = net.node("Conv", {"x", "w"}, {"y"}).bytes();
    std::ofstream(folder / "model.onnx", std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return folder / "model.onnx";
  };
  CHECK(answer(read_onnx(with("weights.bin", 8, 16)).network, {1, 10}) == std::vector<float>{21, 43});
  CHECK_THROWS_WITH(read_onnx(with("weights.bin", 12, 16)), Catch::Contains("a file of 24"));
  CHECK_THROWS_WITH(read_onnx(with("weights.bin", 8, 12)), Catch::Contains("needs 16 bytes"));
  CHECK_THROWS_WITH(read_onnx(with("../weights.bin", 8, 16)), Catch::Contains("not beside the model"));
  CHECK_THROWS_WITH(read_onnx(with("none.bin", 8, 16)), Catch::Contains("none.bin"));
  std::filesystem::remove_all(folder);
}
