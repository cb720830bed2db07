// program/info.hpp: names, counts, other inputs, and what it refuses.
#include <algorithm>
#include <cstdlib>

#include <hasse/program/info.hpp>

#include "../support/catch.hpp"

using namespace hasse;

namespace {
struct spoken {
  int code = 0;
  std::string out, problems;
};

spoken run(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "hasse_info");
  char *out = nullptr, *problems = nullptr;
  std::size_t out_size = 0, problems_size = 0;
  std::FILE *out_stream = ::open_memstream(&out, &out_size), *problem_stream = ::open_memstream(&problems, &problems_size);
  spoken result{.code = info(static_cast<int>(arguments.size()), arguments.data(), out_stream, problem_stream), .out = {}, .problems = {}};
  std::fclose(out_stream), std::fclose(problem_stream);
  result.out.assign(out, out_size), result.problems.assign(problems, problems_size);
  std::free(out), std::free(problems);
  return result;
}
}  // namespace

TEST_CASE("published networks have their published counts", "[info]") {
  struct row {
    const char* name;
    std::int64_t macs, parameters;
  };
  for (const row& each : {row{"df1", 746'729'472, 8'533'128}, row{"df2", 1'774'333'952, 17'987'208}, row{"df2a", 1'916'141'568, 19'151'240},
                          row{"resnet18", 1'814'073'344, 11'689'512}, row{"resnet50", 4'089'184'256, 25'557'032}}) {
    const spoken said = run({each.name, "--json"});
    REQUIRE(said.code == 0);
    const json found = parse_json(said.out, "the output");
    CHECK(found.at("name") == each.name);
    CHECK(found.at("macs") == each.macs);
    CHECK(found.at("parameters") == each.parameters);
    CHECK(found.at("input") == json{3, 224, 224});
    CHECK(found.at("output") == json{1000, 1, 1});
    std::int64_t macs = 0, parameters = 0;
    for (const json& layer : found.at("layers")) macs += layer.at("macs").get<std::int64_t>(), parameters += layer.at("parameters").get<std::int64_t>();
    CHECK(macs == each.macs);
    CHECK(parameters == each.parameters);
  }
}

TEST_CASE("an architecture of a shipped space is a network", "[info]") {
  const json by_name = info_json(find_network("df1")), by_code = info_json(find_network("df:[(64,64,64), (128,128,128), (256,256,256,512)]"));
  CHECK(by_code.at("name") == "df:[(64,64,64),(128,128,128),(256,256,256,512)]");
  CHECK(by_code.at("layers") == by_name.at("layers"));
  const auto choice = parse<df_small>("[(32),(64),(64,128)]");
  const json small = info_json(find_network("df-small:[(32),(64),(64,128)]"));
  CHECK(small.at("macs") == macs(choice));
  CHECK(small.at("parameters") == parameter_count(choice));
}

TEST_CASE("another input changes shapes and nothing that training learns", "[info]") {
  const named_network own = find_network("df2a");
  CHECK(with_input(own.layers, own.layers.input) == own.layers);
  const json small = parse_json(run({"df2a", "--json", "--input", "3x192x160"}).out, "the output");
  CHECK(small.at("input") == json{3, 192, 160});
  CHECK(small.at("parameters") == 19'151'240);
  const layer_list odd = with_input(find_network("df1").layers, {225, 223, 3});
  CHECK(odd.items.front().out == feature_shape{113, 112, 32});
  CHECK(cost_of(with_input(find_network("df1").layers, {448, 448, 3})).macs == 4 * (std::int64_t{746'729'472} - 512'000) + 512'000);
}

TEST_CASE("the table has a line per layer and the totals", "[info]") {
  const std::string table = run({"df1"}).out;
  CHECK(std::count(table.begin(), table.end(), '\n') == 3 + 86 + 4);
  CHECK_THAT(table, Catch::Contains("df1, input 3x224x224") && Catch::Contains("convolution 3x3 s2 p1") && Catch::Contains("746,729,472") &&
                        Catch::Contains("8,523,592 of convolutions and linear layers, 9,536 of batch norm"));
}

TEST_CASE("what hasse_info cannot answer is one sentence and exit code 2", "[info]") {
  const auto refused = [](std::vector<const char*> arguments, const std::string& part) {
    const spoken said = run(std::move(arguments));
    INFO(said.problems);
    CHECK(said.code == 2);
    CHECK(said.out.empty());
    CHECK(std::count(said.problems.begin(), said.problems.end(), '\n') == 1);
    CHECK_THAT(said.problems, Catch::Contains(part));
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
  layer_list flat{.input = {8, 8, 3}, .items = {}};
  layer_builder<layer_list>{flat}.linear(layer_builder<layer_list>{flat}.max_pool(0, 4, 4, 0), 5);
  CHECK_THROWS_WITH(with_input(flat, {16, 16, 3}), Catch::Contains("reads 12 numbers and would get 48"));
  CHECK_THROWS_WITH(with_input(flat, {3, 3, 3}), Catch::Contains("nothing left to write"));
}

TEST_CASE("hasse_info lists and explains itself", "[info]") {
  CHECK(run({"--list"}).out == "df1\ndf2\ndf2a\nresnet18\nresnet50\ndf:CODE\ndf-small:CODE\n");
  CHECK(run({"--help"}).code == 0);
  CHECK_THAT(run({"--help"}).out, Catch::Contains("--input"));
}
