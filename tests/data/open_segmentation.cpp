#include "../support/catch.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <hasse/core/file.hpp>
#include <hasse/core/random.hpp>
#include <hasse/data/mask.hpp>
#include <hasse/data/object_reader.hpp>
#include <hasse/data/open_segmentation.hpp>
#include <hasse/data/picture_sampler.hpp>
#include <hasse/data/scenes.hpp>

#include "detection_files.hpp"

using namespace hasse;

namespace {
detection_splits drawn() { return draw_scenes({.height = 24, .width = 40, .train = 4, .validation = 3, .test = 2, .labels = true}); }

void write_pairs(const test::scratch_folder& to, const detection_splits& data, const std::string& pictures, const std::string& masks) {
  for (const auto& [set, split] : {test::written_split{&data.train, "train"}, {&data.validation, "val"}, {&data.test, "test"}})
    for (const labelled_picture& picture : set->pictures) {
      const auto at = [&](std::string where) {
        if (const std::size_t found = where.find("SPLIT"); found != where.npos) where.replace(found, 5, split);
        return where + "/" + split + picture.name + ".png";
      };
      to.write(at(pictures), test::png_of(picture));
      std::filesystem::create_directories((to.path / at(masks)).parent_path());
      write_mask(to.path / at(masks), picture.height, picture.width, picture.labels);
    }
}

void check_same(const detection_splits& found, const detection_splits& wanted) {
  for (const auto part : {&detection_splits::train, &detection_splits::validation, &detection_splits::test}) {
    const detection_set &set = found.*part, &expected = wanted.*part;
    REQUIRE(set.size() == expected.size());
    for (std::size_t i = 0; i < set.size(); ++i) {
      CHECK(set.pictures[i].pixels == expected.pictures[i].pixels);
      CHECK(set.pictures[i].labels == expected.pictures[i].labels);
    }
  }
}

std::string refusal_of(const std::string& uri, const segmentation_options& options = {}) {
  return test::refusal_of([&] { open_segmentation(uri, options); });
}

/// A grey PNG of `bits`, by libpng's low level, which alone writes fewer than 8.
std::string grey_png(int bits, int colours, int height, int width, const std::vector<std::uint8_t>& packed) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &bytes, [](png_structp to, png_bytep data, std::size_t size) { static_cast<std::string*>(png_get_io_ptr(to))->append(reinterpret_cast<char*>(data), size); }, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), bits, colours, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_set_gAMA(png, info, 0.45455);
  png_write_info(png, info);
  const std::size_t row = packed.size() / static_cast<std::size_t>(height);
  for (std::size_t y = 0; y < static_cast<std::size_t>(height); ++y) png_write_row(png, packed.data() + y * row);
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}
}  // namespace

TEST_CASE("every layout of masks gives the same pictures and labels") {
  const detection_splits data = drawn();
  const test::scratch_folder folder;
  write_pairs(folder, data, "camvid/SPLIT", "camvid/SPLITannot");
  write_pairs(folder, data, "split/SPLIT/images", "split/SPLIT/masks");
  write_pairs(folder, data, "inside/images/SPLIT", "inside/masks/SPLIT");
  write_pairs(folder, data, "listed/images", "listed/masks");
  for (const std::string split : {"train", "val", "test"}) {
    std::string names;
    for (int i = 1; i <= (split == "train" ? 4 : split == "val" ? 3 : 2); ++i) names += split + std::to_string(i) + (i == 1 ? ".png\r\n" : "\n");
    folder.write("listed/" + split + ".txt", names);
  }
  const segmentation_options options{.height = 24, .width = 40, .classes = {"ground", "disc", "square", "triangle", "arrow"}, .void_number = 255};
  for (const std::string& uri : {"camvid:" + folder / "camvid", "masks:" + folder / "camvid", "pairs:" + folder / "split", "masks:" + folder / "inside", "pairs:" + folder / "listed"}) {
    INFO(uri);
    const detection_splits found = open_segmentation(uri, options);
    check_same(found, data);
    CHECK(found.train.classes == options.classes);
    CHECK(found.train.fit == picture_fit::corner);
    CHECK(identity_of(found.train) == identity_of(open_segmentation(uri, parse_segmentation_options(found.train.origin.options, 24, 40)).train));
  }
  const detection_splits unnamed = open_segmentation("pairs:" + folder / "split", {.height = 24, .width = 40});
  CHECK(unnamed.train.classes.back() == "4");
  const detection_splits scenes = open_segmentation("scenes", {.height = 24, .width = 40, .scenes_train = 4, .scenes_validation = 3, .scenes_test = 2});
  check_same(scenes, data);
  CHECK(scenes.train.classes == options.classes);
  CHECK(scenes.train.pictures[0].objects.empty());
}

TEST_CASE("numbers of masks are read as they are stored") {
  const auto numbers = [](const std::string& bytes) { return read_mask(bytes, "mask").numbers; };
  using list = std::vector<std::uint32_t>;
  CHECK(numbers(grey_png(1, PNG_COLOR_TYPE_GRAY, 2, 3, {0b10100000, 0b01000000})) == list{1, 0, 1, 0, 1, 0});
  CHECK(numbers(grey_png(2, PNG_COLOR_TYPE_GRAY, 1, 4, {0b00011011})) == list{0, 1, 2, 3});
  CHECK(numbers(grey_png(4, PNG_COLOR_TYPE_GRAY, 1, 2, {0x5f})) == list{5, 15});
  CHECK(numbers(grey_png(8, PNG_COLOR_TYPE_GRAY, 1, 3, {0, 11, 255})) == list{0, 11, 255});
  CHECK(numbers(grey_png(8, PNG_COLOR_TYPE_RGB, 1, 2, {1, 2, 3, 0, 0, 1})) == list{1 + 2 * 256 + 3 * 65536, 65536});
  const test::scratch_folder folder;
  const std::vector<std::uint8_t> indices{0, 1, 200, 255, 3, 4};
  write_mask(folder.path / "indexed.png", 2, 3, indices);
  const std::string indexed = read_file(folder.path / "indexed.png");
  CHECK(numbers(indexed) == list(indices.begin(), indices.end()));
  const auto refusal = [](const std::string& bytes) { return test::refusal_of([&] { read_mask(bytes, "mask.png"); }); };
  CHECK_THAT(refusal(grey_png(16, PNG_COLOR_TYPE_GRAY, 1, 1, {0, 1})), Catch::Matchers::Contains("mask.png: has 16 bits a channel"));
  CHECK_THAT(refusal(grey_png(8, PNG_COLOR_TYPE_GRAY_ALPHA, 1, 1, {0, 1})), Catch::Matchers::Contains("has transparent pixels"));
  CHECK_THAT(refusal(""), Catch::Matchers::Contains("is empty"));
  CHECK_THAT(refusal("GIF89a"), Catch::Matchers::Contains("is no PNG"));
  for (const std::size_t size : {std::size_t{20}, std::size_t{40}, indexed.size() - 30}) CHECK_THAT(refusal(indexed.substr(0, size)), Catch::Matchers::Contains("is not a readable PNG"));
  std::string wide = grey_png(8, PNG_COLOR_TYPE_GRAY, 1, 1, {0});
  wide[18] = '\x7f';
  CHECK_THAT(refusal(wide), Catch::Matchers::Contains("mask.png"));
}

TEST_CASE("masks that do not fit are named with what is wrong with them") {
  const test::scratch_folder folder;
  const auto set = [&](const std::string& name, const std::string& mask, const std::string& picture = test::png({2, 3, 3}, std::vector<std::uint8_t>(18, 9))) {
    folder.write(name + "/images/a.png", picture);
    folder.write(name + "/masks/a.png", mask);
    return "pairs:" + folder / name;
  };
  const auto grey = [](std::vector<std::uint8_t> numbers) { return grey_png(8, PNG_COLOR_TYPE_GRAY, 2, 3, numbers); };
  const std::vector<std::string> two{"a", "b"};
  CHECK_THAT(refusal_of(set("value", grey({0, 1, 0, 0, 7, 255})), {.classes = two}), Catch::Matchers::Contains("value/masks/a.png: has the number 7 in column 1 of row 1, which is no class: 2 are named, of the numbers 0 to 1, and 255 is void"));
  CHECK(open_segmentation(set("void", grey({0, 1, 0, 0, 7, 255})), {.classes = {"a", "b", "c", "d", "e", "f", "g", "h"}}).train.pictures[0].labels == std::vector<std::uint8_t>{0, 1, 0, 0, 7, 255});
  CHECK_THAT(refusal_of("pairs:" + folder / "void", {.classes = two, .void_number = 7}), Catch::Matchers::Contains("has the number 255 in column 2 of row 1"));
  CHECK_THAT(refusal_of(set("size", grey_png(8, PNG_COLOR_TYPE_GRAY, 3, 3, std::vector<std::uint8_t>(9)))), Catch::Matchers::Contains("size/masks/a.png: has 3 x 3 pixels, and its picture 3 x 2"));
  const std::string coloured = grey_png(8, PNG_COLOR_TYPE_RGB, 2, 3, {0, 1, 0, 0, 1, 0, 7, 0, 0, 7, 0, 0, 8, 0, 0, 9, 0, 0});
  CHECK_THAT(refusal_of(set("colours", coloured)), Catch::Matchers::Contains("write ids.txt"));
  folder.write("colours/ids.txt", "256 road\n7 car \n8 car\n9 void\n");
  const detection_splits joined = open_segmentation("pairs:" + folder / "colours", {});
  CHECK(joined.train.classes == std::vector<std::string>{"road", "car"});
  CHECK(joined.train.class_ids == std::vector<std::int64_t>{256, 7});
  CHECK(joined.train.pictures[0].labels == std::vector<std::uint8_t>{0, 0, 1, 1, 1, 255});
  CHECK_THAT(refusal_of(set("empty", grey(std::vector<std::uint8_t>(6, 255)))), Catch::Matchers::Contains("no pixel of a class in any of them"));
  CHECK_THAT(refusal_of(set("many", grey({0, 1, 0, 0, 99, 255}))), Catch::Matchers::Contains("numbers up to 99, and does not say which are classes"));
  // A picture that EXIF turns, and the mask of the turned one.
  const detection_splits turned = open_segmentation(set("turned", grey({0, 1, 0, 0, 1, 1}), test::with_orientation(test::png({3, 2, 3}, std::vector<std::uint8_t>(18, 9)), 6)), {});
  CHECK(turned.train.pictures[0].width == 3);
  CHECK(turned.about.count_of("pictures that were turned upright, since their masks are for the upright picture") == 1);

  folder.write("value/images/b.png", test::png({2, 3, 3}, std::vector<std::uint8_t>(18, 9)));
  folder.write("value/masks/c.png", grey({0, 0, 0, 0, 0, 0}));
  folder.write("value/images/d.png", "damaged");
  folder.write("value/masks/d.png", grey({0, 0, 0, 0, 0, 0}));
  CHECK_THAT(refusal_of("pairs:" + folder / "value", {.classes = two, .void_number = 7}), Catch::Matchers::Contains("2 of 2 images cannot be read"));
  folder.write("value/masks/a.png", grey({0, 1, 0, 0, 1, 0}));
  const detection_splits left = open_segmentation("pairs:" + folder / "value", {.classes = two, .skip_damaged = true});
  CHECK(left.train.size() == 1);
  for (const char* why : {"pictures without a mask", "masks without a picture", "damaged images"}) CHECK(left.about.count_of(why) == 1);

  CHECK_THAT(refusal_of("pairs:" + folder / "nowhere"), Catch::Matchers::Contains("is no folder"));
  CHECK_THAT(refusal_of("camvid:" + folder / "value"), Catch::Matchers::Contains("has no folders train and trainannot"));
  CHECK_THAT(refusal_of("masks:" + folder / "value/images"), Catch::Matchers::Contains("is no set of pictures with masks that is known"));
  CHECK_THAT(refusal_of("voc:here"), Catch::Matchers::Contains("write scenes, scenes:DIFFICULTY, camvid:DIR"));
  const auto refused_classes = [](const char* text) { return test::refusal_of([&] { parse_mask_classes(text, "classes.txt"); }); };
  const auto refused_ids = [](const char* text) { return test::refusal_of([&] { parse_mask_ids(text, "ids.txt"); }); };
  CHECK_THAT(refused_classes("a\n\nb"), Catch::Matchers::Contains("line 2 is empty"));
  CHECK_THAT(refused_classes("a\na"), Catch::Matchers::Contains("names the class \"a\" again"));
  CHECK_THAT(refused_classes(""), Catch::Matchers::Contains("names no class"));
  CHECK_THAT(refused_ids("7 road\n7 car"), Catch::Matchers::Contains("says twice what 7 is"));
  CHECK_THAT(refused_ids("road 7"), Catch::Matchers::Contains("not a number below 2^24 and a name"));
  CHECK_THAT(refused_ids("7road"), Catch::Matchers::Contains("not a number below 2^24 and a name"));
  CHECK_THAT(refused_ids("99999999 road"), Catch::Matchers::Contains("not a number below 2^24 and a name"));
}

TEST_CASE("labels are cut, scaled and mirrored with their pictures") {
  detection_set set = draw_scenes({.height = 48, .width = 80, .train = 12, .validation = 1, .test = 1, .labels = true}).train;
  set.height = 96, set.width = 96, set.fit = picture_fit::letterbox;
  // Pictures that show their labels.
  for (labelled_picture& picture : set.pictures)
    for (std::size_t i = 0; i < picture.labels.size(); ++i) {
      if (picture.labels[i] == void_label) picture.labels[i] = 4;
      for (std::size_t c = 0; c < 3; ++c) picture.pixels[3 * i + c] = static_cast<std::uint8_t>(40 + 40 * picture.labels[i]);
    }
  set.varied = {.mirrored = true, .crop = picture_crop::by_scale, .least_scale = 0.5, .most_scale = 2};
  const normalisation scale{{0, 0, 0}, {1, 1, 1}};
  for (const read_order order : {read_order::training, read_order::evaluation}) {
    object_reader reader(set, scale, 4, order, 3), other(set, scale, 12, order, 3, 2);
    std::vector<float> pixels(4 * 96 * 96 * 3), others(12 * 96 * 96 * 3);
    std::vector<sampled_picture> seen, all;
    other.next(others.data(), all);
    std::size_t inner = 0, outside = 0;
    for (std::size_t batch = 0; batch < 3; ++batch) {
      REQUIRE(reader.next(pixels.data(), seen) == 4);
      for (std::size_t image = 0; image < 4; ++image) {
        CHECK(seen[image] == all[4 * batch + image]);
        CHECK(std::equal(pixels.begin() + static_cast<std::ptrdiff_t>(image * 96 * 96 * 3), pixels.begin() + static_cast<std::ptrdiff_t>((image + 1) * 96 * 96 * 3),
                         others.begin() + static_cast<std::ptrdiff_t>((4 * batch + image) * 96 * 96 * 3)));
        const std::vector<std::uint8_t>& labels = seen[image].labels;
        REQUIRE(labels.size() == 96 * 96);
        std::size_t wrong = 0;
        for (std::size_t y = 3; y + 3 < 96; ++y)
          for (std::size_t x = 3; x + 3 < 96; ++x) {
            const std::uint8_t label = labels[y * 96 + x];
            bool same = true;  // away from borders colours are not mixed
            for (std::size_t dy = 0; dy <= 6; ++dy)
              for (std::size_t dx = 0; dx <= 6; ++dx) same = same && labels[(y + dy - 3) * 96 + x + dx - 3] == label;
            if (!same) continue;
            ++(label == void_label ? outside : inner);
            const float shown = 255 * pixels[((image * 96 + y) * 96 + x) * 3];
            wrong += std::abs(shown - (label == void_label ? 0.0f : 40.0f + 40.0f * label)) > 1 ? 1 : 0;
          }
        CHECK(wrong == 0);
      }
    }
    CHECK(inner > 5000);
    CHECK(outside > 500);
  }
  set.varied.most_scale = 0.1;
  CHECK_THAT(test::refusal_of([&] { object_reader(set, scale, 4, read_order::training); }), Catch::Matchers::Contains("cannot be cut at scales"));
  set.varied.most_scale = 2, set.pictures[3].labels.clear();
  CHECK_THAT(test::refusal_of([&] { object_reader(set, scale, 4, read_order::training); }), Catch::Matchers::Contains("no labels of pixels in 4"));
}

TEST_CASE("the scale of a window does not depend on what the picture shows") {
  detection_set set = draw_scenes({.height = 64, .width = 64, .train = 1, .validation = 1, .test = 1, .labels = true}).train;
  labelled_picture& picture = set.pictures[0];
  for (std::size_t i = 0; i < picture.labels.size(); ++i) picture.labels[i] = i / 64 >= 18 && i / 64 < 46 && i % 64 >= 18 && i % 64 < 46 ? 1 : 0;
  set.varied = {.crop = picture_crop::by_scale, .least_scale = 0.5, .most_scale = 2};
  picture_sampler sampler(set, {{0, 0, 0}, {1, 1, 1}});
  std::vector<float> pixels(64 * 64 * 3);
  std::vector<std::uint8_t> labels;
  random_source random(5);
  constexpr int draws = 600;
  double sum = 0;
  int balanced = 0, large = 0;
  for (int i = 0; i < draws; ++i) {
    const double scale = sampler.varied(picture, set.varied, random, pixels.data(), labels).across;
    sum += scale;
    if (scale < 1.3) continue;  // a place is found where the ground does not cover too much
    ++large;
    balanced += 4.0 * static_cast<double>(std::count(labels.begin(), labels.end(), std::uint8_t{0})) <= 3.05 * 64 * 64 ? 1 : 0;
  }
  CHECK(sum / draws == Approx(1.25).margin(0.06));
  CHECK(balanced > 9 * large / 10);
}

TEST_CASE("larger pictures are made smaller with their masks") {
  const test::scratch_folder folder;
  std::vector<std::uint8_t> labels(40 * 60), pixels(40 * 60 * 3);
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = i % 60 < 30 ? 0 : 1, pixels[3 * i] = labels[i] == 0 ? 10 : 200;
  folder.write("images/a.png", test::png({40, 60, 3}, pixels));
  std::filesystem::create_directories(folder.path / "masks");
  write_mask(folder.path / "masks/a.png", 40, 60, labels);
  const labelled_picture small = open_segmentation("pairs:" + folder.path.string(), {.longest_side = 20}).train.pictures.at(0);
  CHECK((small.width == 20 && small.height == 13 && small.file_width == 20));
  REQUIRE(small.labels.size() == 260);
  for (std::size_t i = 0; i < 260; ++i) CHECK(small.labels[i] == (i % 20 < 10 ? 0 : 1));
}
