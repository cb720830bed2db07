#include "../support/catch.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <hasse/data/archive.hpp>
#include <hasse/data/image_folder.hpp>
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
  REQUIRE(data.about.left_out.size() == 2);
  CHECK(data.about.left_out[0].names == std::vector<std::string>{"train/cat/.hidden.png"});
  CHECK(data.about.left_out[1].names == std::vector<std::string>{"train/cat/notes.txt"});
  REQUIRE(data.about.classes.size() == 2);
  CHECK((data.about.classes[1].name == "dog" && data.about.classes[1].train == 8 && data.about.classes[1].test == 1));
  CHECK(data.train.size() == 16);
  CHECK(data.validation.size() == 2);
  CHECK(data.test.size() == 1);
  CHECK(data.test.labels[0] == 1);
  CHECK(data.train.classes == std::vector<std::string>{"cat", "dog"});
  CHECK(data.validation.pixels.size() == 2 * 8 * 8 * 3);
  const auto expected = test::ramp(small, 9);
  CHECK(data.test.pixels == expected);
}

TEST_CASE("images keep their size where all have one that suits, and their greyness where none has a colour") {
  const test::scratch_folder folder;
  const auto write = [&](const std::string& name, feature_shape shape) { folder.write("set/" + name + ".png", test::png(shape, test::ramp(shape))); };
  for (int i = 0; i < 16; ++i) write((i % 2 ? "odd/" : "even/") + std::to_string(i), {6, 7, 1});
  const auto shape_of = [&](int keep_from, bool keep_grey) {
    data_options options = tiny_options();
    options.keep_from = keep_from, options.keep_grey = keep_grey;
    const splits data = open_data("folder:" + folder / "set", options);
    CHECK((data.validation.shape() == data.train.shape() && data.test.shape() == data.train.shape()));
    CHECK(data.train.pixels.size() == data.train.size() * data.train.image_bytes());
    return data.train.shape();
  };
  CHECK(shape_of(0, false) == small);
  CHECK(shape_of(6, false) == feature_shape{6, 7, 3});
  CHECK(shape_of(6, true) == feature_shape{6, 7, 1});
  CHECK(shape_of(7, true) == feature_shape{8, 8, 1});  // too small
  data_options other = tiny_options();
  other.keep_from = 6, other.keep_grey = true;
  const splits grey = open_data("folder:" + folder / "set", other);
  other.keep_from = 0, other.keep_grey = false, other.wanted = {6, 7, 1};
  CHECK(identity_of(open_data("folder:" + folder / "set", other)) == identity_of(grey));  // as hasse_evaluate asks again

  // One of another size, and all are brought to one; the same as if nothing had been kept on the way.
  write("odd/z", {7, 7, 1});
  CHECK(shape_of(6, true) == feature_shape{8, 8, 1});
  data_options kept = tiny_options(), plain = tiny_options();
  kept.keep_from = 6;
  CHECK(identity_of(open_data("folder:" + folder / "set", kept)) == identity_of(open_data("folder:" + folder / "set", plain)));
  write("even/colour", {6, 7, 3});
  CHECK(shape_of(6, true) == small);

  plain.fit = image_fit::pad;
  CHECK(parse_data_options(to_text(plain), small).fit == image_fit::pad);
  CHECK_THAT(to_text(plain), ContainsSubstring("fit=pad"));
  CHECK_THAT(to_text(tiny_options()), !ContainsSubstring("fit"));
  CHECK_THROWS_WITH(parse_data_options("fit=tight", small), ContainsSubstring("\"tight\" is not known"));
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
  CHECK_THAT(refusal("empty"), ContainsSubstring("holds no image that is read; name a folder"));
  folder.write("flat/a.png", picture(0));
  CHECK_THAT(refusal("flat"), ContainsSubstring("1 image lies ('a.png') outside of every class folder"));
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
  CHECK_THAT(refusal("bad2.tar"), ContainsSubstring("bad2.tar: 3 of 3 images cannot be read") && ContainsSubstring("bad2.tar:train/cat/a.png: is no image of a kind that is read"));
  folder.write("hollow.tar", test::tar_entry("train/cat/a.png", "") + test::tar_entry("val/cat/a.png", picture(0)) +
                                 test::tar_entry("test/cat/a.png", picture(0)) + test::tar_end());
  CHECK_THAT(refusal("hollow.tar"), ContainsSubstring("hollow.tar:train/cat/a.png: is empty; replace"));
  folder.write("cut.tar", test::tar_entry("train/cat/a.png", picture(0)).substr(0, 600));
  CHECK_THAT(refusal("cut.tar"), ContainsSubstring("cut.tar: the archive member at byte 0"));
}

namespace {
/// Lists images of those paths (nothing is decoded): "CLASS TRAIN/VALIDATION/TEST" of every class, or the refusal.
std::string listed(const std::vector<std::string>& paths) {
  const test::scratch_folder folder;
  for (const std::string& path : paths) {
    if (path.ends_with('/'))
      std::filesystem::create_directories(folder.path / path);
    else
      folder.write(path, path.ends_with(".gif") ? "GIF89a" : "");
  }
  std::string result;
  try {
    const folder_listing found = list_folder(folder.path);
    for (std::size_t label = 0; label < found.classes.size(); ++label) {
      result += (label == 0 ? "" : ", ") + found.classes[label];
      for (const auto* split : {&found.train, &found.validation, &found.test})
        result += (split == &found.train ? ' ' : '/') + std::to_string(std::count_if(split->begin(), split->end(), [&](const listed_image& image) { return image.label == label; }));
    }
    for (const left_out_files& each : found.about.left_out)
      for (const std::string& name : each.names) result += "; no " + name;
    return result + (found.about.notes.empty() ? "" : "; note");
  } catch (const error& refused) {
    return refused.what();
  }
}
}  // namespace

TEST_CASE("what folders mean is decided for the whole set") {
  CHECK(listed({"cat/1.png", "dog/1.png", "dog/2.JPG"}) == "cat 1/0/0, dog 2/0/0");
  CHECK(listed({"data/pets/cat/1.png", "data/pets/dog/1.png"}) == "cat 1/0/0, dog 1/0/0");
  CHECK(listed({"cat/images/1.png", "dog/images/1.png"}) == "cat 1/0/0, dog 1/0/0; note");
  CHECK(listed({"cat/1.png", "cat/more/2.png", "dog/images/1.png"}) == "cat 2/0/0, dog 1/0/0; note");
  CHECK(listed({"train/cat/images/1.png", "train/dog/a/1.png", "train/dog/b/1.png"}) == "cat 1/0/0, dog 2/0/0; note");
  CHECK(listed({"cat/1.jfif", "cat/2.JPE", "dog/3.BMP", "dog/4.dib"}) == "cat 2/0/0, dog 2/0/0");
  // Splits, as public sets name them.
  for (const auto& [train, validation, test] : std::vector<std::array<std::string, 3>>{
           {"train", "val", "test"}, {"Training", "VALID", "Testing"}, {"training_set", "dev", "test_set"},
           {"train2017", "val2017", "test2017"}, {"TrainImages", "Validation-Data", "test_images_1"}, {"x/train", "x/dev_set", "x/testset"},
           {"train/train", "validation", "test/test/test"}}) {
    INFO(train);
    CHECK(listed({train + "/a/1.png", train + "/b/1.png", validation + "/a/1.png", test + "/b/1.png"}) == "a 1/1/0, b 1/0/1");
  }
  CHECK(listed({"bus/1.png", "car/1.png", "train/1.png"}) == "bus 1/0/0, car 1/0/0, train 1/0/0");
  CHECK(listed({"train/bus/1.png", "train/train/1.png", "test/train/1.png"}) == "bus 1/0/0, train 1/0/1");
  // Left out, and named.
  CHECK(listed({"cat/1.png", "dog/1.png", "bird/"}) == "cat 1/0/0, dog 1/0/0; no bird");
  CHECK(listed({"cat/1.png", "dog/1.png", "dog/2.gif", "dog/1.txt", "labels.csv"}) == "cat 1/0/0, dog 1/0/0; no dog/1.txt; no labels.csv; no dog/2.gif");
  CHECK(listed({"cat/1.png", "dog/1.png", "__MACOSX/cat/1.png", "cat/Thumbs.db", ".DS_Store", "cat/.ipynb_checkpoints/1.png"}) ==
        "cat 1/0/0, dog 1/0/0; no .DS_Store; no __MACOSX; no cat/.ipynb_checkpoints; no cat/Thumbs.db");
  CHECK(listed({"cat/1.png", "dog/1.png", "more.tar"}) == "cat 1/0/0, dog 1/0/0; no more.tar");
}

TEST_CASE("folders that could mean two things are refused, with the names that are known") {
  const std::string known = "SPLIT is train or training; val, valid, validation or dev; test or testing";
  const auto refused = [&](const std::vector<std::string>& paths, const std::string& why) {
    CHECK_THAT(listed(paths), ContainsSubstring(why));
  };
  refused({"birds_train/a/1.png", "birds_test/a/1.png"}, known);
  refused({"trainval/a/1.png", "eval/a/1.png"}, known);
  refused({"train/a/1.png", "extra/a/1.png"}, known);
  refused({"train/1.png", "test/1.png"}, "1 image lies ('test/1.png') directly in 'test', which names a split");
  refused({"train/a/1.png", "test/1.png", "test/2.png"}, "2 images lie ('test/1.png', …) directly in 'test'");
  refused({"a/1.png", "b/1.png", "test/1.png"}, "both inside and outside of train, val and test folders: beside 'test' lies 'a'");
  refused({"a/1.png", "2.png"}, "outside of every class folder");
  refused({"val/a/1.png", "dev/a/1.png", "train/a/1.png"}, "two folders for the same split, 'dev' and 'val'");
  refused({"train/a/1.png", "Train/b/1.png"}, "two folders for the same split");
  refused({"cat/train/1.png", "cat/test/1.png", "dog/train/1.png"}, "has the split 'test' inside of 'cat'");
  refused({"cat/1.png", "cat/test/1.png", "dog/1.png"}, "has the split 'test' inside of the class 'cat'");
  refused({"train/cat/1.png", "train/val/cat/1.png"}, "has the split 'val' inside of another split");
  refused({"train/cat/1.png", "train/val/cat/1.png", "test/cat/1.png"}, "has the split 'val' inside of 'train'");
  refused({"animals/cat/1.png", "things/car/1.png"}, "whether 'animals' or 'cat' is a class cannot be known");
  CHECK(listed({"train/cat/1.png", "train/car/1.png"}) == "car 1/0/0, cat 1/0/0");  // what that refusal advises
  refused({"apple/1.png", "banana/1.gif"}, "the folder 'banana' with 1 images and none of a kind that is read");
  refused({"train/a/1.png", "test/a/1.gif"}, "the folder 'test' with 1 images and none of a kind that is read");
  refused({"cat/1.gif"}, "none of a kind that is read");
  refused({"caf\xe9/1.png", "dog/1.png"}, "the class folder 'caf\\xe9', whose name");
  refused({"a\nb/1.png", "dog/1.png"}, "the class folder 'a\\x0ab', whose name");
}

TEST_CASE("links are followed; those that lead back or nowhere are named") {
  const test::scratch_folder folder;
  folder.write("disk/far/1.png", picture(1)), folder.write("disk/2.png", picture(2));
  folder.write("set/near/1.png", picture(3));
  namespace fs = std::filesystem;
  fs::create_directory_symlink(folder.path / "disk/far", folder.path / "set/far");
  fs::create_symlink(folder.path / "disk/2.png", folder.path / "set/near/2.png");
  fs::create_directory_symlink(folder.path / "set", folder.path / "set/near/back");
  const folder_listing found = list_folder(folder / "set");
  CHECK(found.classes == std::vector<std::string>{"far", "near"});
  CHECK(found.train.size() == 3);
  REQUIRE(found.about.left_out.size() == 1);
  CHECK(found.about.left_out[0].names == std::vector<std::string>{"near/back"});
  fs::create_symlink(folder.path / "gone", folder.path / "set/lost");
  CHECK_THAT(test::refusal_of([&] { list_folder(folder / "set"); }), ContainsSubstring("lost: is a link that leads nowhere; mend it"));
}

TEST_CASE("all damaged images are named at once, or left out and counted") {
  const test::scratch_folder folder;
  for (int i = 0; i < 20; ++i) folder.write((i % 2 ? "odd/" : "even/") + std::to_string(i) + ".jpg", test::jpeg(small, test::ramp(small, i)));
  for (const char* name : {"odd/cut.jpg", "even/cut.jpg"}) {
    std::string whole = test::jpeg(small, test::ramp(small));
    folder.write(name, whole.substr(0, 200));
  }
  folder.write("odd/0.gif.jpg", "GIF89a");
  folder.write("even/empty.png", "");
  std::filesystem::create_symlink(folder.path / "gone.jpg", folder.path / "odd/gone.jpg");
  auto options = tiny_options();
  const auto refusal = test::refusal_of([&] { open_data("folder:" + folder.path.string(), options); });
  CHECK_THAT(refusal, ContainsSubstring("5 of 25 images cannot be read"));
  for (const char* name : {"odd/cut.jpg", "even/cut.jpg", "odd/0.gif.jpg: is a file of the kind GIF", "even/empty.png", "odd/gone.jpg"})
    CHECK_THAT(refusal, ContainsSubstring(name));
  CHECK_THAT(refusal, ContainsSubstring("--skip-damaged"));
  options.skip_damaged = true;
  const splits data = open_data("folder:" + folder.path.string(), options);
  CHECK(data.train.size() + data.validation.size() + data.test.size() == 20);
  REQUIRE(data.about.left_out.size() == 1);
  CHECK(data.about.left_out[0].count == 5);
  CHECK(data.about.lines().back().starts_with("left out: 5 damaged images: "));
}

TEST_CASE("images that are in two splits are counted") {
  const test::scratch_folder folder;
  for (int i = 0; i < 4; ++i) folder.write("train/a/" + std::to_string(i) + ".png", picture(i));
  folder.write("val/a/0.png", picture(40)), folder.write("test/a/0.png", picture(41)), folder.write("test/a/again.png", picture(2));
  const splits data = open_data("folder:" + folder.path.string(), tiny_options());
  CHECK(data.about.notes == std::vector<std::string>{"1 of the 2 test images are also among the training images, pixel by pixel"});
  CHECK_FALSE((data.about.test_cut || data.about.validation_cut));
}

TEST_CASE("the same images in every archive that tools make") {
  const test::scratch_folder folder;
  std::string plain, first, second, linked;
  std::vector<test::zip_file> members{{"__MACOSX/odd/._1.png", "x"}, {"odd/", ""}, {"readme.txt", "text"}};
  for (int i = 0; i < 16; ++i) {
    const std::string name = (i % 2 ? "odd/" : "even/") + std::to_string(10 + i) + ".png";
    folder.write("folder/" + name, picture(i));
    const std::string entry = test::tar_entry(name, picture(i));
    plain += entry;
    (i < 8 ? first : second) += entry;
    members.push_back({name, picture(i), i % 3 == 0});
  }
  std::sort(members.begin() + 3, members.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  folder.write("plain.tar", plain + test::tar_end());
  folder.write("joined.tar", first + test::tar_end() + second + test::tar_end());
  folder.write("packed.tar.gz", test::gzip(plain + test::tar_end()));
  folder.write("parts.tgz", test::gzip(first) + test::gzip(second + test::tar_end()));
  folder.write("wrong_ending.zip", test::gzip(plain + test::tar_end()));
  folder.write("replaced.tar", test::tar_entry("even/10.png", "old") + plain + test::tar_end());
  folder.write("packed.zip", test::zip(members));
  folder.write("folder_of_zips/packed.ZIP", test::zip(members));
  const auto open = [&](const std::string& name) { return open_data("folder:" + (folder / name), tiny_options()); };
  const auto by_order_of_tar = identity_of(open("plain.tar")), by_name = identity_of(open("folder"));
  for (const char* name : {"joined.tar", "packed.tar.gz", "parts.tgz", "wrong_ending.zip", "replaced.tar"}) {
    INFO(name);
    CHECK(identity_of(open(name)) == by_order_of_tar);
  }
  CHECK(open("replaced.tar").about.left_out.at(0).names == std::vector<std::string>{"even/10.png"});
  for (const char* name : {"packed.zip", "folder_of_zips"}) {
    INFO(name);
    CHECK(identity_of(open(name)) == by_name);
    CHECK(open(name).about.left_out.size() == 2);
  }
}

TEST_CASE("hard links are the member before them; other links, sparse and packed files are refused") {
  const test::scratch_folder folder;
  const auto link = [](const std::string& name, const std::string& to, char type) {
    std::string bytes = test::tar_entry(name, "", type);
    to.copy(bytes.data() + 157, 100);
    test::seal_tar_header(bytes, 0);
    return bytes;
  };
  std::string images;
  for (int i = 0; i < 6; ++i) images += test::tar_entry("./cat/" + std::to_string(i) + ".png", picture(i));
  folder.write("hard.tar", images + link("cat/again.png", "cat/0.png", '1') + test::tar_end());
  folder.write("hard.tgz", test::gzip(images + link("cat/again.png", "cat/0.png", '1') + test::tar_end()));
  for (const char* name : {"hard.tar", "hard.tgz"}) {
    const folder_listing found = list_folder(folder / name);
    REQUIRE(found.train.size() == 7);
    CHECK(read_image(found.train[6]) == picture(0));
    CHECK(found.train[6].where == (folder / name) + ":cat/again.png");
  }
  const auto refusal = [&](const std::string& bytes) {
    folder.write("refused.tar", bytes);
    return test::refusal_of([&] { list_folder(folder / "refused.tar"); });
  };
  CHECK_THAT(refusal(link("cat/again.png", "cat/0.png", '1') + images + test::tar_end()), ContainsSubstring("a link to 'cat/0.png', which does not come before it"));
  CHECK_THAT(refusal(images + link("cat/again.png", "0.png", '2') + test::tar_end()), ContainsSubstring("('cat/again.png') is a symbolic link"));
  CHECK_THAT(refusal("7z\xbc\xaf\x27\x1c and more"), ContainsSubstring("is a file of the kind 7z and no archive that is read"));
  CHECK_THAT(refusal(test::gzip(std::string(std::size_t{1} << 27, '\0'))), ContainsSubstring("goes on with nothing"));
  std::string zip = test::zip({{"cat/1.png", picture(1), true}, {"cat/2.png", picture(2)}});
  zip[zip.find("PK\1\2") + 8] = 1;
  CHECK_THAT(refusal(zip), ContainsSubstring("has encrypted members ('cat/1.png')"));
  CHECK_THAT(refusal(zip.substr(0, zip.size() - 30)), ContainsSubstring("is a zip archive without its end"));
}

TEST_CASE("a file of holes is not read") {
  const test::scratch_folder folder;
  folder.write("holes.tar", test::tar_entry("cat/1.png", "x"));
  std::string huge = test::tar_entry("cat/1.png", "");
  std::string("37777777777").copy(huge.data() + 124, 11);  // 4 GB in one member
  test::seal_tar_header(huge, 0);
  folder.write("one.tar", huge);
  for (const char* name : {"holes.tar", "one.tar"}) std::filesystem::resize_file(folder.path / name, std::uintmax_t{1} << 33);
  CHECK_THAT(test::refusal_of([&] { list_folder(folder / "holes.tar"); }), ContainsSubstring("goes on with nothing"));
  CHECK_THAT(test::refusal_of([&] { list_folder(folder / "one.tar"); }), ContainsSubstring("goes on with nothing"));
}

TEST_CASE("damaged zips are refused or read, never more") {
  const std::string whole = test::zip({{"cat/1.png", picture(1), true}, {"cat/2.png", picture(2)}, {"dog/1.png", picture(3), true}});
  CHECK(test::refusals_of_damage(whole, 3, [](const std::string& damaged) {
          const folder_listing found = list_archive(std::make_shared<const memory_source>(damaged), "z.zip");
          for (const listed_image& image : found.train) read_image(image);
        }) > 100);
}
