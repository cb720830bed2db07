// result/run_folder.hpp: a folder belongs to the configuration that began it, and to no other.
#include <unistd.h>

#include <hasse/result/run_folder.hpp>

#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("a run goes on with its own configuration and refuses another", "[run]") {
  const auto root = std::filesystem::temp_directory_path() / ("hasse_run_" + std::to_string(::getpid()));
  const json settings = {{"seed", 1}, {"data", "synthetic"}}, other = {{"seed", 2}, {"data", "synthetic"}};
  {
    const run_folder mistyped(root, other);  // ended before anything began
    REQUIRE_FALSE(std::filesystem::exists(mistyped.config()));
  }
  run_folder(root, settings).begin();
  run_folder(root, settings).begin();
  REQUIRE_THROWS_WITH(run_folder(root, other), ContainsSubstring("was begun with seed = 1, this start has 2") && ContainsSubstring("name another folder"));
  REQUIRE_THROWS_WITH(run_folder(root, json{{"epochs", 3}}), ContainsSubstring("epochs = nothing"));
  const json strange = {{"data", "folder:caf\xe9"}, {"margin", 0.1}};  // a path need not be UTF-8
  run_folder(root / "strange", strange).begin();
  run_folder(root / "strange", strange).begin();
  replace_file(root / "checkpoints" / "[(16)].safetensors.part4711", "half of it");
  replace_file(root / "latency.json.part12", "half of it");
  replace_file(root / "notes.part", "of the user");
  run_folder(root, settings).begin();
  REQUIRE(std::filesystem::is_empty(root / "checkpoints"));
  REQUIRE_FALSE(std::filesystem::exists(root / "latency.json.part12"));
  REQUIRE(std::filesystem::exists(root / "notes.part"));
  REQUIRE(std::filesystem::exists(root / "config.json"));
  {
    const run_folder held(root, settings);
    REQUIRE_THROWS_WITH(run_folder(root, settings), ContainsSubstring("held by process " + std::to_string(::getpid())) && ContainsSubstring("choose another folder"));
    REQUIRE_THROWS_WITH(run_folder(root, other), ContainsSubstring("held by process"));  // before anything else is said
  }
  const auto moved = root / "moved";  // images at another place are the same images
  const json here = {{"data", "folder:/here"}}, there = {{"data", "folder:/there"}};
  for (const json& place : {here, there}) {
    run_folder run(moved, place);
    run.bind_images(7);
    run.begin();
    REQUIRE(read_json(run.config()).at("data") == place.at("data"));
  }
  {
    run_folder run(moved, here);
    REQUIRE_THROWS_WITH(run.bind_images(8), ContainsSubstring("other images than those of \"folder:/here\"") && ContainsSubstring("say with --data where the images of \"folder:/there\" lie"));
  }
  replace_file(root / "config.json", "{\"seed\": 1, \"data");
  REQUIRE_THROWS_AS(run_folder(root, settings), file_error);
  REQUIRE(run_folder(root / "deep" / "er", settings).weights("[(16),(32)]").filename() == "[(16),(32)].safetensors");
  REQUIRE_THROWS_WITH(run_folder("/proc/none", settings), ContainsSubstring("cannot be created"));
  std::filesystem::remove_all(root);
}
