#include "../support/catch.hpp"

#include <hasse/data/open.hpp>

#include "files.hpp"

using namespace hasse;

namespace {
constexpr feature_shape small{8, 8, 3};

std::string picture(int start) { return test::png(small, test::ramp(small, start)); }

data_options tiny_options() {
  data_options options;
  options.wanted = small;
  options.validation_share = 0.25;
  return options;
}
}  // namespace

TEST_CASE("a folder with splits") {
  const test::scratch_folder folder;
  for (const char* kind : {"cat", "dog"})
    for (int i = 0; i < 8; ++i) folder.write(std::string("train/") + kind + '/' + std::to_string(i) + ".png", picture(i));
  folder.write("val/cat/0.JPG", test::jpeg({20, 30, 3}, test::ramp({20, 30, 3})));
  folder.write("val/dog/1.jpeg", test::jpeg({5, 5, 1}, test::ramp({5, 5, 1})));
  folder.write("test/dog/1.png", picture(9));
  folder.write("train/cat/notes.txt", "not an image");
  folder.write("train/cat/.hidden.png", "not an image either");
  const splits data = open_data("folder:" + folder.path.string(), tiny_options());
  CHECK(data.train.size() == 16);
  CHECK(data.validation.size() == 2);
  CHECK(data.test.size() == 1);
  CHECK(data.test.labels[0] == 1);
  CHECK(data.train.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(data.validation.pixels.size() == 2 * 8 * 8 * 3);
  const auto expected = test::ramp(small, 9);
  CHECK(data.test.pixels == expected);
}

TEST_CASE("a folder without splits is cut into three, disjoint and the same every time") {
  const test::scratch_folder folder;
  for (int i = 0; i < 64; ++i) folder.write((i % 2 ? "odd/" : "even/") + std::to_string(i) + ".png", picture(i));
  const splits data = open_data("folder:" + folder.path.string(), tiny_options());
  CHECK(data.test.size() == 16);
  CHECK(data.validation.size() == 12);
  CHECK(data.train.size() == 36);
  std::vector<int> seen;
  for (const image_set* set : {&data.train, &data.validation, &data.test})
    for (std::size_t i = 0; i < set->size(); ++i) {
      seen.push_back(set->image(i)[0]);
      CHECK(set->labels[i] == (set->image(i)[0] & 1));
    }
  std::sort(seen.begin(), seen.end());
  CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
  CHECK(identity_of(open_data("folder:" + folder.path.string(), tiny_options())) == identity_of(data));
  auto options = tiny_options();
  options.most_train = 10;
  CHECK(open_data("folder:" + folder.path.string(), options).train.size() == 10);
}

TEST_CASE("tars: one of everything, several merged, and splits by the archive's name") {
  const test::scratch_folder folder;
  std::string train, test_part, plain;
  for (int i = 0; i < 8; ++i) {
    const std::string name = (i % 2 ? "odd/" : "even/") + std::to_string(i) + ".png";
    train += test::tar_entry("./train/" + name, picture(i));
    test_part += test::tar_entry("test/" + name, picture(100 + i));
    plain += test::tar_entry(name, picture(i));
  }
  folder.write("whole.tar", train + test_part + test::tar_end());
  folder.write("parts/set-train.tar", train + test::tar_end());
  folder.write("parts/set-test.tar", test_part + test::tar_end());
  folder.write("named/set-train.tar", plain + test::tar_end());
  folder.write("named/set-test.tar", plain + test::tar_end());
  const auto open = [&](const std::string& name) { return open_data("folder:" + (folder / name), tiny_options()); };
  const splits whole = open("whole.tar");
  CHECK(whole.train.size() == 6);
  CHECK(whole.validation.size() == 2);
  CHECK(whole.test.size() == 8);
  CHECK(identity_of(open("parts")) == identity_of(whole));
  CHECK(identity_of(open("named").train) == identity_of(whole.train));
  CHECK_THAT(test::refusal_of([&] { open("parts/set-test.tar"); }), ContainsSubstring("has no training image of the class 'even'"));
}

TEST_CASE("folders that cannot be read as a data set") {
  const test::scratch_folder folder;
  const auto refusal = [&](const std::string& name) {
    return test::refusal_of([&] { open_data("folder:" + (folder / name), tiny_options()); });
  };
  std::filesystem::create_directories(folder.path / "empty");
  CHECK_THAT(refusal("empty"), ContainsSubstring("holds no .jpg, .jpeg or .png image"));
  folder.write("flat/a.png", picture(0));
  CHECK_THAT(refusal("flat"), ContainsSubstring("lies outside of every class folder"));
  folder.write("mixed/train/cat/a.png", picture(0));
  folder.write("mixed/cat/a.png", picture(0));
  CHECK_THAT(refusal("mixed"), ContainsSubstring("both inside and outside"));
  folder.write("few/cat/a.png", picture(0));
  CHECK_THAT(refusal("few"), ContainsSubstring("split without images"));
  for (int i = 0; i < 8; ++i) folder.write("bad/cat/" + std::to_string(i) + ".png", i == 5 ? picture(0).substr(0, 60) : picture(0));
  CHECK_THAT(refusal("bad"), ContainsSubstring("5.png: is not a readable PNG"));
  folder.write("bad.tar", test::tar_entry("train/cat/a.png", "nonsense") + test::tar_end());
  CHECK(test::refusal_of([&] { list_folder(folder / "bad.tar"); }).empty());  // listing does not decode
  folder.write("bad2.tar", test::tar_entry("train/cat/a.png", "nonsense") + test::tar_entry("val/cat/a.png", "n") +
                               test::tar_entry("test/cat/a.png", "n") + test::tar_end());
  CHECK_THAT(refusal("bad2.tar"), ContainsSubstring("bad2.tar:train/cat/a.png: is neither a JPEG nor a PNG"));
  folder.write("hollow.tar", test::tar_entry("train/cat/a.png", "") + test::tar_entry("val/cat/a.png", picture(0)) +
                                 test::tar_entry("test/cat/a.png", picture(0)) + test::tar_end());
  CHECK_THAT(refusal("hollow.tar"), ContainsSubstring("hollow.tar:train/cat/a.png: is neither a JPEG nor a PNG"));
  folder.write("cut.tar", test::tar_entry("train/cat/a.png", picture(0)).substr(0, 600));
  CHECK_THAT(refusal("cut.tar"), ContainsSubstring("cut.tar: the archive member at byte 0"));
}
