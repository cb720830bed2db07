// program/boundary.hpp: the command line takes what is possible and refuses the rest.
#include <hasse/catalogue/shard.hpp>
#include <hasse/program/boundary.hpp>

#include "../latency/fake_device.hpp"
#include "../support/catch.hpp"

using namespace hasse;
using hasse::testing::fake_device;
using hasse::testing::temporary_folder;

namespace {

boundary_options parsed(const std::string& arguments) {
  boundary_options options;
  CLI::App app("test", "hasse_boundary");
  detail::describe(app, options, "mine");
  app.parse(arguments);
  return options;
}

}  // namespace

TEST_CASE("numbers that do not fit are refused, not wrapped around", "[program]") {
  REQUIRE(parsed("--seed 18446744073709551615").seed == UINT64_MAX);
  REQUIRE(parsed("").contradictions == "warn");
  REQUIRE(detail::contradictions_of(parsed("--contradictions exclude").contradictions) == order_policy::exclude);
  REQUIRE(detail::contradictions_of(parsed("--contradictions isotonic").contradictions) == order_policy::isotonic);
  REQUIRE(parsed("--train-images 500 --unchanged 3").train_images == 500);
  REQUIRE(parsed("--batch 010").batch == 10);  // decimal, whatever it begins with
  for (const char* wrong : {"--seed -1", "--seed 5x", "--seed 18446744073709551616", "--unchanged -1", "--finish-networks -1", "--train-images -5", "--trainings 0", "--margin 2", "--policy best", "--contradictions ignore",
                            "--epochs 0", "--epochs -1", "--epochs nan", "--batch 0", "--batch 2.5", "--batch 0x10", "--learning-rate nan", "--learning-rate inf",
                            "--learning-rate -1", "--learning-rate 0", "--learning-rate 1e999", "--weight-decay -1", "--weight-decay nan", "--label-smoothing nan",
                            "--margin nan", "--threads 0", "--device-threads nan", "--crop-padding 65", "--run \"\""})
    REQUIRE_THROWS_AS(parsed(wrong), CLI::ParseError);
}

TEST_CASE("a search goes on by the policy of its folder, and a new one asks the model", "[program]") {
  const temporary_folder home;
  boundary_options options = parsed("--margin 0.01");
  options.run = (home / "run").string();
  const auto text = [&] { return detail::proposer_of(options, detail::policy_of(options)).text(); };
  CHECK_THAT(text(), ContainsSubstring("policy model"));
  CHECK(detail::margin_of(detail::proposer_of(options, "model")) == 0.01);
  CHECK_THAT(text(), ContainsSubstring("own noise 1.000000, beginning"));
  CHECK_NOTHROW(detail::check_asks_model(parsed("--repeats --enough 95"), "model"));
  CHECK_THROWS_WITH(detail::check_asks_model(parsed("--repeats"), "pop"), ContainsSubstring("--repeats asks a model, but the policy is pop, by which the folder was begun"));
  CHECK_THROWS_WITH(detail::check_asks_model(parsed("--enough 95 --policy random"), "random"), ContainsSubstring("--enough asks a model, but the policy is random; leave it out or use --policy model"));
  CHECK_THAT(detail::proposer_of(parsed("--repeats"), "model").text(), ContainsSubstring("at first, repeats"));
  std::filesystem::create_directories(options.run);
  for (const auto& [written, policy] : {std::pair{R"({"program": "hasse_boundary"})", "pop"}, {R"({"policy": "pop"})", "pop"}, {R"({"policy": "model"})", "model"},
                                        {R"({"policy": "random"})", "random"}, {R"({"policy": "evolution"})", "evolution"}, {R"({"policy": 5})", "pop"}, {"[]", "pop"}}) {
    replace_file(home / "run" / "config.json", written);
    INFO(written);
    CHECK(detail::policy_of(options) == policy);
    CHECK_THAT(text(), ContainsSubstring(std::string("policy ") + policy));
    boundary_options said = options;
    said.policy = "evolution";
    CHECK(detail::policy_of(said) == "evolution");
  }
}

TEST_CASE("devices are listed by commas, a command to the end, each once and of this space", "[program]") {
  const auto listed = [](const std::string& arguments) { return detail::listed_devices(parsed(arguments).devices); };
  CHECK(listed("--devices a.json,cpu,cuda:1") == std::vector<std::string>{"a.json", "cpu", "cuda:1"});
  CHECK(listed("--devices a.json --devices \"command:time {onnx},twice,\"") == std::vector<std::string>{"a.json", "command:time {onnx},twice,"});
  CHECK_THROWS_WITH(listed("--devices a.json"), ContainsSubstring("names one device") && ContainsSubstring("--device"));
  CHECK_THROWS_WITH(listed("--devices a.json,"), ContainsSubstring("by nothing"));
  CHECK_THROWS_AS(parsed("--device cpu --devices a.json,cpu"), CLI::ParseError);

  const temporary_folder home;
  fake_device phone, desk;
  phone.told.name = "phone", desk.told.name = "desk";
  const std::string a = (home / "a.json").string(), b = (home / "b.json").string(), other = (home / "other.json").string();
  latency_table<hasse::testing::small_space>::load_or_measure(a, phone, hasse::testing::quick);
  latency_table<hasse::testing::small_space>::load_or_measure(b, desk, hasse::testing::quick);
  latency_table<hasse::testing::other_space>::load_or_measure(other, desk, hasse::testing::quick);
  const auto opened = [](const std::string& devices) {
    detail::listed_tables<hasse::testing::small_space> made(detail::devices_listed({devices}, 1));
    made.serve({});
    return made;
  };
  CHECK_THROWS_WITH(opened(a + "," + a), ContainsSubstring("names \"phone\" twice"));
  CHECK_THROWS_WITH(opened(a + "," + other), ContainsSubstring("belongs to another search space"));
  CHECK_THROWS_WITH(opened(a + ",phone"), ContainsSubstring("no file and no device"));

  // The folder has copies of the tables, and refuses others.
  auto both = opened(a + "," + b);
  json settings = json::object();
  both.add_to(settings, 0);
  CHECK_THAT(settings["device_1"].text(), ContainsSubstring("phone") && ContainsSubstring("table "));
  CHECK(settings["device_2"] != settings["device_1"]);
  {
    program_run here(home / "run", settings);
    both.open(here.folder(), here);
    both.open(here.folder(), here);
  }
  CHECK(read_file(home / "run" / "latency.2.json") == read_file(b));
  CHECK(both.first().called == "phone");
  REQUIRE(both.others().all.size() == 1);
  CHECK(both.others().all[0].name == "desk");
  auto turned = opened(b + "," + a);
  program_run here(home / "run", settings);
  CHECK_THROWS_WITH(turned.open(here.folder(), here), ContainsSubstring("is another table than") && ContainsSubstring("--run"));
}

TEST_CASE("a latency window is two times or nothing", "[program]") {
  REQUIRE(detail::read_window("0.1..2.0ms") == latency_window{{1000}, {20'000}});
  REQUIRE(detail::read_window("0.1..2") == latency_window{{1000}, {20'000}});
  REQUIRE_FALSE(detail::read_window("auto"));
  for (const char* wrong : {"", "1", "..", "1..", "..1", "a..b", "nan..1", "1..inf", "-1..2", "1..2s", "2..1", "1..1", "1e300..2e300"})
    REQUIRE_THROWS_AS(detail::read_window(wrong), error);
}
