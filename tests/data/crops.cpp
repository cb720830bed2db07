// Patches from a folder: where they come from, which images count, what is refused.
#include <hasse/data/crops.hpp>

#include "../support/catch.hpp"
#include "files.hpp"

using namespace hasse;

namespace {
/// An image whose pixel says where it is: (y, x, which).
std::string located(feature_shape shape, int which) {
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < shape.h; ++y)
    for (int x = 0; x < shape.w; ++x)
      for (int c = 0; c < shape.c; ++c) pixels.push_back(static_cast<std::uint8_t>(c == 0 ? y : c == 1 ? x : which));
  return test::png(shape, pixels);
}
const crop_options small{.height = 8, .width = 12, .per_image = 5, .validation_share = 0.25, .seed = 3};
}  // namespace

TEST_CASE("patches are whole rectangles of their image, and no image has some in both sets", "[crops]") {
  const test::scratch_folder folder;
  for (int i = 0; i < 12; ++i) folder.write((i % 2 ? "a/" : "b/c/") + std::to_string(i) + ".png", located({20 + i, 30 - i, 3}, i));
  folder.write("top.png", located({40, 40, 3}, 12));
  folder.write("notes.txt", "no image");
  const crop_sets made = crop_images(folder.path, small);
  CHECK(made.images == 13);
  CHECK(made.skipped == 0);
  CHECK(made.train.size() == 50);
  CHECK(made.validation.size() == 15);
  CHECK(made.train.shape() == feature_shape{8, 12, 3});
  CHECK(made.train.classes.size() == 1);
  std::vector<bool> trained(13);
  for (std::size_t i = 0; i < made.train.size(); ++i) trained[made.train.image(i)[2]] = true;
  std::vector<int> tops;
  for (const image_set* set : {&made.train, &made.validation})
    for (std::size_t i = 0; i < set->size(); ++i) {
      const auto patch = set->image(i);
      const int which = patch[2];
      if (set == &made.validation) CHECK_FALSE(trained[static_cast<std::size_t>(which)]);
      tops.push_back(patch[0]);
      for (int y = 0; y < 8; ++y)
        for (int x = 0; x < 12; ++x) {
          const std::uint8_t* pixel = patch.data() + (y * 12 + x) * 3;
          REQUIRE((pixel[0] == patch[0] + y && pixel[1] == patch[1] + x && pixel[2] == which));
        }
    }
  std::sort(tops.begin(), tops.end());
  CHECK(std::unique(tops.begin(), tops.end()) - tops.begin() > 10);
}

TEST_CASE("the seed decides everything, and a limit moves no patch", "[crops]") {
  const test::scratch_folder folder;
  for (int i = 0; i < 12; ++i) folder.write(std::to_string(i) + ".png", located({30, 30, 3}, i));
  const crop_sets one = crop_images(folder.path, small);
  CHECK(crop_images(folder.path, small).train.pixels == one.train.pixels);
  crop_options other = small;
  other.seed = 4;
  CHECK(crop_images(folder.path, other).train.pixels != one.train.pixels);
  crop_options fewer = small;
  fewer.most_images = 3;
  const crop_sets limited = crop_images(folder.path, fewer);
  CHECK(limited.validation.pixels == one.validation.pixels);
  REQUIRE(limited.train.size() == 15);
  const auto within = std::search(one.train.pixels.begin(), one.train.pixels.end(), limited.train.pixels.begin(),
                                  limited.train.pixels.begin() + 5 * 8 * 12 * 3);
  CHECK(within != one.train.pixels.end());
}

TEST_CASE("a folder that names its splits keeps them; grey becomes RGB; what is too small is counted", "[crops]") {
  const test::scratch_folder folder;
  for (int i = 0; i < 4; ++i) folder.write("train/" + std::to_string(i) + ".png", located({30, 30, 3}, i));
  folder.write("train/grey.jpg", test::jpeg({16, 16, 1}, test::ramp({16, 16, 1})));
  folder.write("train/low.png", located({7, 30, 3}, 9));
  folder.write("train/narrow.png", located({30, 11, 3}, 9));
  folder.write("val/street/9.png", located({30, 30, 3}, 77));
  folder.write("test/9.png", located({30, 30, 3}, 99));
  const crop_sets made = crop_images(folder.path, small);
  CHECK(made.skipped == 2);
  REQUIRE(made.about.left_out.size() == 1);
  CHECK(made.about.left_out[0].names == std::vector<std::string>{"test/9.png"});
  CHECK(made.images == 6);
  CHECK(made.train.size() == 25);
  REQUIRE(made.validation.size() == 5);
  for (std::size_t i = 0; i < 5; ++i) CHECK(made.validation.image(i)[2] == 77);
  const auto grey = made.train.image(24);
  CHECK((grey[0] == grey[1] && grey[1] == grey[2]));
}

TEST_CASE("what cannot be cut is refused in a sentence", "[crops]") {
  const test::scratch_folder folder;
  const auto refusal = [&](const crop_options& how) { return test::refusal_of([&] { crop_images(folder.path, how); }); };
  CHECK_THAT(refusal(small), ContainsSubstring("holds no image to train on; name"));
  CHECK_THAT(test::refusal_of([&] { crop_images(folder.path / "nowhere", small); }), ContainsSubstring("cannot be listed"));
  folder.write("0.png", located({30, 30, 3}, 0));
  CHECK_THAT(refusal(small), ContainsSubstring("a single image"));
  for (int i = 1; i < 4; ++i) folder.write(std::to_string(i) + ".png", located({30, 30, 3}, i));
  CHECK_THAT(refusal({.height = 64, .width = 64}), ContainsSubstring("no training image of at least 64 x 64"));
  CHECK_THAT(refusal({.height = 4}), ContainsSubstring("8 to 4096"));
  CHECK_THAT(refusal({.per_image = 0}), ContainsSubstring("0 patches"));
  CHECK_THAT(refusal({.validation_share = 0.7}), ContainsSubstring("validation share"));
  CHECK(crop_images(folder.path, small).images == 4);
  folder.write("torn.png", located({30, 30, 3}, 5).substr(0, 60));
  CHECK_THAT(refusal(small), ContainsSubstring("torn.png"));
  folder.write("torn.png", "text");
  CHECK_THAT(refusal(small), ContainsSubstring("is no image of a kind that is read"));
  crop_options skipping = small;
  skipping.skip_damaged = true;
  const crop_sets made = crop_images(folder.path, skipping);
  CHECK(made.images == 4);
  REQUIRE(made.about.left_out.size() == 1);
  CHECK(made.about.left_out[0].why == "damaged images");
}
