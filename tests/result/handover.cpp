// A found network leaves as a C++ header and as weights: the header is the one this test includes, the weights come back bit-equal.
#include <fstream>

#include <unistd.h>

#include <hasse/file/formats.hpp>
#include <hasse/file/json.hpp>
#include <hasse/kernel/reference.hpp>
#include <hasse/network/named.hpp>
#include <hasse/result/cpp_header.hpp>
#include <hasse/result/weights.hpp>

#include "../support/catch.hpp"
#include "found.hpp"
#include "found_narrow.hpp"

using namespace hasse;

namespace {
const found_network wanted{.name = "found_net",
                           .type = network_type("hasse::df_small", "[(16),(32),(64)]"),
                           .headers = {"hasse/space/spaces.hpp"},
                           .weights_file = "net.safetensors",
                           .facts = {"71.25 % on the validation images,\n0.1234 ms on this device"},
                           .scale = {{0.5f, 0.25f, 0}, {0.229f, 1, 1e-10f}}};
}  // namespace

TEST_CASE("the header is C++ that means the network") {
  CHECK(cpp_header_text(wanted) == read_file(HASSE_SOURCE_DIR "/tests/result/found.hpp"));
  STATIC_REQUIRE(found_net::out == feature_shape{1, 1, 10});
  CHECK(std::equal(std::begin(found_net_mean), std::end(found_net_mean), wanted.scale.mean.begin(), wanted.scale.mean.end()));
  CHECK(std::equal(std::begin(found_net_deviation), std::end(found_net_deviation), wanted.scale.deviation.begin(), wanted.scale.deviation.end()));
  CHECK_THAT(cpp_header_text({.type = "hasse::fixed_network<hasse::input<3, 8, 8>>", .headers = {"my_space.hpp"}}),
             ContainsSubstring("#include \"my_space.hpp\"") && ContainsSubstring("using net = hasse::fixed_network<hasse::input<3, 8, 8>>;"));
  CHECK_THROWS_AS(cpp_header_text({.name = "my net", .type = "int"}), error);
  CHECK_THROWS_AS(network_type("hasse::df_small", "[(16)\"; evil"), error);
  CHECK_THAT(cpp_header_text({.type = "int", .facts = {"ends in a backslash\\"}}), !ContainsSubstring("\\"));
  CHECK_THAT(cpp_header_text({.type = "int", .weights_file = "net.safetensors", .outputs = {"boxes", "scores"}}),
             ContainsSubstring("then ready.run() and read ready.output(0) (boxes), ready.output(1) (scores)\n") && ContainsSubstring("normalised as in training,\n"));
  const std::string classes = cpp_header_text({.type = "int", .classes = {"10", "a \"b\", c\\", "zwei\nZeilen", "\xc3\xa9", "\xff"}});
  CHECK_THAT(classes, ContainsSubstring("inline constexpr std::string_view net_classes[] = {\n    \"10\",\n    \"a \\042b\\042, c\\134\",\n"
                                        "    \"zwei\\012Zeilen\",\n    \"\xc3\xa9\",\n    \"\\377\",\n};\n"));
}

TEST_CASE("the header of a slimmed network is C++ that means the network") {
  const width_family family(named_network("resnet20"));
  const channel_configuration found = family.parse("0.5 0=5 1=11");
  CHECK(cpp_header_text({.name = "slim_net", .type = narrowed_type(published_type_text("resnet20"), found),
                         .headers = {"hasse/network/published.hpp"}, .facts = {"0.5 0=5 1=11"}}) ==
        read_file(HASSE_SOURCE_DIR "/tests/result/found_narrow.hpp"));
  STATIC_REQUIRE(slim_net::out == feature_shape{1, 1, 10});
  CHECK(slim_net::macs() == cost_of(family.layers_at(found)).macs);
  CHECK(layer_list{slim_net::layers.input, {slim_net::layers.begin(), slim_net::layers.end()}} == family.layers_at(found));
  CHECK_THROWS_WITH(narrowed_type("", found), ContainsSubstring("has no C++ type"));
  CHECK_THROWS_WITH(narrowed_type("hasse::resnet20", {{8, 0}}), ContainsSubstring("at least 1"));
}

TEST_CASE("weights come back for their own network only") {
  const auto path = std::filesystem::temp_directory_path() / ("hasse_weights_" + std::to_string(::getpid()));
  const layer_list layers{found_net::layers.input, {found_net::layers.begin(), found_net::layers.end()}};
  model network{"[(16),(32),(64)]", layers, parameters<float>(layers.items)};
  random_source random(1);
  initialise<float>(network.weights, layers.items, random);
  for (float& value : network.weights.statistics) value += 0.25f;
  write_weights(path, network, {{"seed", "1"}});

  const parameters<float> back = read_weights(path, found_net::layers);
  CHECK(back == network.weights);
  reference<float> backend;
  static_inference<found_net, reference<float>> ready(backend, back);
  std::fill(ready.input(), ready.input() + found_net::in.size(), 0.5f);
  ready.run();
  CHECK(std::isfinite(ready.output()[9]));

  using other = hasse::network<df_small, "[(16),(32),(128)]">;
  CHECK_THROWS_WITH(read_weights(path, other::layers), ContainsSubstring("check that it belongs to this network"));
  std::filesystem::remove(path);
}

TEST_CASE("a weights file is a network again without its type, and says what was changed") {
  const auto path = std::filesystem::temp_directory_path() / ("hasse_stored_" + std::to_string(::getpid()));
  layer_list layers = layer_list_of(found_net::layers);
  layers.outputs = {{"c1", 3}, {"scores", static_cast<value_id>(layers.size())}};
  model network{"[(16),(32),(64)]", layers, parameters<float>(layers.items)};
  random_source random(1);
  initialise<float>(network.weights, layers.items, random);
  const image_facts images{{"1", "10", "a, \"b\"", "zwei\nZeilen", "\xff"}, {{0.5f, 0.25f, 0.1f}, {1, 2, 3}}, {"folder:\xfe", "seed=7", "00"}};
  write_weights(path, network, metadata_of(images));
  const stored_network stored = read_network(path);
  CHECK(stored.network.name == network.name);
  CHECK(stored.network.layers == layers);
  CHECK(stored.network.weights == network.weights);
  const image_facts back = image_facts_of(stored.metadata, 3, "file");
  CHECK(back.classes == std::vector<std::string>{"1", "10", "a, \"b\"", "zwei\nZeilen", "\xef\xbf\xbd"});
  CHECK(back.scale.mean == images.scale.mean);
  CHECK(back.scale.deviation == images.scale.deviation);
  CHECK(class_difference(back.classes, images.classes).empty());

  const tensor_file whole = read_safetensors(path);
  const auto refused = [&](const char* sentence, auto change) {
    tensor_file file = whole;
    change(file);
    write_safetensors(path, file);
    CHECK_THROWS_WITH(read_network(path), ContainsSubstring(sentence));
  };
  const auto without_checksum = [](tensor_file& file) { file.metadata.erase("checksum"); };
  const auto train_on = [](tensor_file& file) { file.tensors[0].bytes[0] = static_cast<char>(file.tensors[0].bytes[0] ^ 1); };
  refused("\"checksum\" of its metadata is of other contents", train_on);
  CHECK(read_network(path, changed_weights::accepted).network.weights != network.weights);
  CHECK_THROWS_WITH(read_weights(path, found_net::layers), ContainsSubstring("save it without that entry"));
  CHECK(read_weights(path, found_net::layers, changed_weights::accepted) != network.weights);
  tensor_file remedy = read_safetensors(path);
  without_checksum(remedy);
  write_safetensors(path, remedy);
  CHECK(read_network(path).network.weights != network.weights);

  refused("does not say which layers it has", [](tensor_file& file) { file.metadata.clear(); });
  refused("as F16, and weights are read as F32", [&](tensor_file& file) {
    without_checksum(file);
    file.tensors[0].dtype = "F16", file.tensors[0].bytes.resize(file.tensors[0].bytes.size() / 2);
  });
  refused("holds the tensor \"optimizer.step\", which this network does not have", [&](tensor_file& file) {
    without_checksum(file);
    file.tensors.push_back(tensor_of<float>("optimizer.step", {1}, std::vector<float>{0}));
  });
  refused("lacks the tensor", [&](tensor_file& file) { without_checksum(file), file.tensors.pop_back(); });
  refused("is the checkpoint of a training", [](tensor_file& file) { file.metadata["format"] = detail::checkpoint_format; });
  refused("hasse_slim export", [](tensor_file& file) { file.metadata["format"] = detail::slimmable_format; });
  refused("numbers where its layers have", [&](tensor_file& file) {  // nothing is allocated for what layers only claim
    without_checksum(file);
    std::string& text = file.metadata["layers"];
    const std::string_view head = "\"kind\":\"linear\",\"output\":[10,1,1]";
    const std::size_t at = text.find(head);
    REQUIRE(at != text.npos);
    text.replace(at, head.size(), "\"kind\":\"linear\",\"output\":[1000000,1,1]");
  });
  std::filesystem::remove(path);
}

TEST_CASE("every published network survives as JSON, and a damaged one is refused with its layer") {
  for (const std::string_view name : published_names) {
    INFO(name);
    const layer_list layers = named_network(std::string(name));
    CHECK(parse_layers(json_text(layers_json(layers)), "file") == layers);
  }
  layer_list outputs = named_network("resnet20");
  for (const auto& [name, value] : {std::pair{"c3", 21}, {"c4", 44}, {"scores", static_cast<int>(outputs.size())}}) outputs.append_output(name, value);
  CHECK(parse_layers(json_text(layers_json(outputs)), "file") == outputs);
  CHECK(!layers_json(named_network("resnet20")).contains("outputs"));
  const json whole = layers_json(outputs);
  const auto refused = [&](const char* sentence, auto change) {
    json content = whole;
    change(content);
    CHECK_THROWS_WITH(parse_layers(json_text(content), "file"), ContainsSubstring("file: ") && ContainsSubstring(sentence));
  };
  refused("lacks \"input\"", [](json& it) { it.erase("input"); });
  refused("unknown kind \"conv\"", [](json& it) { it["layers"][0]["kind"] = "conv"; });
  refused("reads a value that is not computed before it", [](json& it) { it["layers"][3]["reads"] = {99}; });
  refused("layer 0 has an impossible shape", [](json& it) { it["layers"][0]["output"] = {16, -1, 32}; });
  refused("layer 0 cannot make its output", [](json& it) { it["layers"][0]["output"] = {16, 31, 32}; });
  refused("layer 0 has a number that no layer can have", [](json& it) { it["layers"][0]["stride"] = 0; });
  refused("more than 2^31 weights", [](json& it) {
    it["layers"][0]["kernel"] = 1023, it["layers"][0]["pads"] = {511, 511, 511, 511}, it["layers"][0]["output"] = {1 << 20, 32, 32};
  });
  refused("numbers that a batch_norm does not use", [](json& it) { it["layers"][1]["stride"] = 2; });
  refused("unknown key \"dilation\"", [](json& it) { it["layers"][0]["dilation"] = 2; });
  refused("describes no network", [](json& it) { it["layers"] = json::array(); });
  refused("must be a list of at most 20000", [](json& it) { it["layers"] = 3; });
  refused("\"outputs\" in the network must be a list", [](json& it) { it["outputs"] = 3; });
  refused("a list of outputs without one", [](json& it) { it["outputs"] = json::array(); });
  refused("lacks \"name\"", [](json& it) { it["outputs"][0].erase("name"); });
  refused("\"value\" in output 1 must be", [](json& it) { it["outputs"][1]["value"] = "c4"; });
  refused("unknown key \"shape\"", [](json& it) { it["outputs"][1]["shape"] = 3; });
  refused("output 1 is not an object", [](json& it) { it["outputs"][1] = 3; });
  refused("\"c3\" is value 21000 of a network that has values 0 to", [](json& it) { it["outputs"][0]["value"] = 21'000; });
  refused("the output \"c3\" stands for two values", [](json& it) { it["outputs"][1]["name"] = "c3"; });
  refused("nobody reads its value", [](json& it) { it["outputs"].erase(2); });
}

TEST_CASE("a set whose classes are not the network's is told from it in words") {
  const std::vector<std::string> known{"1", "10", "2", "20"};
  CHECK(class_difference(known, known).empty());
  CHECK_THAT(class_difference(known, {"1", "2", "10", "20"}),
             ContainsSubstring("in another order; output 1 (from 0) means \"10\", and label 1 of the set \"2\""));
  CHECK_THAT(class_difference(known, {"1", "10", "2"}), ContainsSubstring("has 3 classes where the network was trained on 4; it lacks \"20\""));
  CHECK_THAT(class_difference(known, {"0", "1", "2", "3"}),
             ContainsSubstring("but others; it lacks \"10\", \"20\"; the network does not know \"0\", \"3\"; output 0"));
  CHECK_THAT(class_difference({}, known), ContainsSubstring("and 1 more"));
}
