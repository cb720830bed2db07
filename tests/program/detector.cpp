// Detectors as programs make and keep them.
#include <filesystem>

#include <hasse/core/random.hpp>
#include <hasse/data/decode.hpp>
#include <hasse/data/png.hpp>
#include <hasse/data/scenes.hpp>
#include <hasse/program/detector.hpp>
#include <hasse/space/cost.hpp>

#include "../support/catch.hpp"

using namespace hasse;

TEST_CASE("det-micro has the multiply-accumulates that its macro structure gives", "[detector]") {
  CHECK(static_cast<double>(cost_of(backbone_network("det-micro", {240, 320, 3})).macs) == Approx(97.23e6).epsilon(1e-4));
  CHECK_THROWS_WITH(backbone_network("det-micro", {96, 96, 3}, 500), ContainsSubstring("leave --width out"));
  CHECK_THROWS_WITH(backbone_network("none", {96, 96, 3}), ContainsSubstring("give one of det-micro, df1"));
}

TEST_CASE("the file of a detector says all that it was made with", "[detector]") {
  detection_set train = open_detection("scenes", {.height = 64, .width = 64, .scenes_train = 20, .scenes_validation = 2, .scenes_test = 2}).train;
  train.fit = picture_fit::letterbox;
  const designed_detector made = design_detector("det-micro", 0, "auto", train);
  const auto path = std::filesystem::temp_directory_path() / "hasse_detector.safetensors";
  const model network{.name = "detector", .layers = made.layers, .weights = parameters<float>(made.layers)};
  const normalisation scale = made.task.scale_of(train);
  const network_metadata said = detector_metadata(made.task, train, scale);
  write_weights(path, network, said);
  const stored_detector read = read_detector(path.string());
  CHECK(read.task.anchors == made.task.anchors);
  CHECK(read.fit == picture_fit::letterbox);
  CHECK(read.images.classes == train.classes);
  CHECK(read.class_ids == train.class_ids);
  CHECK(read.images.scale.mean == scale.mean);
  CHECK(read.empty_set().shape() == train.shape());

  const auto refused = [&](const char* key, const char* value, const char* sentence) {
    network_metadata other = said;
    if (*value == 0) other.erase(key);
    else other[key] = value;
    write_weights(path, network, other);
    CHECK_THROWS_WITH(read_detector(path.string()), ContainsSubstring(sentence));
  };
  refused("task", "", "is no detector");
  refused("task", "classification", "of another task");
  refused("anchors", "0.1:1", "for 1 anchors a cell");
  refused("anchors", "none", "a scale and a ratio");
  refused("fit", "crop", "fits pictures in a way that is not known");
  refused("class_ids", "[1, 2]", "one whole number for each class");
  refused("class_ids", "[1, 2, 3, \"4\"]", "one whole number for each class");
  std::filesystem::remove(path);
}

TEST_CASE("a PNG that is written is read back with the same bytes", "[detector]") {
  random_source random(3);
  const auto path = std::filesystem::temp_directory_path() / "hasse_written.png";
  for (const auto& [height, width] : {std::pair{1, 1}, std::pair{3, 17}, std::pair{40, 9}}) {
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(3 * height * width));
    for (std::uint8_t& each : pixels) each = static_cast<std::uint8_t>(random.below(256));
    write_png(path, height, width, pixels);
    image_decoder decoder;
    const decoded_image& read = decoder.decode(read_file(path), path.string());
    CHECK(read.shape == feature_shape{height, width, 3});
    CHECK(read.pixels == pixels);
  }
  CHECK_THROWS_WITH(write_png(path, 2, 2, std::vector<std::uint8_t>(11)), ContainsSubstring("give height * width * 3"));
  std::filesystem::remove(path);
}
