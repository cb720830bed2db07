// ONNX files are read back by a parser of this test and run by a plain NCHW interpreter: structure, names and numbers.
// Where Python's onnx (Debian: python3-onnx) and ONNX Runtime are installed, their checker and their numbers are asked as well.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <limits>
#include <set>

#include <unistd.h>

#include <hasse/kernel/reference.hpp>
#include <hasse/network/inference.hpp>
#include <hasse/onnx/read.hpp>
#include <hasse/result/detector_onnx.hpp>
#include <hasse/result/network_metadata.hpp>
#include <hasse/result/onnx.hpp>
#include <hasse/supernet/proxyless_space.hpp>
#include <hasse/task/detection/anchors.hpp>

#include "../support/catch.hpp"
#include "onnx_graph.hpp"

using namespace hasse;
using namespace onnx_test;

namespace {

model made(std::string name, feature_shape input, const std::function<void(layer_builder<layer_list>&)>& write) {
  model result{.name = std::move(name), .layers = {.input = input, .items = {}}, .weights = {}};
  layer_builder<layer_list> builder{result.layers};
  write(builder);
  result.weights = parameters<float>(result.layers.items);
  random_source random(7);
  initialise<float>(result.weights, result.layers.items, random);
  for (float& value : result.weights.statistics) value = static_cast<float>(0.5 + random.uniform());
  for (const parameter_tensor& tensor : result.weights.layout.trainable)
    if (tensor.role != parameter_role::weight)
      for (float& value : result.weights.of(tensor)) value = static_cast<float>(random.normal());
  return result;
}

/// Every layer kind, every activation, residuals in both places, odd sizes.
model everything() {
  return made("everything <&> \"quoted\"", {11, 9, 3}, [](layer_builder<layer_list>& b) {
    value_id x = b.batch_norm(0);
    x = b.conv_bn(x, 8, 3, 2, activation::relu, {});
    const value_id shortcut = x;
    x = b.conv_bn(x, 8, 3, 1, activation::relu6, {}, 8);
    x = b.batch_norm(b.convolution(x, 8, 1));
    x = b.activate(b.add(x, shortcut), activation::hard_swish);
    const value_id uneven = b.convolution(x, 8, 3, 2, -1, 1, true, padding::same);  // on 6x5: a zero more below than above
    const value_id deep = b.add(b.max_pool(x, 3, 2, 1), b.activate(uneven, activation::swish));
    x = b.resize(b.average_pool(deep, 3, 2, 1), b.shape_of(deep).h, b.shape_of(deep).w);
    x = b.activate(b.add(x, deep), activation::relu);
    const value_id small = b.activate(b.convolution(b.global_average_pool(x), 3, 1, 1, 0, 1, true), activation::relu);
    x = b.scale(x, b.activate(b.convolution(small, 8, 1, 1, 0, 1, true), activation::hard_sigmoid));
    x = b.scale(x, b.activate(b.linear(small, 8), activation::sigmoid));
    x = b.activate(x, activation::swish);
    x = b.activate(b.concat(x, b.convolution(x, 3, 1)), activation::relu);
    x = b.convolution(b.depth_to_space(b.pad_channels(x, 12), 2), 8, 3, 2);
    x = b.convolution(x, 12, 3, 1, 1, 4, true);
    x = b.activate(b.linear(x, 16), activation::hard_swish);
    x = b.add(x, b.activate(b.linear(x, 16, false), activation::relu6));
    const value_id flat = x;
    x = b.convolution(x, 16, 1);
    x = b.concat(b.add(x, flat), flat);
    b.linear(b.global_average_pool(x), 5);
  });
}

/// The outputs of a detector: two that layers read on (one in the middle of what would be folded), maps, rows, and the image itself.
model several() {
  return made("several", {9, 7, 3}, [](layer_builder<layer_list>& b) {
    b.output("seen", 0);
    const value_id raw = b.output("raw", b.convolution(0, 6, 3, 2));
    const value_id deep = b.output("c4", b.activate(b.batch_norm(raw), activation::relu));
    b.output("scores", b.linear(b.global_average_pool(deep), 5));
    const value_id sum = b.add(b.conv_bn(deep, 6, 3, 1, activation::none, {}), deep);
    b.output("boxes", b.convolution(b.activate(sum, activation::hard_swish), 4, 1, 1, 0, 1, true));
  });
}

/// All outputs of the network in one order: H, W, C.
std::vector<std::vector<float>> own_outputs(const model& of, const std::vector<float>& image) {
  reference<float> backend;
  inference_network<reference<float>> network(backend, of.layers, 1, of.weights);
  std::copy(image.begin(), image.end(), network.input());
  network.run();
  std::vector<std::vector<float>> all;
  for (int i = 0; i < network.output_count(); ++i) all.emplace_back(network.output(i), network.output(i) + network.output_shape(i).size());
  return all;
}
std::vector<float> own_logits(const model& of, const std::vector<float>& image) { return own_outputs(of, image).at(0); }

std::vector<float> random_image(feature_shape shape) {
  random_source random(3);
  std::vector<float> image(static_cast<std::size_t>(shape.size()));
  for (float& value : image) value = static_cast<float>(random.normal());
  return image;
}

tensor by_channel(feature_shape shape, const std::vector<float>& image) {
  tensor result{{1, shape.c, shape.h, shape.w}, std::vector<float>(image.size())};
  for (std::size_t i = 0; i < image.size(); ++i) {
    const std::size_t channels = static_cast<std::size_t>(shape.c), pixels = static_cast<std::size_t>(shape.pixels());
    result.data[i % channels * pixels + i / channels] = image[i];
  }
  return result;
}

double difference(const std::vector<float>& left, const std::vector<float>& right) {
  REQUIRE(left.size() == right.size());
  double worst = 0, largest = 0;
  for (std::size_t i = 0; i < left.size(); ++i) {
    worst = std::max(worst, std::abs(double(left[i]) - double(right[i])));
    largest = std::max(largest, std::abs(double(right[i])));
  }
  return worst / std::max(1.0, largest);
}

/// A detector of three classes: anchors on two maps, two and three a cell. Its weights are few numbers.
struct small_detector {
  static constexpr int classes = 3;
  model network;
  detector_decoding decoding;

  explicit small_detector(score_rule rule) {
    const int columns = classes + (rule == score_rule::softmax ? 1 : 0);
    random_source random(11);
    network = made("small detector", {12, 10, 3}, [&](layer_builder<layer_list>& b) {
      const value_id fine = b.activate(b.convolution(0, 6, 2, 2, 0), activation::relu);
      b.output("codes0", b.convolution(fine, 4 * 2, 1, 1, 0, 1, true));
      b.output("logits0", b.convolution(fine, 2 * columns, 1, 1, 0, 1, true));
      const value_id rough = b.activate(b.convolution(fine, 6, 2, 2, 0), activation::relu);
      b.output("codes1", b.convolution(rough, 4 * 3, 1, 1, 0, 1, true));
      b.output("logits1", b.convolution(rough, 3 * columns, 1, 1, 0, 1, true));
    });
    for (float& value : network.weights.values) value = static_cast<float>(static_cast<int>(random.below(5)) - 2) / 2;
    for (const int output : {1, 3})  // small logits: where scores are all but 1, floats do not tell them apart
      for (const parameter_role role : {parameter_role::weight, parameter_role::bias})
        for (float& value : network.weights.of(network.layers.output(output) - 1, role)) value /= 8;
    const feature_shape maps[] = {network.layers.output_shape(0), network.layers.output_shape(2)};
    decoding = {.anchors = anchors_of(anchor_plan_of("0.3:1 0.3:2 | 0.6:1 0.5:2 0.5:0.5"), network.layers.input, maps),
                .classes = classes,
                .scores = rule,
                .suppression = {.score = rule == score_rule::softmax ? 0.3 : 0.5, .overlap = 0.55, .before = 1'000'000, .of_class = 7, .in_all = 15}};
  }
  /// Mostly one colour, so that many cells answer alike; where scores are shares of a sum, they would be so but for rounding.
  std::vector<float> image(random_source& random) const {
    std::vector<float> image(12 * 10 * 3);
    for (float& value : image)
      value = decoding.scores == score_rule::softmax ? static_cast<float>(random.normal()) : random.below(12) > 0 ? 0.5f : static_cast<float>(static_cast<int>(random.below(3)) - 1) / 2;
    return image;
  }
  /// As hasse finds them, boxes as shares of the input's sides.
  struct objects {
    std::vector<float> boxes, scores, kinds;
  };
  objects found(const std::vector<std::vector<float>>& outputs) const {
    std::vector<tensor_batch<const float>> found;
    for (std::size_t i = 0; i < outputs.size(); ++i) found.push_back({outputs[i].data(), 1, network.layers.output_shape(static_cast<int>(i))});
    std::vector<detected_object> list;
    object_finder(decoding.anchors, network.layers.input, classes, decoding.scores, decoding.suppression).find<float>(found, 0, list);
    objects result;
    for (const detected_object& each : list) {
      for (const double side : {each.place.y0 / 12, each.place.x0 / 10, each.place.y1 / 12, each.place.x1 / 10}) result.boxes.push_back(static_cast<float>(side));
      result.scores.push_back(static_cast<float>(each.score)), result.kinds.push_back(static_cast<float>(each.kind));
    }
    return result;
  }
};

std::vector<float> joined(const std::vector<std::vector<float>>& outputs, std::size_t first) {
  std::vector<float> all;
  for (std::size_t i = first; i < outputs.size(); i += 2) all.insert(all.end(), outputs[i].begin(), outputs[i].end());
  return all;
}

}  // namespace

TEST_CASE("an ONNX file computes what the network computes") {
  const model spatial = made("linear over pixels", {3, 5, 4}, [](layer_builder<layer_list>& b) { b.linear(b.conv_bn(0, 6, 3, 1, activation::relu, {}), 7); });
  const model features = made("features", {6, 6, 3}, [](layer_builder<layer_list>& b) { b.resize(b.conv_bn(0, 4, 3, 2, activation::relu, {}), 7, 5); });
  const model dense = made("what decoders are made of", {7, 6, 3}, [](layer_builder<layer_list>& b) {
    const value_id coarse = b.conv_bn(0, 4, 3, 2, activation::relu, {});
    const value_id even = b.corner_resize(b.adaptive_average_pool(b.upsample(coarse, 2), 4, 2), 7, 5);
    const value_id odd = b.corner_resize(b.adaptive_average_pool(b.upsample(coarse, 3), 5, 4), 7, 5);
    b.linear(b.average_pool_rounding_up(b.concat(even, odd), 3), 5);
  });
  for (const model& of : {everything(), spatial, dense}) {
    const auto image = random_image(of.layers.input);
    for (const bool symbolic : {false, true})
      CHECK(difference(run(parse(onnx_bytes(of, {.symbolic_batch = symbolic})), by_channel(of.layers.input, image)), own_logits(of, image)) < 1e-5);
  }
  const auto image = random_image(features.layers.input);
  const auto map = run(parse(onnx_bytes(features)), by_channel(features.layers.input, image));
  CHECK(difference(map, by_channel({7, 5, 4}, own_logits(features, image)).data) < 1e-5);
}

TEST_CASE("an ONNX file reads pixels as they come and normalises them inside") {
  const model of = everything();
  const feature_shape shape = of.layers.input;
  const normalisation scale{{0.5f, 0.25f, 0.1f}, {0.2f, 0.3f, 0.05f}};
  const image_facts facts{.classes = {"a", "b"}, .scale = scale, .origin = {}};
  random_source random(5);
  std::vector<std::uint8_t> bytes(static_cast<std::size_t>(shape.size()));
  for (std::uint8_t& each : bytes) each = static_cast<std::uint8_t>(random.below(256));
  const auto scaled_by = [&](const normalisation& by) {
    std::vector<float> values(bytes.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) values[i] = (static_cast<float>(bytes[i]) / 255 - by.mean[i % 3]) / by.deviation[i % 3];
    return values;
  };
  const std::vector<float> wanted = own_logits(of, scaled_by(scale));
  for (const pixel_form form : pixel_forms) {
    CAPTURE(to_text(form));
    const std::string file = onnx_bytes(of, {.symbolic_batch = true, .pixels = form, .metadata = metadata_of(facts)});
    const graph parsed = parse(file);
    CHECK(parsed.ports.at("images") == (form == pixel_form::bytes ? std::vector<std::int64_t>{-1, shape.h, shape.w, 3} : std::vector<std::int64_t>{-1, 3, shape.h, shape.w}));
    const image_facts said = image_facts_of(parsed.metadata, 3, "the file");
    CHECK(said.pixels == form);
    // What a file is fed with: as it says, and as one who evaluates it has it from `fed`.
    std::vector<float> fed = scaled_by(said.fed());
    if (form == pixel_form::bytes) CHECK(difference(fed, {bytes.begin(), bytes.end()}) < 1e-6);
    if (form == pixel_form::unit) CHECK(*std::max_element(fed.begin(), fed.end()) == 1);
    if (form == pixel_form::normalised) CHECK(fed == scaled_by(scale));
    const tensor images = form == pixel_form::bytes ? tensor{{1, shape.h, shape.w, 3}, fed} : by_channel(shape, fed);
    CHECK(difference(run(parsed, images), wanted) < 1e-5);
    // Read again it is a network that reads the same pixels.
    const onnx_network again = parse_onnx_network(file, "again");
    CHECK(again.network.layers.input == shape);
    CHECK(difference(own_logits(again.network, fed), wanted) < 1e-5);
  }
  CHECK_THROWS_WITH(onnx_bytes(of, {.pixels = pixel_form::unit}), ContainsSubstring("needs the mean and deviation to do it by; give them as metadata"));
  CHECK_THROWS_WITH(parse_pixel_form("bgr", "--pixels"), ContainsSubstring("--pixels \"bgr\" is not known; choose unit"));
  network_metadata odd = metadata_of(facts);
  odd["pixels"] = "bgr";
  CHECK_THROWS_WITH(image_facts_of(odd, 3, "net.onnx"), ContainsSubstring("net.onnx reads pixels that are called \"bgr\""));
}

TEST_CASE("an ONNX file says what it is") {
  const model of = everything();
  const graph parsed = parse(onnx_bytes(of, {.symbolic_batch = true, .metadata = {{"seed", "7"}, {"mean", "0.5,0.25,0.100000001"}, {"deviation", "1,2,3"}}}));
  CHECK(parsed.ir == 7);
  CHECK(parsed.opset == 13);
  CHECK(parsed.name == of.name);
  CHECK(parsed.metadata == std::map<std::string, std::string>{
                               {"architecture", of.name}, {"seed", "7"}, {"mean", "0.5,0.25,0.100000001"}, {"deviation", "1,2,3"}});
  CHECK(parsed.ports.at("images") == std::vector<std::int64_t>{-1, 3, 11, 9});
  CHECK(parsed.ports.at("logits") == std::vector<std::int64_t>{-1, 5});
  CHECK(parsed.batch == "N");
  CHECK(parse(onnx_bytes(of)).ports.at("images") == std::vector<std::int64_t>{1, 3, 11, 9});
  std::set<std::string> names;
  for (const node& step : parsed.nodes) {
    CHECK(names.insert(step.name).second);
    CHECK(step.kind != "BatchNormalization");
    CHECK(step.kind != "HardSwish");
  }
  CHECK(parsed.initializers.contains("001.convolution.weight"));
  CHECK(onnx_bytes(of) == onnx_bytes(of));
  CHECK_THROWS_AS(onnx_bytes(model{.name = "nothing", .layers = {}, .weights = {}}), error);
  model diverged = of;
  diverged.weights.of(1, parameter_role::weight)[2] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_WITH(onnx_bytes(diverged), ContainsSubstring("the parameters hold nan in 001.convolution.weight"));
}

TEST_CASE("an ONNX file can answer with the class of every pixel", "[onnx]") {
  const model of = made("features", {6, 6, 3}, [](layer_builder<layer_list>& b) { b.upsample(b.conv_bn(0, 4, 3, 2, activation::relu, {}), 2); });
  for (const bool symbolic : {false, true}) {
    const graph parsed = parse(onnx_bytes(of, {.symbolic_batch = symbolic, .class_map = true}));
    CHECK(parsed.outputs == std::vector<std::string>{"labels"});
    CHECK(parsed.ports.at("labels") == std::vector<std::int64_t>{symbolic ? -1 : 1, 6, 6});
    REQUIRE(parsed.nodes.back().kind == "ArgMax");
    CHECK(parsed.nodes.back().attributes.at("axis").whole == 1);
    CHECK(parsed.nodes.back().attributes.at("keepdims").whole == 0);
  }
  CHECK_THROWS_WITH(onnx_bytes(everything(), {.class_map = true}), Catch::Matchers::Contains("does not answer with one map of scores"));
  CHECK_THROWS_WITH(onnx_bytes(several(), {.class_map = true}), Catch::Matchers::Contains("does not answer with one map of scores"));
}

TEST_CASE("an ONNX file has every output under its name", "[onnx]") {
  const model of = several();
  const auto image = random_image(of.layers.input);
  const auto own = own_outputs(of, image);
  for (const bool symbolic : {false, true}) {
    const graph parsed = parse(onnx_bytes(of, {.symbolic_batch = symbolic}));
    CHECK(parsed.outputs == std::vector<std::string>{"seen", "raw", "c4", "scores", "boxes"});
    CHECK(!parsed.ports.contains("logits"));
    const std::int64_t batch = symbolic ? -1 : 1;
    CHECK(parsed.ports.at("raw") == std::vector<std::int64_t>{batch, 6, 5, 4});
    CHECK(parsed.ports.at("scores") == std::vector<std::int64_t>{batch, 5});
    for (int i = 0; i < of.layers.output_count(); ++i) {
      INFO(of.layers.output_name(i));
      const auto found = run(parsed, by_channel(of.layers.input, image), std::string(of.layers.output_name(i)));
      CHECK(difference(found, by_channel(of.layers.output_shape(i), own[static_cast<std::size_t>(i)]).data) < 1e-5);
    }
  }
  model unlucky = of;
  unlucky.layers.outputs[1].name = "images";
  CHECK_THROWS_WITH(onnx_bytes(unlucky), Catch::Matchers::Contains("is called \"images\", as the input of an ONNX file is"));
  unlucky.layers.outputs[1].name = "c4";
  CHECK_THROWS_WITH(onnx_bytes(unlucky), Catch::Matchers::Contains("stands for two values"));
  model one = everything();
  one.layers.append_output("answers", static_cast<value_id>(one.layers.size()));
  CHECK(parse(onnx_bytes(one)).outputs == std::vector<std::string>{"answers"});
}

TEST_CASE("a detector's ONNX files answer with all maps joined, or with the objects that hasse finds", "[onnx]") {
  for (const score_rule rule : {score_rule::sigmoid, score_rule::softmax}) {
    const small_detector of(rule);
    const auto anchors = static_cast<std::int64_t>(of.decoding.anchors.size());
    const std::int64_t columns = small_detector::classes + (rule == score_rule::softmax ? 1 : 0);
    const graph raw = parse(raw_detector_onnx(of.network)), any = parse(raw_detector_onnx(of.network, {.symbolic_batch = true})),
                decoded = parse(decoded_detector_onnx(of.network, of.decoding, {.metadata = {{"seed", "7"}}}));
    CHECK(raw.outputs == std::vector<std::string>{"codes", "logits"});
    CHECK(raw.ports.at("codes") == std::vector<std::int64_t>{1, anchors, 4});
    CHECK(any.ports.at("logits") == std::vector<std::int64_t>{-1, anchors, columns});
    CHECK(decoded.outputs == std::vector<std::string>{"boxes", "scores", "classes"});
    CHECK(decoded.ports.at("boxes") == std::vector<std::int64_t>{-1, 4});
    CHECK(decoded.types.at("boxes") == 1);
    CHECK(decoded.types.at("classes") == 7);
    CHECK(decoded.metadata.at("seed") == "7");
    random_source random(5);
    std::size_t objects = 0, ties = 0;
    for (int trial = 0; trial < 40; ++trial) {
      const auto image = of.image(random);
      const tensor seen = by_channel(of.network.layers.input, image);
      const auto own = own_outputs(of.network, image);
      for (const graph* each : {&raw, &any}) {
        REQUIRE(difference(run(*each, seen, "codes"), joined(own, 0)) < 1e-5);
        REQUIRE(difference(run(*each, seen, "logits"), joined(own, 1)) < 1e-5);
      }
      const small_detector::objects wanted = of.found(own);
      const auto found = run_all(decoded, seen);
      const std::vector<std::int64_t>& kinds = found.at("classes").wholes;
      REQUIRE(std::vector<float>(kinds.begin(), kinds.end()) == wanted.kinds);
      REQUIRE(difference(found.at("scores").data, wanted.scores) < 1e-6);
      REQUIRE(difference(found.at("boxes").data, wanted.boxes) < 1e-6);
      objects += wanted.kinds.size();
      for (std::size_t i = 1; i < wanted.scores.size(); ++i) ties += wanted.scores[i] == wanted.scores[i - 1];
    }
    CHECK(objects > 200);
    CHECK((ties > 20) == (rule == score_rule::sigmoid));
  }
}

TEST_CASE("what is no detector is not exported as one", "[onnx]") {
  const small_detector of(score_rule::sigmoid);
  CHECK_THROWS_WITH(raw_detector_onnx(several()), ContainsSubstring("are not those of a detector"));
  CHECK_THROWS_WITH(raw_detector_onnx(everything()), ContainsSubstring("are not those of a detector"));
  CHECK_THROWS_WITH(decoded_detector_onnx(of.network, of.decoding, {.symbolic_batch = true}), ContainsSubstring("leave symbolic_batch out"));
  detector_decoding other = of.decoding;
  other.classes = 5;
  CHECK_THROWS_WITH(decoded_detector_onnx(of.network, other), ContainsSubstring("3 numbers per anchor and is to be decoded to 5 classes"));
  other.anchors.pop_back();
  CHECK_THROWS_WITH(decoded_detector_onnx(of.network, other), ContainsSubstring("give the anchors that it was made for"));
  const json said = anchors_json(of.decoding, of.network.layers.input);
  REQUIRE(said["anchors"].size() == of.decoding.anchors.size());
  const box& first = of.decoding.anchors[0];
  CHECK(said["anchors"][0] == json({(first.y0 + first.y1) / 2, (first.x0 + first.x1) / 2, first.height(), first.width()}));
}

TEST_CASE("blocks that a search left out are not in an ONNX file") {
  const gated_list list = gated_list_of(proxyless_cifar_tiny());
  const auto exported = [&](const char* choice) {
    model of{choice, list.path(list.parse(choice)), {}};
    of.weights = parameters<float>(of.layers);
    return parse(onnx_bytes(of));
  };
  const auto count = [](const graph& of, const std::string& kind) {
    return std::count_if(of.nodes.begin(), of.nodes.end(), [&](const node& each) { return each.kind == kind; });
  };
  const graph whole = exported("k3e3 k5e6 | k3e3 k5e6 | k3e3 k5e6"), less = exported("k3e3 zero | k3e3 k5e6 | k3e3 zero"),
              least = exported("k3e3 zero | k3e3 zero | k3e3 zero");
  CHECK(count(least, "Conv") == 1 + 2 + 3 * 3 + 1);  // stem, first block, three blocks, the layer before the average
  CHECK(count(less, "Conv") == count(least, "Conv") + 3);
  CHECK(count(whole, "Conv") == count(least, "Conv") + 9);
  CHECK(count(whole, "Add") == count(least, "Add") + 3);
  CHECK(count(whole, "Identity") == count(least, "Identity"));  // nothing stands in their place
}

TEST_CASE("Python's checker accepts ONNX files and ONNX Runtime agrees, where they are installed") {
  const std::string folder = std::filesystem::temp_directory_path() / ("hasse_onnx_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const auto raw = [&](const std::string& name, const std::vector<float>& values) {
    std::ofstream(folder + "/" + name, std::ios::binary).write(reinterpret_cast<const char*>(values.data()), static_cast<std::streamsize>(values.size() * 4));
  };
  // Debian's interpreter first: another one that is earlier in the path rarely has the package.
  const char* chosen = std::getenv("HASSE_PYTHON");
  const std::string python = chosen ? chosen : std::filesystem::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";
  const auto check = [&](const std::string& answers) {
    const int status = std::system((python + " " HASSE_SOURCE_DIR "/tests/result/check_onnx.py " + folder + "/net.onnx " + folder + "/image" + answers).c_str());
    if (status >> 8 == 77) WARN("onnx is not installed for " << python << "; its checker was not asked");
    else CHECK(status == 0);
  };
  for (const model& of : {everything(), several()})
    for (const bool symbolic : {false, true}) {
      const auto image = random_image(of.layers.input);
      raw("image", by_channel(of.layers.input, image).data);
      std::string answers;
      const auto own = own_outputs(of, image);
      for (int i = 0; i < of.layers.output_count(); ++i) {
        answers += " " + folder + "/answer" + std::to_string(i);
        raw("answer" + std::to_string(i), by_channel(of.layers.output_shape(i), own[static_cast<std::size_t>(i)]).data);
      }
      write_onnx(folder + "/net.onnx", of, {.symbolic_batch = symbolic});
      check(answers);
    }
  const auto append = [](std::vector<float>& all, const std::vector<float>& more) { all.insert(all.end(), more.begin(), more.end()); };
  for (const score_rule rule : {score_rule::sigmoid, score_rule::softmax}) {
    const small_detector of(rule);
    random_source random(6);
    std::vector<float> images, codes, logits;
    small_detector::objects objects;
    for (int i = 0; i < 500; ++i) {
      const auto image = of.image(random);
      const auto own = own_outputs(of.network, image);
      const small_detector::objects found = of.found(own);
      append(images, by_channel(of.network.layers.input, image).data), append(codes, joined(own, 0)), append(logits, joined(own, 1));
      append(objects.boxes, found.boxes), append(objects.scores, found.scores), append(objects.kinds, found.kinds);
    }
    raw("image", images), raw("codes", codes), raw("logits", logits);
    raw("boxes", objects.boxes), raw("scores", objects.scores), raw("kinds", objects.kinds);
    replace_file(folder + "/net.onnx", raw_detector_onnx(of.network));
    check(" " + folder + "/codes " + folder + "/logits");
    replace_file(folder + "/net.onnx", decoded_detector_onnx(of.network, of.decoding));
    check(" " + folder + "/boxes " + folder + "/scores " + folder + "/kinds");
    if (rule == score_rule::softmax) continue;
    detector_decoding none = of.decoding;  // pictures in which nothing is found
    none.suppression.score = 0.99999;
    CHECK(run_all(parse(decoded_detector_onnx(of.network, none)), by_channel(of.network.layers.input, of.image(random))).at("boxes").data.empty());
    raw("boxes", {}), raw("scores", {}), raw("kinds", {});
    replace_file(folder + "/net.onnx", decoded_detector_onnx(of.network, none));
    check(" " + folder + "/boxes " + folder + "/scores " + folder + "/kinds");
  }
  std::filesystem::remove_all(folder);
}
