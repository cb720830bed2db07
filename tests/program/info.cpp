// program/info.hpp: names, counts, other inputs, and what it refuses.
#include <algorithm>
#include <cstdlib>

#include <hasse/catalogue/shard.hpp>
#include <hasse/program/info.hpp>

#include "../latency/fake_device.hpp"
#include "../support/catch.hpp"

using namespace hasse;

namespace {
struct spoken {
  int code = 0;
  std::string out, problems;
};

spoken run(std::vector<const char*> arguments, const char* called = "hasse_info") {
  arguments.insert(arguments.begin(), called);
  char *out = nullptr, *problems = nullptr;
  std::size_t out_size = 0, problems_size = 0;
  std::FILE *out_stream = ::open_memstream(&out, &out_size), *problem_stream = ::open_memstream(&problems, &problems_size);
  spoken result{
      .code = info(static_cast<int>(arguments.size()), arguments.data(), out_stream, problem_stream), .out = {}, .problems = {}};
  std::fclose(out_stream), std::fclose(problem_stream);
  result.out.assign(out, out_size), result.problems.assign(problems, problems_size);
  std::free(out), std::free(problems);
  return result;
}
}  // namespace

TEST_CASE("a program calls itself as its file is called", "[info]") {
  CHECK_THAT(run({"--help"}, "/usr/bin/mine").out, ContainsSubstring("mine [OPTIONS]") && !ContainsSubstring("hasse_info [OPTIONS]"));
  CHECK_THAT(run({"none"}, "./mine").problems, Catch::Matchers::StartsWith("mine: there is no network"));
  CHECK_THAT(run({"none"}, "").problems, Catch::Matchers::StartsWith("hasse_info: "));
}

TEST_CASE("a network has other classes, and a code alone is one of df-small", "[info]") {
  const json found = parse_json(run({"[(16),(16),(32)]", "--json", "--classes", "37", "--input", "1x28x28"}).out, "the output");
  CHECK(found.at("name").get<std::string>() == "df-small:[(16),(16),(32)]");
  CHECK(json_text(found.at("output")) == "[37,1,1]");
  CHECK(json_text(found.at("input")) == "[1,28,28]");
  CHECK(json_text(parse_json(run({"resnet18", "--json", "--classes", "5"}).out, "the output").at("output")) == "[5,1,1]");
  CHECK_THAT(run({"ssdlite_mobiledet_cpu", "--classes", "5"}).problems, ContainsSubstring("does not end in a linear layer or a convolution"));
}

TEST_CASE("an ONNX file is a network, too", "[info]") {
  const std::string path = std::string(HASSE_SOURCE_DIR) + "/tests/onnx/pytorch_trace.onnx";
  const spoken said = run({path.c_str()});
  CHECK(said.code == 0);
  CHECK_THAT(said.out, Catch::Contains("input 3x16x16") && Catch::Contains("output scores: value 24, 5x1x1") && Catch::Contains("34,880"));
  CHECK_THAT(run({path.c_str(), "--input", "1x16x16"}).problems, Catch::Contains("reads 3 channels"));
  CHECK_THAT(run({path.c_str(), "--input", "3x32x32"}).problems, Catch::Contains("(Gemm)"));
  CHECK_THAT(run({path.c_str(), "--width", "0.5"}).problems, Catch::Contains("leave out --width"));
  CHECK_THAT(run({"none.onnx"}).problems, Catch::Contains("none.onnx") && Catch::Contains("cannot be read"));
}

TEST_CASE("what a device takes for each part is measured where it is asked for", "[info]") {
  const std::string path = std::string(HASSE_SOURCE_DIR) + "/tests/onnx/pytorch_trace.onnx";
  const spoken said = run({path.c_str(), "--device", "cpu"});
  CHECK(said.code == 0);
  CHECK_THAT(said.out, Catch::Contains("1 thread(s), oneDNN") && Catch::Contains("part, and what ran") && Catch::Contains("convolution 3x3"));
  const json told = parse_json(run({path.c_str(), "--device", "cpu", "--json"}).out, "hasse_info");
  CHECK(told.at("measured").at("parts").size() > 5);
  double sum = 0;
  for (const json& part : told.at("measured").at("parts")) sum += part.at("milliseconds").get<double>();
  CHECK(sum > 0);
  CHECK(told.at("measured").at("milliseconds").get<double>() > 0);
  CHECK_FALSE(parse_json(run({path.c_str(), "--json"}).out, "hasse_info").contains("measured"));
  CHECK_THAT(run({path.c_str(), "--device", "command:time {onnx}"}).problems, Catch::Contains("runs layers itself; use --device cpu or cuda"));
  CHECK_THAT(run({path.c_str(), "--device", "gpu"}).problems, Catch::Contains("there is no device"));
}

TEST_CASE("published networks have their published counts", "[info]") {
  struct row {
    const char* name;
    std::int64_t macs, parameters;
    int side = 224;
  };
  const row rows[] = {{"df1", 746'729'472, 8'533'128},
                      {"df2", 1'774'333'952, 17'987'208},
                      {"df2a", 1'916'141'568, 19'151'240},
                      {"resnet18", 1'814'073'344, 11'689'512},
                      {"resnet34", 3'663'761'408, 21'797'672},
                      {"resnet50", 4'089'184'256, 25'557'032},
                      {"mobilenet_v1", 568'740'352, 4'231'976},
                      {"mobilenet_v2", 300'774'272, 3'504'872},
                      {"mnasnet_a1", 311'579'072, 3'887'038},
                      {"mobilenet_v3_large", 216'589'760, 5'483'032},
                      {"efficientnet_b0", 385'814'752, 5'288'548},
                      {"proxyless_mobile", 320'427'584, 4'080'512},
                      {"proxyless_mobile_14", 580'883'408, 6'857'568},
                      {"proxyless_gpu", 465'260'160, 7'119'848},
                      {"proxyless_cpu", 439'243'864, 4'361'648},
                      {"mobiledet_cpu", 408'006'272, 3'006'440, 320},
                      {"mobiledet_edgetpu", 1'473'795'200, 2'777'040, 320},
                      {"mobiledet_dsp", 2'763'353'600, 5'839'952, 320},
                      {"mobiledet_gpu", 5'009'920'000, 11'689'920, 320},
                      {"ssdlite_mobiledet_cpu", 444'227'776, 4'165'055, 320},
                      {"ssdlite_mobiledet_edgetpu", 1'533'181'504, 4'146'543, 320},
                      {"ssdlite_mobiledet_dsp", 2'816'403'904, 7'102'079, 320},
                      {"ssdlite_mobiledet_gpu", 5'073'184'704, 13'069'247, 320},
                      {"resnet20", 40'813'184, 272'474, 32},
                      {"resnet18_cifar", 555'422'720, 11'173'962, 32},
                      {"mobilenet_v2_cifar", 87'976'448, 2'236'682, 32}};
  REQUIRE(std::size(rows) == published_names.size());
  for (const row& each : rows) {
    const spoken said = run({each.name, "--json"});
    REQUIRE(said.code == 0);
    const json found = parse_json(said.out, "the output");
    CHECK(found.at("name") == each.name);
    CHECK(found.at("macs") == each.macs);
    CHECK(found.at("parameters") == each.parameters);
    CHECK(found.at("input") == json{3, each.side, each.side});
    CHECK(found.at("activation_bytes").get<std::int64_t>() > 0);
    CHECK(found.at("weight_bytes").get<std::int64_t>() > 0);
    std::int64_t macs = 0, parameters = 0;
    for (const json& layer : found.at("layers"))
      macs += layer.at("macs").get<std::int64_t>(), parameters += layer.at("parameters").get<std::int64_t>();
    CHECK(macs == each.macs);
    CHECK(parameters == each.parameters);
  }
}

TEST_CASE("an architecture of a shipped space is a network", "[info]") {
  const json by_name = info_json(facts_of("df1")),
             by_code = info_json(facts_of("df:[(64,64,64), (128,128,128), (256,256,256,512)]"));
  CHECK(by_code.at("name") == "df:[(64,64,64),(128,128,128),(256,256,256,512)]");
  CHECK(by_code.at("layers") == by_name.at("layers"));
  const auto choice = parse<df_small>("[(32),(64),(64,128)]");
  const json small = info_json(facts_of("df-small:[(32),(64),(64,128)]"));
  CHECK(small.at("macs") == macs(choice));
  CHECK(small.at("parameters") == parameter_count(choice));
}

TEST_CASE("another input changes shapes and nothing that training learns", "[info]") {
  const layer_list own = find_network("df2a").layers;
  CHECK(named_network("df2a", {.input = own.input}) == own);
  const json small = parse_json(run({"df2a", "--json", "--input", "3x192x160"}).out, "the output");
  CHECK(small.at("input") == json{3, 192, 160});
  CHECK(small.at("parameters") == 19'151'240);
  const layer_list odd = named_network("df1", {.input = {225, 223, 3}});
  CHECK(odd.items.front().out == feature_shape{113, 112, 32});
  CHECK(cost_of(named_network("df1", {.input = {448, 448, 3}})).macs == 4 * (std::int64_t{746'729'472} - 512'000) + 512'000);
  CHECK(find_network("df-small:[(32),(64),(64,128)]", {.input = {64, 64, 3}}).layers.items.back().in == feature_shape{1, 1, 128});
}

TEST_CASE("outputs are listed where they have names", "[info]") {
  network_facts facts = facts_of("resnet20");
  CHECK(!info_json(facts).contains("outputs"));
  CHECK_THAT(info_table(facts), !ContainsSubstring("output c3"));
  facts.layers.outputs = {{"c3", 21}, {"scores", static_cast<value_id>(facts.layers.size())}};
  CHECK(info_json(facts).at("outputs").at(0) == json{{"name", "c3"}, {"value", 21}, {"shape", {16, 32, 32}}});
  CHECK_THAT(info_table(facts), ContainsSubstring("output c3: value 21, 16x32x32\noutput scores: value "));
}

TEST_CASE("run-time lists and types are the same networks", "[info]") {
  const auto same = []<class Net>(const char* name, std::type_identity<Net>) {
    const layer_list found = named_network(name);
    CHECK(found == layer_list{.input = Net::in, .items = {Net::layers.begin(), Net::layers.end()}});
  };
  same("df1", std::type_identity<df1>{});
  same("df2a", std::type_identity<df2a>{});
  same("mobilenet_v3_large", std::type_identity<mobilenet_v3_large>{});
  same("mobiledet_dsp", std::type_identity<mobiledet_dsp>{});
  same("resnet20", std::type_identity<resnet20>{});
  CHECK(named_network("mobilenet_v2", {.width = 750}) ==
        layer_list{.input = {224, 224, 3}, .items = {mobilenet_v2<750>::layers.begin(), mobilenet_v2<750>::layers.end()}});
  const auto choice = parse<df_small>("[(16,32),(32),(64,128)]");
  CHECK(layers_of(choice, df_small::image) == layers_of(choice));
}

TEST_CASE("the MobileNets have widths", "[info]") {
  const json half = parse_json(run({"mobilenet_v2", "--json", "--width", "0.5"}).out, "the output");
  CHECK(half.at("macs") == 97'131'840);
  CHECK(half.at("parameters") == 1'968'680);
  CHECK(parse_json(run({"mobilenet_v1", "--json", "--width", "0.25", "--input", "3x128x128"}).out, "the output").at("parameters") ==
        470'072);
  CHECK(run({"mobilenet_v3_large", "--width", "1"}).out == run({"mobilenet_v3_large"}).out);
}

TEST_CASE("a latency table of the space says how long an architecture takes", "[info]") {
  const hasse::testing::temporary_folder folder;
  const std::string path = (folder / "latency.json").string();
  hasse::testing::fake_device device;
  const auto table = latency_table<df_small>::load_or_measure(path, device, hasse::testing::quick);
  const std::string code = "[(32),(64),(64,128)]", name = "df-small:" + code;
  const double expected = to_milliseconds(table.estimate(parse<df_small>(code)));
  CHECK(parse_json(run({name.c_str(), "--json", "--table", path.c_str()}).out, "the output").at("latency").at("milliseconds") ==
        expected);
  CHECK_THAT(run({name.c_str(), "--table", path.c_str()}).out, ContainsSubstring("latency: "));
  const auto refused = [&](std::vector<const char*> arguments, const std::string& part) {
    const spoken said = run(std::move(arguments));
    CHECK(said.code == 2);
    CHECK_THAT(said.problems, ContainsSubstring(part));
  };
  refused({"resnet18", "--table", path.c_str()}, "is no architecture of a search space");
  refused({"df:[(64),(64),(64)]", "--table", path.c_str()}, "another search space");
  refused({name.c_str(), "--table", path.c_str(), "--input", "3x64x64"}, "on other images or with another number of classes");
  refused({name.c_str(), "--table", "no_such_file.json"}, "no_such_file.json");
}

TEST_CASE("the table has a line per layer and the totals", "[info]") {
  const std::string table = run({"df1"}).out;
  CHECK(std::count(table.begin(), table.end(), '\n') == 3 + 86 + 5);
  CHECK_THAT(table, ContainsSubstring("df1, input 3x224x224") && ContainsSubstring("convolution 3x3 s2 p1") &&
                        ContainsSubstring("746,729,472") &&
                        ContainsSubstring("8,523,592 of convolutions and linear layers, 9,536 of batch norm"));
}

TEST_CASE("what hasse_info cannot answer is one sentence and exit code 2", "[info]") {
  const auto refused = [](std::vector<const char*> arguments, const std::string& part) {
    const spoken said = run(std::move(arguments));
    INFO(said.problems);
    CHECK(said.code == 2);
    CHECK(said.out.empty());
    CHECK(std::count(said.problems.begin(), said.problems.end(), '\n') == 1);
    CHECK_THAT(said.problems, ContainsSubstring(part));
  };
  refused({}, "no network is named");
  refused({"df3"}, "there is no network \"df3\"");
  refused({"df-large:[(64)]"}, "there is no network");
  refused({"df:[(64),(65),(128)]"}, "width 65 is not one of stage 2");
  refused({"df:"}, "does not read as an architecture");
  refused({"df1", "--input", "3x224"}, "cannot be read");
  refused({"df1", "--input", "3x224x99999"}, "cannot be read");
  refused({"df1", "--input", "0x2x2"}, "cannot be read");
  refused({"df1", "resnet18"}, "not expected");
  refused({"df1", "--jsn"}, "--jsn");
  refused({"resnet18", "--width", "0.5"}, "has one width only");
  refused({"df:[(64),(64),(64)]", "--width", "0.5"}, "names its widths itself");
  for (const char* width : {"", "0", "-1", "9", "1.0001", "half", "nan", "0.5x"})
    refused({"mobilenet_v2", "--width", *width ? width : "x"}, "is no width");
  CHECK_THROWS_WITH(named_network("mobilenet_v2", {.width = 9000}), ContainsSubstring("1 to 8000"));
  CHECK_THROWS_WITH(named_network("df1\n"), ContainsSubstring("give one of df1, df2,"));
  layer_list pooled{.input = {3, 3, 3}, .items = {}};
  CHECK_THROWS_WITH(refused_as("net cannot read an input of 3x3x3", [&] { return layer_builder<layer_list>{pooled}.max_pool(0, 4, 4, 0); }),
                    ContainsSubstring("net cannot read an input of 3x3x3: max_pool: a window of 4x4, stride 4, leaves nothing of 3x3x3"));
}

TEST_CASE("hasse_info lists and explains itself", "[info]") {
  std::string all;
  for (const std::string_view name : published_names) all += std::string(name) + "\n";
  CHECK(run({"--list"}).out == all + "df:CODE\ndf-small:CODE\n");
  CHECK(run({"--help"}).code == 0);
  CHECK_THAT(run({"--help"}).out, ContainsSubstring("--input"));
}
