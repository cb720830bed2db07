// result/run_folder.hpp: a folder belongs to the configuration that began it, and to no other.
#include <clocale>
#include <cstdlib>

#include <unistd.h>

#include <hasse/core/number_text.hpp>
#include <hasse/result/network_metadata.hpp>
#include <hasse/result/run_folder.hpp>
#include <hasse/supernet/gated_recipe.hpp>
#include <hasse/task/classification.hpp>

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
  const json brief = {{"recipe", "epochs 4, batch 32, warm-up 0.6 epochs, augmentation usual"}}, longer = {{"recipe", "epochs 5, batch 32, warm-up 0.75 epochs, augmentation pad 4 flip, x"}};
  run_folder(root / "brief", brief).begin();
  REQUIRE_THROWS_WITH(run_folder(root / "brief", longer), ContainsSubstring("was begun with another recipe (epochs: 4, now 5; warm-up: 0.6 epochs, now 0.75 epochs; augmentation: usual, now pad 4 flip; nothing, now x)"));
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
    REQUIRE_THROWS_WITH(run_folder(root, other), ContainsSubstring("was begun with seed = 1"));  // without ever asking for the lock
  }
  const json exact = {{"recipe", "decay " + exact_text(5e-4)}, {"seed", 1}};
  run_folder(root / "numbers", exact).begin();
  REQUIRE(read_json(root / "numbers" / "config.json").at("recipe") == "decay 0.0005");
  write_json(root / "numbers" / "config.json", exact);  // as folders were begun before
  run_folder(root / "numbers", exact).begin();
  write_json(root / "numbers" / "config.json", exact);
  REQUIRE_THROWS_WITH(run_folder(root / "numbers", {{"recipe", "decay " + exact_text(5e-3)}, {"seed", 1}}),
                      ContainsSubstring("begun with another recipe (decay: 0.0005, now 0.005)"));
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

TEST_CASE("workers share a folder with one another, and with nobody else", "[run][workers]") {
  const auto root = std::filesystem::temp_directory_path() / ("hasse_crew_" + std::to_string(::getpid()));
  const json settings = {{"seed", 1}, {"data", "synthetic"}}, other = {{"seed", 2}, {"data", "synthetic"}};
  {
    const run_folder one(root, settings, folder_use::workers), two(root, settings, folder_use::workers), late(root, other, folder_use::workers);
    REQUIRE(one.crew()->name() != two.crew()->name());
    one.begin();
    two.begin();
    REQUIRE_THROWS_WITH(late.begin(), ContainsSubstring("was begun with seed = 1, this start has 2"));  // it came at the same time
    REQUIRE_THROWS_WITH(run_folder(root, other, folder_use::workers), ContainsSubstring("was begun with seed = 1"));
    REQUIRE_THROWS_WITH(run_folder(root, settings), ContainsSubstring("is held by") && ContainsSubstring("or choose another folder"));
    REQUIRE_THROWS_WITH(run_folder(root, settings, folder_use::alone, true), ContainsSubstring("start with --workers each process"));
    replace_file(root / "checkpoints" / "[(16)].safetensors.part4711", "what another one writes");
    two.begin();
    one.unbind();
    REQUIRE(std::filesystem::exists(root / "checkpoints" / "[(16)].safetensors.part4711"));
    REQUIRE(std::filesystem::exists(root / "config.json"));
  }
  {
    const run_folder alone(root, settings);  // goes on with what workers did
    REQUIRE(alone.crew());
    alone.begin();
    REQUIRE_FALSE(std::filesystem::exists(root / "checkpoints" / "[(16)].safetensors.part4711"));
    REQUIRE_THROWS_WITH(run_folder(root, settings, folder_use::workers), ContainsSubstring("was started without --workers"));
  }
  REQUIRE_FALSE(run_folder(root / "never", settings).crew());
  std::filesystem::remove_all(root);
}

TEST_CASE("what is compared and read again is the same where the decimal point is a comma", "[run]") {
  const auto texts = [] {
    const recipe how{.learning_rate = 0.07, .decay = 0.5, .schedule = step_decay{2, 0.25}};
    network_metadata said = metadata_of(image_facts{.classes = {"cat"}, .scale = {.mean = {0.5f, 0.25f}, .deviation = {0.1f, 1.0f}}, .origin = {}});
    return std::vector<std::string>{to_text(how), to_text(gated_recipe{}), classification{.label_smoothing = 0.1}.text(), said.at("mean"), said.at("deviation"), json_text(json(0.5)), millionths_text(0.5)};
  };
  const std::vector<std::string> before = texts();
  CHECK(before[3] == "0.5,0.25");
  CHECK(before.back() == std::to_string(0.5));
  CHECK_THAT(before[0], ContainsSubstring("learning rate 0.070000000000000007, ") && ContainsSubstring("(2 x 0.25)"));

  const auto root = std::filesystem::temp_directory_path() / ("hasse_comma_" + std::to_string(::getpid()));
  std::filesystem::create_directories(root);
  REQUIRE(std::system(("localedef -i de_DE -f UTF-8 '" + (root / "de_DE.UTF-8").string() + "'").c_str()) == 0);  // of the package locales
  ::setenv("LOCPATH", root.c_str(), 1);
  const bool comma = std::setlocale(LC_ALL, "de_DE.UTF-8") && std::localeconv()->decimal_point == std::string(",");
  const std::vector<std::string> after = texts();
  std::setlocale(LC_ALL, "C");
  ::unsetenv("LOCPATH");
  std::filesystem::remove_all(root);
  REQUIRE(comma);
  CHECK(after == before);
}
