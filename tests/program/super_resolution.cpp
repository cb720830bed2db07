// The program hasse_super_resolution: trains, goes on, exports; refuses with exit code 2.
#include <hasse/program/evaluate.hpp>
#include <hasse/program/super_resolution.hpp>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "../data/files.hpp"
#include "../support/catch.hpp"

using namespace hasse;

namespace {
int program(std::vector<std::string> words) {
  words.insert(words.begin(), "hasse_super_resolution");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  return super_resolution_program(static_cast<int>(arguments.size()), arguments.data());
}

struct photos {
  test::scratch_folder folder;
  photos() {
    for (int i = 0; i < 6; ++i)
      folder.write("photos/" + std::to_string(i) + ".png", test::png({40, 30, 3}, test::ramp({40, 30, 3}, i)));
  }
  /// A small run, with these options instead of its own.
  std::vector<std::string> with(const std::vector<std::string>& own) const {
    std::map<std::string, std::string> options{{"--data", "folder:" + (folder / "photos")},
                                               {"--run", folder / "run"},
                                               {"--patch", "24"},
                                               {"--channels", "8"},
                                               {"--blocks", "1"},
                                               {"--expand", "2"},
                                               {"--batch", "4"},
                                               {"--epochs", "1"},
                                               {"--size", "12x16"}};
    std::vector<std::string> words;
    for (std::size_t i = 0; i < own.size(); ++i) {
      if (i + 1 < own.size() && !own[i + 1].starts_with("--"))
        options[own[i]] = own[i + 1], ++i;
      else
        words.push_back(own[i]);
    }
    for (const auto& [name, value] : options) words.insert(words.end(), {name, value});
    return words;
  }
};
}  // namespace

TEST_CASE("a run trains, exports, and does not train again when it is started again", "[program][super_resolution]") {
  const photos images;
  REQUIRE(program(images.with({"--at", "0.5,1.0", "--all-alone"})) == 0);
  const auto networks = std::filesystem::path(images.folder / "run") / "networks";
  for (const char* name : {"wdsr-0.5.onnx", "wdsr-1.0.onnx", "wdsr-0.5.safetensors"})
    CHECK(std::filesystem::exists(networks / name));
  CHECK_THAT(read_file(networks / "wdsr-0.5.onnx", 1 << 20), ContainsSubstring("DepthToSpace"));
  const auto trained = std::filesystem::path(images.folder / "run") / "checkpoints" / "wdsr.safetensors";
  const auto before = std::filesystem::last_write_time(trained);
  CHECK(program(images.with({"--at", "0.7"})) == 0);
  CHECK(std::filesystem::last_write_time(trained) == before);
  CHECK(std::filesystem::exists(networks / "wdsr-0.7.onnx"));
  CHECK(program(images.with({"--seed", "2"})) == 2);
  std::filesystem::rename(images.folder / "photos", images.folder / "moved");  // the same images lie elsewhere
  CHECK(program(images.with({"--at", "0.7", "--data", "folder:" + (images.folder / "moved")})) == 0);
  std::filesystem::copy_file(images.folder / "moved/0.png", images.folder / "moved/6.png");  // other images
  CHECK(program(images.with({"--at", "0.7", "--data", "folder:" + (images.folder / "moved")})) == 2);
  CHECK(std::filesystem::last_write_time(trained) == before);
  CHECK(read_network(networks / "wdsr-0.5.safetensors").network.layers.items.back().kind == layer_kind::depth_to_space);
  CHECK_THROWS_WITH(evaluate_network({.weights = networks / "wdsr-0.5.safetensors"}), ContainsSubstring("answers with an image"));
}

TEST_CASE("what cannot be done ends with exit code 2", "[program][super_resolution]") {
  const photos images;
  CHECK(program({}) == 2);
  CHECK(program({"--help"}) == 0);
  CHECK(program({"--data", "cifar10:somewhere"}) == 2);
  CHECK(program({"--data", "folder:"}) == 2);
  for (const auto& words : std::vector<std::vector<std::string>>{{"--widths", "0.5..0.25"},
                                                                 {"--widths", "0..1"},
                                                                 {"--widths", "0.5..1.0"},  // 0.25 is shown
                                                                 {"--at", "1.5"},
                                                                 {"--at", "wide"},
                                                                 {"--patch", "25"},
                                                                 {"--patch", "64"},
                                                                 {"--size", "12"},
                                                                 {"--size", "12x4"},
                                                                 {"--epochs", "0"},
                                                                 {"--batch", "1000"},
                                                                 {"--learning-rate", "0"},
                                                                 {"--passes", "1"}})
    CHECK(program(images.with(words)) == 2);
  CHECK_FALSE(std::filesystem::exists(std::filesystem::path(images.folder / "run") / "config.json"));
}
